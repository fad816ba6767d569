import type { Size } from '../../../frames/index.ts';

/**
 * A picture of `size`, RGB, with a frame's picture in its upper left and black beside it; the caller's to paint on. Its
 * rows are `size.width * 3` bytes long.
 */
export function pictureBeside(frame: Size & { readonly pixels: Uint8Array }, size: Size): Uint8Array {
  const stride = size.width * 3;
  const row = frame.width * 3;
  const picture = new Uint8Array(stride * size.height);
  for (let y = 0; y < frame.height; y++) picture.set(frame.pixels.subarray(y * row, (y + 1) * row), y * stride);
  return picture;
}
