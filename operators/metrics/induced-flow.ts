import type { CameraIntrinsics } from '../../frames/index.ts';
import { pointMover } from './moved-point.ts';

/**
 * Where each pixel of picture a is in picture b when nothing but the camera moves: x, y in pixels of b, interleaved, NaN
 * where depth is unknown or the point lies behind camera b.
 *
 * `depth` is row-major at the camera's size, in the unit of the translation of `bFromA` (row-major 3×4). Owns its
 * memory. It cannot see what moves by itself nor what is hidden in b: mask both.
 */
export function inducedFlow(
  depth: ArrayLike<number>,
  camera: CameraIntrinsics,
  bFromA: readonly number[],
): Float64Array {
  const { width, height } = camera;
  const flow = new Float64Array(width * height * 2).fill(Number.NaN);
  const move = pointMover(camera, bFromA);
  const at = new Float64Array(3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!(depth[i]! > 0)) continue;
      move(x, y, depth[i]!, at);
      if (!(at[2]! > 0)) continue;
      flow[2 * i] = at[0]!;
      flow[2 * i + 1] = at[1]!;
    }
  }
  return flow;
}
