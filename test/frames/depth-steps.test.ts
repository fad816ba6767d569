import { describe, expect, it } from 'vitest';
import { depthSteps, stepsFilling } from '../../frames/depth-steps.ts';
import type { DepthMap } from '../../frames/index.ts';

function relative(...values: number[]): DepthMap {
  return { kind: 'relative', width: values.length, height: 1, data: new Float32Array(values) };
}

describe('depth in whole steps', () => {
  it('is rounded to the nearest step, 0 where it is unknown, not positive or too far', () => {
    const { NaN: unknown, POSITIVE_INFINITY: far } = Number;
    const map = relative(1, 0.0019, 0.0021, 0.002, 255.99, 256, unknown, far, 0, -3);
    expect([...depthSteps(map, 256)]).toEqual([256, 0, 1, 1, 65_533, 0, 0, 0, 0, 0]);
  });

  it('has the power of two as its step that lets the largest value fill a quarter of the range', () => {
    for (const most of [0.001, 0.7, 1, 3.9, 4, 1000]) {
      const steps = stepsFilling(relative(most / 2, most, Number.NaN, Number.POSITIVE_INFINITY));
      expect(Number.isInteger(Math.log2(steps))).toBe(true);
      expect(most * steps).toBeGreaterThan(8192);
      expect(most * steps).toBeLessThanOrEqual(16_385);
    }
    expect(stepsFilling(relative(Number.NaN))).toBe(1);
  });
});
