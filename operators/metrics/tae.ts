import type { CameraIntrinsics } from '../../frames/index.ts';
import { pointMover } from './moved-point.ts';
import type { ScaleShift } from './scale-shift-fit.ts';

/**
 * Temporal alignment error (TAE) of one pair of frames, both ways: the mean of the two AbsRel of depth carried to the
 * other frame by the true motion, in percent; 0 is perfect; `undefined` where nothing of one falls on the other.
 *
 * Chen et al., "Video Depth Anything: Consistent Depth Estimation for Super-Long Videos" (CVPR 2025), `eval_tae.py`:
 * points are rounded to the nearest pixel, the last one in row order stays (no nearest-first), AbsRel divides by the
 * depth of the frame that is landed on. TAE of a clip is the mean over its successive pairs, with the prediction
 * brought to the truth by one scale and shift in inverse depth for the whole clip ({@link taeDepth}).
 *
 * It cannot see errors that follow the camera, such as a wrong scale of the whole clip where there is little motion;
 * what moves by itself and what is hidden in one of the frames counts as error, so truth does not score 0.
 *
 * @param twoFromOne row-major 3×4, in the depths' unit
 * @param mask1 pixels of frame 1 that may be landed on; all without it
 */
export function taePair(
  depth1: ArrayLike<number>,
  depth2: ArrayLike<number>,
  camera: CameraIntrinsics,
  twoFromOne: readonly number[],
  oneFromTwo: readonly number[],
  mask1?: ArrayLike<number>,
  mask2?: ArrayLike<number>,
): number | undefined {
  const there = landed(depth1, depth2, camera, twoFromOne, mask2);
  const back = landed(depth2, depth1, camera, oneFromTwo, mask1);
  return there === undefined || back === undefined ? undefined : 50 * (there + back);
}

/** Metres of predicted inverse depth after the alignment of the clip, held inside 1 mm to `maxDepth`. */
export function taeDepth(inverse: number, { scale, shift }: ScaleShift, maxDepth: number): number {
  const aligned = Math.max(scale * Math.max(inverse, 1e-3) + shift, 1e-3);
  return Math.min(Math.max(1 / aligned, 1e-3), maxDepth);
}

function landed(
  from: ArrayLike<number>,
  onto: ArrayLike<number>,
  camera: CameraIntrinsics,
  ontoFromFrom: readonly number[],
  mask: ArrayLike<number> | undefined,
): number | undefined {
  const { width, height } = camera;
  const carried = new Float64Array(width * height);
  const move = pointMover(camera, ontoFromFrom);
  const at = new Float64Array(3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      move(x, y, from[i]!, at);
      const column = roundToEven(at[0]!);
      const row = roundToEven(at[1]!);
      if (column >= 0 && column < width && row >= 0 && row < height) carried[row * width + column] = at[2]!;
    }
  }
  let sum = 0;
  let count = 0;
  for (let i = 0; i < carried.length; i++) {
    if (!(carried[i]! > 0) || !(onto[i]! > 0) || (mask !== undefined && !mask[i])) continue;
    sum += Math.abs(onto[i]! - carried[i]!) / onto[i]!;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

/** Halves go to the even neighbour, as in IEEE 754, NumPy and PyTorch. */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
