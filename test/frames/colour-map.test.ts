import { describe, expect, it } from 'vitest';
import { colourTable, paintDepth } from '../../frames/colour-map.ts';

const paint = (kind: 'metric' | 'inverse', values: readonly number[], near: number, far: number): number[][] => {
  const out = new Uint8Array(values.length * 3);
  const data = Float32Array.from(values);
  paintDepth({ kind, width: values.length, height: 1, data }, { near, far }, colourTable('turbo'), out, 0, out.length);
  return values.map((_, i) => [...out.subarray(i * 3, i * 3 + 3)]);
};

describe('the colour map', () => {
  it('gives the same depth the same colour whatever else the picture shows', () => {
    expect(paint('metric', [10, 2, 80], 2, 80)[0]).toEqual(paint('metric', [10, 9, 11], 2, 80)[0]);
  });

  it('holds its ends outside of the range and greys what is unknown', () => {
    const [below, near, far, beyond, unknown] = paint('metric', [1, 2, 80, 500, Number.NaN], 2, 80);
    expect(below).toEqual(near);
    expect(beyond).toEqual(far);
    expect(unknown).toEqual([138, 141, 145]);
  });

  it('shows near red and far blue for depth and for inverse depth', () => {
    const [near, far] = paint('metric', [3, 70], 2, 80);
    expect(near![0]).toBeGreaterThan(near![2]!);
    expect(far![2]).toBeGreaterThan(far![0]!);
    expect(paint('inverse', [10, 1], 10, 1)).toEqual(paint('metric', [2, 80], 2, 80));
  });

  it('has 256 different colours', () => {
    const table = colourTable('turbo');
    const colours = new Set(Array.from({ length: 256 }, (_, i) => table.subarray(i * 3, i * 3 + 3).join()));
    expect(colours.size).toBe(256);
  });
});
