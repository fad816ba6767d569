import { describe, expect, it } from 'vitest';
import { quantile } from '../../bench/soak.ts';
import { depthcast } from '../cli/depthcast.ts';

describe('depthcast bench --suite soak', { timeout: 240_000 }, () => {
  it('plays faults against a service of its own and accounts for every frame', async () => {
    const { code, json, stderr } = await depthcast(
      ...['bench', '--suite', 'soak', '--minutes', '0.15', '--cameras', '1', '--viewers', '2', '--json'],
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(json).toMatchObject({
      suite: 'soak',
      cameras: 1,
      viewers: 2,
      frames: { balance: 0, inside: 0 },
      end: { exitCode: 0, decodersLeft: 0 },
      passwordSeen: false,
    });
    expect((json!['frames'] as { decoded: number }).decoded).toBeGreaterThan(0);
    expect((json!['recoveryMs'] as { count: number }).count).toBeGreaterThan(0);
  });
});

describe('a quantile', () => {
  it('is a value of the list, and nothing of an empty one', () => {
    expect([0, 0.5, 0.95, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([1, 2, 4, 4]);
    expect(quantile([], 0.5)).toBeNull();
  });
});
