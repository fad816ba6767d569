import { type CameraIntrinsics, scaleIntrinsics } from '../../frames/index.ts';
import { pointMover } from '../../operators/metrics/moved-point.ts';
import { sampleBilinear } from '../../operators/metrics/sample-bilinear.ts';
import type { TrueDepth } from '../datasets/ground-truth.ts';

/** Truth that the motion carries to the other frame may be off by this share from what was measured there. */
const AGREES = 0.05;

/**
 * Where measured points of frame a are in frame b, at the size of `camera`: x, y in pixels of b, interleaved; NaN where
 * nothing was measured, or where b's own measurement is missing or more than 5 % off (hidden, moving, or wrong).
 *
 * The truth may have another size than the camera; of several measurements in one pixel the nearest one counts. Flow is
 * known only there: on a scan of KITTI at a tenth of the pixels, and nowhere in the sky.
 *
 * @param filled measured depth of b with its small holes filled, NaN = unknown
 * @param bFromA row-major 3×4, metres
 */
export function seenFlow(
  truth: TrueDepth,
  filled: TrueDepth,
  camera: CameraIntrinsics,
  bFromA: readonly number[],
): Float64Array {
  const { width, height } = camera;
  const nearest = new Float64Array(width * height).fill(Number.POSITIVE_INFINITY);
  const [sx, sy] = [width / truth.width, height / truth.height];
  for (let y = 0, i = 0; y < truth.height; y++) {
    const row = Math.floor((y + 0.5) * sy) * width;
    for (let x = 0; x < truth.width; x++, i++) {
      const z = truth.data[i]!;
      if (!(z > 0)) continue;
      const at = row + Math.floor((x + 0.5) * sx);
      if (z < nearest[at]!) nearest[at] = z;
    }
  }
  const flow = new Float64Array(width * height * 2).fill(Number.NaN);
  const move = pointMover(camera, bFromA);
  const there = scaleIntrinsics(camera, filled);
  const to = new Float64Array(3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (nearest[i] === Number.POSITIVE_INFINITY) continue;
      move(x, y, nearest[i]!, to);
      const [toX, toY, z] = to as unknown as [number, number, number];
      if (!(z > 0 && toX >= 0 && toY >= 0 && toX <= width - 1 && toY <= height - 1)) continue;
      const u = ((toX - camera.cx) / camera.fx) * there.fx + there.cx;
      const v = ((toY - camera.cy) / camera.fy) * there.fy + there.cy;
      const found = sampleBilinear(filled.data, filled, u, v);
      if (!(Math.abs(z - found) <= AGREES * found)) continue;
      flow[2 * i] = toX;
      flow[2 * i + 1] = toY;
    }
  }
  return flow;
}
