import { describe, expect, it } from 'vitest';
import { isStretched, laidInCrop } from '../../../pipeline/evaluation/laid-in-crop.ts';

const map = (width: number, height: number) => ({
  ...{ kind: 'metric' as const, width, height },
  data: Float32Array.from({ length: width * height }, (_, i) => i + 1),
});

describe('a prediction for the 1216x352 crop', () => {
  it('is laid into the bottom and middle of the picture, with nothing around it', () => {
    const laid = laidInCrop(map(1216, 352), { width: 1242, height: 375 });
    expect([laid.width, laid.height]).toEqual([1242, 375]);
    expect(laid.data[23 * 1242 + 13]).toBe(1);
    expect(laid.data[374 * 1242 + 13 + 1215]).toBe(1216 * 352);
    for (const outside of [22 * 1242 + 13, 23 * 1242 + 12, 374 * 1242 + 13 + 1216]) {
      expect(laid.data[outside]).toBeNaN();
    }
  });

  it('stays as it is where the picture is that crop, and so does one of another size', () => {
    const crop = map(1216, 352);
    expect(laidInCrop(crop, { width: 1216, height: 352 })).toBe(crop);
    expect(laidInCrop(crop, { width: 1920, height: 1080 })).toBe(crop);
    const other = map(640, 192);
    expect(laidInCrop(other, { width: 1242, height: 375 })).toBe(other);
  });
});

describe('proportions', () => {
  it('are others from 2 % on', () => {
    expect(isStretched({ width: 640, height: 192 }, { width: 1242, height: 375 })).toBe(false);
    expect(isStretched({ width: 1216, height: 352 }, { width: 1242, height: 375 })).toBe(true);
    expect(isStretched({ width: 100, height: 100 }, { width: 103, height: 100 })).toBe(true);
  });
});
