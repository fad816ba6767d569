import sharp, { type Sharp } from 'sharp';
import type { Frame } from '../frames/index.ts';

const made = new WeakMap<Frame, Map<number, Promise<Buffer>>>();

/**
 * A frame's picture as JPEG of a quality (1…100): made once, however many viewers, Foxglove clients and recordings ask,
 * and kept as long as the frame is. Nobody writes to the answer. Rejects for a picture that is none.
 */
export function frameJpeg(frame: Frame, quality: number): Promise<Buffer> {
  const known = made.get(frame) ?? new Map<number, Promise<Buffer>>();
  made.set(frame, known);
  const jpeg = known.get(quality) ?? encode(frame, quality);
  known.set(quality, jpeg);
  return jpeg;
}

/** A picture as JPEG, chroma halved as cameras do. */
export function toJpeg(picture: Sharp, quality: number): Promise<Buffer> {
  return picture.jpeg({ quality, mozjpeg: false, chromaSubsampling: '4:2:0' }).toBuffer();
}

async function encode({ pixels, width, height }: Frame, quality: number): Promise<Buffer> {
  return toJpeg(sharp(pixels, { raw: { width, height, channels: 3 } }), quality);
}
