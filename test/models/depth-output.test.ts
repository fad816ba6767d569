import { describe, expect, it } from 'vitest';
import { decodeDepth, resizeBilinear } from '../../models/depth-output.ts';

const decoded = (values: readonly number[], rule: Parameters<typeof decodeDepth>[1], factor?: number): number[] => {
  const data = Float32Array.from(values);
  decodeDepth(data, rule, factor);
  return [...data];
};

describe('a network’s answer', () => {
  it('in metres is kept to its range, and what is no number stays unknown', () => {
    const rule = { tensor: 'depth', kind: 'metric', scale: 1, min: 0.5, max: 80 } as const;
    expect(decoded([-3, 0.1, 10, 200, Number.NaN, Infinity, -Infinity], rule)).toEqual([
      0.5,
      0.5,
      10,
      80,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('is multiplied by the card’s scale and by that of the camera', () => {
    const rule = { tensor: 'depth', kind: 'metric', scale: 2, min: 0.5, max: 80 } as const;
    expect(decoded([10], rule, 1.5)).toEqual([30]);
  });

  it('as sigmoid disparity becomes depth by Monodepth2’s formula', () => {
    const rule = {
      tensor: 'd',
      kind: 'sigmoid-disparity',
      a: 0.01,
      b: 9.99,
      scale: 5.4,
      metric: true,
      min: 0.1,
      max: 100,
    } as const;
    const [near, far] = decoded([1, 0.01], rule);
    expect(near).toBeCloseTo(0.54, 6);
    expect(far).toBeCloseTo(5.4 / (0.01 + 9.99 * 0.01), 3);
    expect(decoded([0], rule)).toEqual([100]);
  });

  it('as inverse depth stays inverse depth, unlimited unless the card says so', () => {
    expect(decoded([-2, 5e6], { tensor: 'd', kind: 'inverse', scale: 1 })).toEqual([-2, 5e6]);
    expect(decoded([-2, 7], { tensor: 'd', kind: 'inverse', scale: 1, min: 0, max: 5 })).toEqual([0, 5]);
  });
});

describe('a smaller answer', () => {
  it('is resized so that a plane stays a plane between cell centres', () => {
    const from = { width: 8, height: 6 };
    const to = { width: 32, height: 24 };
    const plane = (x: number, y: number, size: { width: number; height: number }): number =>
      3 * ((x + 0.5) / size.width) + 5 * ((y + 0.5) / size.height);
    const small = Float32Array.from({ length: 48 }, (_, at) => plane(at % 8, Math.floor(at / 8), from));
    const large = resizeBilinear(small, from, to);
    for (let y = 2; y < 22; y++) {
      for (let x = 2; x < 30; x++) expect(large[y * 32 + x]).toBeCloseTo(plane(x, y, to), 5);
    }
  });

  it('repeats its edge cells and keeps to its own range', () => {
    const large = resizeBilinear(Float32Array.of(1, 2, 3, 4), { width: 2, height: 2 }, { width: 8, height: 8 });
    expect(large[0]).toBe(1);
    expect(large[63]).toBe(4);
    expect(Math.min(...large)).toBe(1);
    expect(Math.max(...large)).toBe(4);
  });

  it('spreads an unknown cell to its neighbours instead of inventing depth', () => {
    const large = resizeBilinear(Float32Array.of(1, Number.NaN), { width: 2, height: 1 }, { width: 4, height: 1 });
    expect(large[0]).toBe(1);
    expect(large[3]).toBeNaN();
  });
});
