import { describe, expect, it } from 'vitest';
import { percentile, RunCounts } from '../../cli/summary.ts';
import { depthFrame } from '../pipeline/sinks/depth-frames.ts';

describe('the summary of a run', () => {
  it('has the keys scripts rely on', () => {
    expect(new RunCounts().summary('m', 0)).toEqual({
      frames: 0,
      depthFrames: 0,
      dropped: 0,
      fallbacks: {},
      fps: 0,
      latencyMs: { p50: 0, p95: 0, p99: 0 },
      model: 'm',
      durationS: 0,
      consistency: null,
    });
  });

  it('counts fallbacks by reason, latencies by rank and the mean of the scores', () => {
    const counts = new RunCounts();
    for (let i = 0; i < 3000; i++) {
      counts.frames++;
      counts.add({
        ...depthFrame(0, { width: 2, height: 1 }),
        latencyMs: 3000 - i,
        ...(i < 2 && { fallbackReason: 'scene-cut' }),
        ...(i % 2 === 0 && { consistency: { score: 0.5, flicker: 0 } }),
      });
    }
    expect(counts.summary('m', 60)).toMatchObject({
      frames: 3000,
      depthFrames: 3000,
      fallbacks: { 'scene-cut': 2 },
      fps: 50,
      latencyMs: { p50: 1500, p95: 2850, p99: 2970 },
      consistency: 0.5,
    });
  });

  it('takes percentiles by nearest rank', () => {
    expect([0.01, 0.5, 0.95, 1].map((share) => percentile([1, 2, 3, 4], share))).toEqual([1, 2, 4, 4]);
  });
});
