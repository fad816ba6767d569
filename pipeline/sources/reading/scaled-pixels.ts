import type { Sharp } from 'sharp';
import type { ResizeFilter, Size } from '../../../frames/index.ts';
import { resample } from './resample.ts';

/**
 * A decoded picture of size `from` as RGB at `to`, in memory of its own.
 *
 * The kernel is cubic, as in the video path; any other filter is computed as the networks' authors' tools do (see
 * resample), where the size changes at all. Grey becomes RGB, alpha is dropped, 16 bits become 8. Throws where the
 * picture is damaged or neither colour nor grey.
 */
export async function scaledPixels(
  picture: Sharp,
  from: Size,
  to: Size,
  filter: ResizeFilter = 'bicubic',
): Promise<Uint8Array<SharedArrayBuffer>> {
  const exact = filter !== 'bicubic' && (from.width !== to.width || from.height !== to.height);
  const scaled = exact ? picture : picture.resize(to.width, to.height, { fit: 'fill', kernel: 'cubic' });
  const raw = await scaled.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' }).toBuffer();
  const { width, height } = exact ? from : to;
  if (raw.length !== width * height * 3) throw new Error('it is not a colour or grey picture');
  const pixels = new Uint8Array(new SharedArrayBuffer(to.width * to.height * 3));
  pixels.set(exact ? resample(raw, from, to, filter) : raw);
  return pixels;
}
