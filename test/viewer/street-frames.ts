import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { DepthFrame } from '../../frames/index.ts';
import { openSource } from '../../pipeline/sources/registry.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';

const STREET = new URL('../../samples/street/', import.meta.url);
const SIZE = { width: 640, height: 192 };

/**
 * Frames of the sample clip with the exact depth that was rendered with it (16-bit PNG, metres × 256, 0 = unknown, for
 * every fifth frame); the made-up road where the sample is absent.
 */
export async function streetFrames(count: number): Promise<DepthFrame[]> {
  const clip = fileURLToPath(new URL('street.mp4', STREET));
  if (!existsSync(clip)) {
    console.warn('samples/street is absent: the page shows a made-up road instead.');
    return Array.from({ length: count }, (_, index) => roadFrame({ index }));
  }
  const frames: DepthFrame[] = [];
  const source = await openSource(clip);
  for await (const frame of source.frames({ stream: 'street', size: SIZE })) {
    const png = fileURLToPath(new URL(`depth/${String(frame.index).padStart(6, '0')}.png`, STREET));
    if (!existsSync(png)) continue;
    const { data, info } = await sharp(png)
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const codes = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    const depth = Float32Array.from({ length: SIZE.width * SIZE.height }, (_, i) => {
      const code = codes[i * info.channels]!;
      return code === 0 ? Number.NaN : code / 256;
    });
    const { depth: map, ...answer } = roadFrame({ index: frames.length, width: 8, height: 8 });
    frames.push({ ...answer, frame, depth: { ...map, ...SIZE, data: depth } });
    if (frames.length === count) break;
  }
  return frames;
}
