import { describe, expect, it } from 'vitest';
import { slope } from '../../bench/memory.ts';

describe('the slope of memory over time', () => {
  it('is that of the line the samples lie on, and 0 for a flat one', () => {
    const line = (rise: number) =>
      Array.from({ length: 20 }, (_, seconds) => ({ seconds, megabytes: 300 + rise * seconds }));
    expect(slope(line(0.5))).toBeCloseTo(0.5, 10);
    expect(slope(line(0))).toBe(0);
    expect(slope([{ seconds: 1, megabytes: 2 }])).toBe(0);
  });

  it('sees through noise', () => {
    const noisy = Array.from({ length: 100 }, (_, seconds) => ({
      seconds,
      megabytes: 300 + 0.1 * seconds + (seconds % 2 === 0 ? 5 : -5),
    }));
    expect(slope(noisy)).toBeGreaterThan(0.09);
    expect(slope(noisy)).toBeLessThan(0.11);
  });
});
