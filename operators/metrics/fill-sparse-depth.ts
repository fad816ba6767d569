import type { Size } from '../../frames/index.ts';

/** Widest holes that are filled, in pixels: between two beams of a KITTI scan lie about 5 rows, more is not measured. */
const WIDEST_ROW_HOLE = 6;
const WIDEST_COLUMN_HOLE = 12;

/**
 * A sparse depth map (0 or NaN = unknown) with its small holes filled: linear in inverse depth, first along rows across
 * at most 6 pixels, then along columns across at most 12. NaN elsewhere; nothing is carried beyond the outermost
 * measurement. Owns its memory.
 *
 * Inverse depth is linear along any line on a plane, so roads and walls come out exact; across an edge the values are
 * invented, and whoever compares with them has to leave out what disagrees (TCM's 0.3 m does).
 */
export function fillSparseDepth(depth: ArrayLike<number>, { width, height }: Size): Float32Array {
  const inverse = new Float64Array(width * height);
  for (let i = 0; i < inverse.length; i++) inverse[i] = depth[i]! > 0 ? 1 / depth[i]! : 0;
  for (let y = 0; y < height; y++) fillLine(inverse, y * width, 1, width, WIDEST_ROW_HOLE);
  for (let x = 0; x < width; x++) fillLine(inverse, x, width, height, WIDEST_COLUMN_HOLE);
  const filled = new Float32Array(inverse.length);
  for (let i = 0; i < filled.length; i++) filled[i] = inverse[i]! > 0 ? 1 / inverse[i]! : Number.NaN;
  return filled;
}

function fillLine(inverse: Float64Array, start: number, step: number, length: number, widest: number): void {
  let last = -1;
  for (let k = 0; k < length; k++) {
    const value = inverse[start + k * step]!;
    if (value === 0) continue;
    if (last >= 0 && k - last > 1 && k - last - 1 <= widest) {
      const before = inverse[start + last * step]!;
      for (let j = last + 1; j < k; j++) {
        inverse[start + j * step] = before + ((value - before) * (j - last)) / (k - last);
      }
    }
    last = k;
  }
}
