import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { depthcast, SAMPLE } from '../cli/depthcast.ts';

describe('depthcast bench', { timeout: 240_000 }, () => {
  it.skipIf(!existsSync(SAMPLE))('measures end to end beside the bare sessions, in the same run', async () => {
    const { code, json } = await depthcast('bench', '--frames', '20', '--rounds', '1', '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      suite: 'end-to-end',
      frames: 20,
      threads: expect.any(Number),
      size: { width: 640, height: 192 },
    });
    const [round] = json!['rounds'] as Record<string, number>[];
    expect(round!['delivered']).toBeGreaterThan(0);
    expect(round!['delivered']).toBeLessThanOrEqual(20);
    expect(round!['share']).toBeCloseTo(round!['bareMs']! / round!['wallMs']!, 6);
    expect(Object.values(json!['stageMs'] as object).every((ms) => ms > 0)).toBe(true);
  });
});
