import { describe, expect, it } from 'vitest';
import { median } from '../../../operators/metrics/median.ts';

describe('median', () => {
  it('agrees with sorting, for every length and with repeats', () => {
    let state = 1;
    for (let length = 1; length < 60; length++) {
      const values = Float64Array.from({ length }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state % 17;
      });
      const sorted = Float64Array.from(values).sort();
      expect(median(values)).toBe(sorted[length >> 1]);
    }
  });

  it('looks at the first values only when told how many, and is NaN of none', () => {
    expect(median(Float64Array.of(3, 1, 2, 100, 100), 3)).toBe(2);
    expect(median(new Float32Array(0))).toBeNaN();
  });
});
