import type { CameraIntrinsics } from '../../frames/index.ts';
import { pointMover } from './moved-point.ts';

/** Agreement of two depth maps of the same scene under a given motion. */
export interface SelfReprojection {
  /** Mean of |carried − found| / found, both ways, over the pixels compared; no unit, 0 is perfect. */
  readonly error: number;
  /** Pixels compared as a share of all pixels of both maps. */
  readonly coverage: number;
}

/** Neighbours whose depths differ by more than this factor are an edge: what lies between them is no surface. */
const EDGE = 1.25;

/**
 * Self-reprojection error, a measure of this project: depth of one frame carried into the other by the motion, against
 * the depth found there, both ways, aware of occlusion.
 *
 * A point of a at p goes to q in b with depth Z; found is b's map at q, bilinear in inverse depth (exact on planes);
 * the error is |Z − found| / found. Left out: unknown depth; points behind b or outside its picture; points hidden in
 * b, which is judged by a's own map alone (another of its points falls beside it, by a factor of 1.25 nearer), so that
 * flicker is never taken for occlusion; q between neighbours that differ by more than 25 %; pixels that are 0
 * in a mask. `undefined` where nothing is left. Unlike TAE, points land between pixels and the hidden ones are left out.
 *
 * It cannot see an error that both maps share and that moves with the camera's pose as a real surface would; things
 * that move by themselves count as disagreeing unless masked; a scale that is wrong in both maps shows as far as the
 * camera moves, no more.
 *
 * @param bFromA row-major 3×4, in the depths' unit; `aFromB` its inverse
 */
export function selfReprojection(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  camera: CameraIntrinsics,
  bFromA: readonly number[],
  aFromB: readonly number[],
  masks?: { readonly a: ArrayLike<number>; readonly b: ArrayLike<number> },
): SelfReprojection | undefined {
  const there = carried(a, b, camera, bFromA, masks?.a, masks?.b);
  const back = carried(b, a, camera, aFromB, masks?.b, masks?.a);
  if (there.count === 0 || back.count === 0) return undefined;
  const error = (there.sum / there.count + back.sum / back.count) / 2;
  return { error, coverage: (there.count + back.count) / (2 * camera.width * camera.height) };
}

function carried(
  from: ArrayLike<number>,
  onto: ArrayLike<number>,
  camera: CameraIntrinsics,
  ontoFromFrom: readonly number[],
  maskFrom: ArrayLike<number> | undefined,
  maskOnto: ArrayLike<number> | undefined,
): { sum: number; count: number } {
  const { width, height } = camera;
  const move = pointMover(camera, ontoFromFrom);
  const point = new Float64Array(3);
  const places = new Float64Array(width * height * 3);
  const nearest = new Float64Array(width * height).fill(Number.POSITIVE_INFINITY);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      places[3 * i + 2] = 0;
      if (!(from[i]! > 0)) continue;
      move(x, y, from[i]!, point);
      const [toX, toY, z] = point as unknown as [number, number, number];
      if (!(z > 0 && toX >= 0 && toY >= 0 && toX <= width - 1 && toY <= height - 1)) continue;
      places[3 * i] = toX;
      places[3 * i + 1] = toY;
      places[3 * i + 2] = z;
      // Into all four neighbours: surfaces that come nearer spread out and would leave holes to look through.
      const at = Math.min(Math.floor(toY), height - 2) * width + Math.min(Math.floor(toX), width - 2);
      if (z < nearest[at]!) nearest[at] = z;
      if (z < nearest[at + 1]!) nearest[at + 1] = z;
      if (z < nearest[at + width]!) nearest[at + width] = z;
      if (z < nearest[at + width + 1]!) nearest[at + width + 1] = z;
    }
  }
  let sum = 0;
  let count = 0;
  for (let i = 0; i < width * height; i++) {
    const z = places[3 * i + 2]!;
    if (z === 0 || (maskFrom !== undefined && !maskFrom[i])) continue;
    const x = places[3 * i]!;
    const y = places[3 * i + 1]!;
    const left = Math.min(Math.floor(x), width - 2);
    const top = Math.min(Math.floor(y), height - 2);
    const at = top * width + left;
    const taps = [at, at + 1, at + width, at + width + 1] as const;
    const near = Math.min(nearest[taps[0]]!, nearest[taps[1]]!, nearest[taps[2]]!, nearest[taps[3]]!);
    if (z > near * EDGE) continue;
    if (maskOnto !== undefined && !(maskOnto[taps[0]] && maskOnto[taps[1]] && maskOnto[taps[2]] && maskOnto[taps[3]])) {
      continue;
    }
    const [p, q, r, s] = [onto[taps[0]]!, onto[taps[1]]!, onto[taps[2]]!, onto[taps[3]]!];
    const low = Math.min(p, q, r, s);
    if (!(low > 0 && Math.max(p, q, r, s) <= low * EDGE)) continue;
    const wx = x - left;
    const wy = y - top;
    const found = 1 / ((1 - wy) * ((1 - wx) / p + wx / q) + wy * ((1 - wx) / r + wx / s));
    sum += Math.abs(z - found) / found;
    count++;
  }
  return { sum, count };
}
