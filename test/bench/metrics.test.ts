import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { depthcast, SAMPLE } from '../cli/depthcast.ts';

describe('depthcast bench --suite metrics', { timeout: 120_000 }, () => {
  it.skipIf(!existsSync(SAMPLE))('tells the time of each metric a frame', async () => {
    const { code, json } = await depthcast('bench', '--suite', 'metrics', '--frames', '4', '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ suite: 'metrics', frames: 4, size: { width: 640, height: 192 } });
    const metrics = json!['metrics'] as { name: string; p50Ms: number; p95Ms: number; cpuMs: number }[];
    expect(metrics.map(({ name }) => name.split(' ')[0])).toEqual([
      'live',
      'ground',
      'accuracy',
      'self-reprojection',
      'TAE',
      'TCM',
      'OPW',
      'rTC',
    ]);
    for (const { p50Ms, p95Ms } of metrics) {
      expect(p50Ms).toBeGreaterThan(0);
      expect(p95Ms).toBeGreaterThanOrEqual(p50Ms);
    }
  });
});
