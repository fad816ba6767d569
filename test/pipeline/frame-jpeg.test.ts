import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { frameJpeg } from '../../pipeline/frame-jpeg.ts';
import { roadFrame } from './server/road-frames.ts';

describe("a frame's JPEG", () => {
  it('is made once for each quality, however many ask', async () => {
    const { frame } = roadFrame();
    const jpeg = frameJpeg(frame, 80);
    expect(frameJpeg(frame, 80)).toBe(jpeg);
    expect(frameJpeg(frame, 40)).not.toBe(jpeg);
    expect((await frameJpeg(frame, 40)).length).toBeLessThan((await jpeg).length);
    expect(await sharp(await jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 640, height: 192 });
  });

  it('belongs to that frame, and not to another over the same pixels', async () => {
    const { frame } = roadFrame();
    await expect(frameJpeg({ ...frame, width: 99_999 }, 80)).rejects.toThrow();
    expect((await frameJpeg(frame, 80)).length).toBeGreaterThan(1000);
  });
});
