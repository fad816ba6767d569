import type { Size } from '../../../frames/index.ts';

/** A picture of one eye. */
export interface EyePicture extends Size {
  /** RGB, 3 bytes a pixel. */
  readonly pixels: Uint8Array;
}

/** How much is seen of depth. */
export interface Parallax {
  /** Pixels that place 1 moves more than place 0. */
  readonly shift: number;
  /** The place that does not move. */
  readonly screen: number;
}

/** Where the other eye's picture goes: from byte `offset` on, a row every `stride` bytes. */
export interface EyeTarget {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly stride: number;
}

/** Neighbours whose shifts differ by more are not one surface: no colours are drawn between them. */
const TORN = 1.5;

/**
 * What an eye to the right of the picture's sees: each pixel moved left by `shift * (place - screen)`, place being 0
 * (far) to 1 (near). Where two fall onto one spot the nearer one is seen; a spot that nothing falls onto takes the colour
 * of the farther of its two neighbours in the row, since it is background that comes into sight there.
 *
 * Forward warping with a z-buffer (C. Fehn, "Depth-image-based rendering (DIBR), compression and transmission for a new
 * approach on 3D-TV", SPIE 2004).
 */
export function otherEye(picture: EyePicture, places: Float32Array, { shift, screen }: Parallax, to: EyeTarget): void {
  const { width, height, pixels } = picture;
  const { bytes, offset, stride } = to;
  // Place of what is seen at each column of the row; −1 for a hole.
  const seen = new Float32Array(width);
  const from = new Int32Array(width);
  for (let y = 0; y < height; y++) {
    seen.fill(-1);
    const row = y * width;
    let before = 0;
    for (let x = 0; x < width; x++) {
      const place = places[row + x]!;
      const at = x - shift * (place - screen);
      const end = Math.round(at);
      // A surface that is stretched covers the columns between its pixels as well.
      const begin = x > 0 && at - before <= 1 + TORN ? Math.min(Math.round(before) + 1, end) : end;
      for (let column = Math.max(0, begin); column <= end && column < width; column++) {
        if (place < seen[column]!) continue;
        seen[column] = place;
        from[column] = x;
      }
      before = at;
    }
    fillHoles(seen, from);
    for (let x = 0, o = offset + y * stride; x < width; x++, o += 3) {
      const i = (row + from[x]!) * 3;
      bytes[o] = pixels[i]!;
      bytes[o + 1] = pixels[i + 1]!;
      bytes[o + 2] = pixels[i + 2]!;
    }
  }
}

function fillHoles(seen: Float32Array, from: Int32Array): void {
  const width = seen.length;
  for (let x = 0; x < width; x++) {
    if (seen[x]! >= 0) continue;
    let end = x;
    while (end < width && seen[end]! < 0) end++;
    const left = x > 0 ? seen[x - 1]! : Number.POSITIVE_INFINITY;
    const right = end < width ? seen[end]! : Number.POSITIVE_INFINITY;
    // Of two alike the right one: that is the side that comes into sight.
    const source = left < right ? from[x - 1]! : from[end]!;
    for (; x < end; x++) from[x] = source;
  }
}
