import { describe, expect, it } from 'vitest';
import { metrics } from '../../bench/metrics.ts';

describe('the time of each metric', { timeout: 120_000 }, () => {
  it('is told for all nine figures of accuracy and all five over time', () => {
    const { ms, truth, network, frames } = metrics({ frames: 1, rounds: 1 });
    expect({ truth, network, frames }).toMatchObject({
      truth: { width: 1226, height: 370 },
      network: { width: 640 },
      frames: 1,
    });
    const accuracy = ['absRel', 'sqRel', 'rmse', 'rmseLog', 'silog', 'log10', 'd1, d2, d3'];
    expect(Object.keys(ms)).toEqual(
      expect.arrayContaining([...accuracy, 'opw', 'rtc', 'tcm', 'tae', 'selfReprojection']),
    );
    expect(Object.values(ms).every((time) => time > 0)).toBe(true);
  });
});
