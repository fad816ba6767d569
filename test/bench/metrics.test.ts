import { describe, expect, it } from 'vitest';
import { metrics } from '../../bench/metrics.ts';

describe('the time of each metric', { timeout: 240_000 }, () => {
  it('is told for all nine figures of accuracy, all five over time and the live score', async () => {
    const { ms, live, truth, network, frames } = await metrics({ frames: 2, rounds: 1 });
    expect({ truth, network, frames }).toMatchObject({
      truth: { width: 1226, height: 370 },
      network: { width: 640 },
      frames: 2,
    });
    const accuracy = ['absRel', 'sqRel', 'rmse', 'rmseLog', 'silog', 'log10', 'd1, d2, d3'];
    expect(Object.keys(ms)).toEqual(
      expect.arrayContaining([...accuracy, 'opw', 'rtc', 'tcm', 'tae', 'selfReprojection']),
    );
    expect(Object.values(ms).every((time) => time > 0)).toBe(true);
    expect(live.liveScore.p50).toBeGreaterThan(0);
  });
});
