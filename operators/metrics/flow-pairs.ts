import type { CameraIntrinsics, Size } from '../../frames/index.ts';
import { pointMover } from './moved-point.ts';
import { sampleBilinear } from './sample-bilinear.ts';

/** Two successive frames at the same size, and the optical flow between them. */
export interface FlowPair extends Size {
  /** Depth of frame 0 and of frame 1, row-major, one scale. */
  readonly depth0: ArrayLike<number>;
  readonly depth1: ArrayLike<number>;
  /** RGB, 0 to 255, 3 values a pixel, row-major. */
  readonly picture0: ArrayLike<number>;
  readonly picture1: ArrayLike<number>;
  /** Where each pixel of frame 0 is in frame 1: x, y in pixels, interleaved; NaN where not known (never evaluated). */
  readonly flow: ArrayLike<number>;
  /** Takes the camera's motion out of `depth0`: row-major 3×4, camera 1 from camera 0, in the depths' unit. */
  readonly motion?: { readonly camera: CameraIntrinsics; readonly oneFromZero: readonly number[] } | undefined;
}

/** Depth of the same surface points as both frames have it: first `count` entries each. */
export interface FlowDepths {
  readonly from0: Float64Array;
  readonly from1: Float64Array;
  readonly count: number;
}

/** Flow to the right or down by more pixels is taken for a fault of the flow. */
const LARGEST_FLOW = 250;

/**
 * The points that OPW and rTC compare, with the mask of Khan et al., "Temporally Consistent Online Depth Estimation in
 * Dynamic Scenes" (WACV 2023; `eval/metrics.py`): exp(−50·‖I₀(p) − I₁(p + f)‖₂) > 0.01 with colours of 0 to 1, that is
 * a distance below 0.092; D₁(p + f) > 0; flow not above 250 pixels. Zero outside the picture.
 */
export function flowDepths(pair: FlowPair): FlowDepths {
  const { width, height, depth0, depth1, picture0, picture1, flow, motion } = pair;
  const move = motion && pointMover(motion.camera, motion.oneFromZero);
  const at = new Float64Array(3);
  const from0 = new Float64Array(width * height);
  const from1 = new Float64Array(width * height);
  let count = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const toX = flow[2 * i]!;
      const toY = flow[2 * i + 1]!;
      if (Number.isNaN(toX) || toX - x > LARGEST_FLOW || toY - y > LARGEST_FLOW) continue;
      const found = sampleBilinear(depth1, pair, toX, toY);
      if (!(found > 0)) continue;
      const apart = colourDistance(picture0, i, picture1, pair, toX, toY);
      if (!(Math.exp(-50 * apart) > 1e-2)) continue;
      let expected = depth0[i]!;
      if (move) {
        move(x, y, expected, at);
        expected = Math.abs(at[2]!);
      }
      if (Number.isNaN(expected)) continue;
      from0[count] = expected;
      from1[count++] = found;
    }
  }
  return { from0, from1, count };
}

/** Euclidean distance of two colours of 0 to 1, the second one interpolated, black outside the picture. */
function colourDistance(
  picture0: ArrayLike<number>,
  i: number,
  picture1: ArrayLike<number>,
  { width, height }: Size,
  x: number,
  y: number,
): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  let [r, g, b] = [0, 0, 0];
  for (let tap = 0; tap < 4; tap++) {
    const column = left + (tap & 1);
    const row = top + (tap >> 1);
    if (column < 0 || column >= width || row < 0 || row >= height) continue;
    const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    const at = (row * width + column) * 3;
    r += share * picture1[at]!;
    g += share * picture1[at + 1]!;
    b += share * picture1[at + 2]!;
  }
  return Math.hypot(picture0[3 * i]! - r, picture0[3 * i + 1]! - g, picture0[3 * i + 2]! - b) / 255;
}
