import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { depthcast, emptyFolder, makeFootage } from './depthcast.ts';

describe('depthcast probe', { timeout: 240_000 }, () => {
  it('says what the decoder sees', async () => {
    const file = join(await emptyFolder(), 'clip.mp4');
    await makeFootage('-f', 'lavfi', '-i', 'testsrc2=s=320x192:r=10:d=1', '-pix_fmt', 'yuv420p', file);
    const { code, json } = await depthcast('probe', file, '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      live: false,
      size: { width: 320, height: 192 },
      fps: 10,
      codec: 'h264',
      intrinsics: null,
    });
    const times = json!['timestamps'] as number[];
    expect(times).toHaveLength(10);
    expect(times.every((time, at) => Math.abs(time - times[0]! - at / 10) < 2e-6)).toBe(true);
    const { stdout } = await depthcast('probe', file);
    expect(stdout).toMatch(/^times +first at .* then 100\.000 ms apart/m);
    expect(stdout).toMatch(/^size +320x192$/m);
  });
});
