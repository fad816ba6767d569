import { describe, expect, it } from 'vitest';
import { resizeDepth } from '../../frames/resize-depth.ts';

const map = (width: number, height: number, values: readonly number[]) =>
  ({ kind: 'metric', width, height, data: Float32Array.from(values) }) as const;

describe('resizeDepth', () => {
  it('hands the map itself back at the same size', () => {
    const same = map(2, 2, [1, 2, 3, 4]);
    expect(resizeDepth(same, { width: 2, height: 2 })).toBe(same);
  });

  it('keeps pixel centres by the half-pixel rule and holds the borders', () => {
    const wide = resizeDepth(map(2, 1, [0, 8]), { width: 8, height: 1 });
    // Centre of output pixel x lies at (x + 0.5) / 4 − 0.5 of the input.
    expect([...wide.data]).toEqual([0, 0, 1, 3, 5, 7, 8, 8]);
    expect([...resizeDepth(map(1, 2, [0, 8]), { width: 1, height: 4 }).data]).toEqual([0, 2, 6, 8]);
  });

  it('reproduces a plane exactly inside the borders, at an odd ratio', () => {
    const [w, h, W, H] = [16, 8, 37, 21];
    const plane = (x: number, y: number): number => 3 + 0.5 * x + 0.25 * y;
    const small = map(
      w,
      h,
      Array.from({ length: w * h }, (_, i) => plane(i % w, Math.floor(i / w))),
    );
    const large = resizeDepth(small, { width: W, height: H });
    for (let y = 2; y < H - 2; y++) {
      for (let x = 2; x < W - 2; x++) {
        const wanted = plane(((x + 0.5) * w) / W - 0.5, ((y + 0.5) * h) / H - 0.5);
        expect(large.data[y * W + x]).toBeCloseTo(wanted, 4);
      }
    }
  });

  it('lets unknown pixels take no part, and stays unknown where they hold most of the weight', () => {
    const wide = resizeDepth(map(2, 1, [Number.NaN, 8]), { width: 8, height: 1 });
    expect([...wide.data]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 8, 8, 8, 8]);
    const infinite = resizeDepth(map(2, 1, [Number.POSITIVE_INFINITY, 8]), { width: 4, height: 1 });
    expect([...infinite.data]).toEqual([Number.NaN, Number.NaN, 8, 8]);
  });

  it('makes pictures smaller as well', () => {
    expect([...resizeDepth(map(4, 1, [1, 3, 5, 7]), { width: 2, height: 1 }).data]).toEqual([2, 6]);
  });
});
