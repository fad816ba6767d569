import { describe, expect, it } from 'vitest';
import type { Size } from '../../frames/index.ts';
import { inputSize, sizeFault } from '../../models/input-size.ts';

const rule = { rule: 'aspect', area: 640 * 192, multiple: 32, minimumSide: 64 } as const;
const of = (width: number, height: number): string => {
  const size = inputSize(rule, { width, height });
  return `${size.width}x${size.height}`;
};

describe('the size a network wants', () => {
  it.each([
    [1226, 370, '640x192'],
    [1242, 375, '640x192'],
    [416, 128, '640x192'],
    [640, 192, '640x192'],
    [1920, 1080, '448x256'],
    [1280, 720, '448x256'],
    [1080, 1920, '256x448'],
    [640, 480, '384x288'],
    [500, 500, '352x352'],
  ])('is the best of its kind for %dx%d: %s', (width, height, expected) => {
    expect(of(width, height)).toBe(expected);
  });

  it('never has a side below the minimum, however extreme the footage', () => {
    expect(of(4000, 100)).toBe('2400x64');
    expect(of(100, 4000)).toBe('64x2400');
    expect(of(16_000, 1)).toBe('2400x64');
  });

  it('keeps to its multiple, its area and about the aspect for every footage', () => {
    for (let width = 100; width <= 4000; width += 137) {
      for (let height = 100; height <= 2200; height += 119) {
        const size: Size = inputSize(rule, { width, height });
        expect(sizeFault(rule, size)).toBeUndefined();
        expect(size.width * size.height).toBeLessThanOrEqual(1.25 * rule.area);
        const aspect = width / height;
        if (aspect < 8 && aspect > 1 / 8) {
          expect(size.width * size.height).toBeGreaterThan(0.75 * rule.area);
          expect(Math.abs(Math.log(size.width / size.height / aspect))).toBeLessThan(0.15);
        }
      }
    }
  });

  it('is that of the card where the network has a fixed one', () => {
    const fixed = { rule: 'fixed', width: 448, height: 256 } as const;
    expect(inputSize(fixed, { width: 1920, height: 1080 })).toEqual({ width: 448, height: 256 });
    expect(sizeFault(fixed, { width: 448, height: 256 })).toBeUndefined();
    expect(sizeFault(fixed, { width: 448, height: 255 })).toContain('448x256');
  });

  it('does not exist for footage without a size', () => {
    expect(() => inputSize(rule, { width: 0, height: 10 })).toThrow(
      expect.objectContaining({ code: 'input-dimensions' }),
    );
  });

  it('says what is wrong with a size it cannot take', () => {
    expect(sizeFault(rule, { width: 640, height: 190 })).toContain('multiples of 32');
    expect(sizeFault(rule, { width: 640, height: 32 })).toContain('at least 64');
  });
});
