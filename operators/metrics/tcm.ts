import type { CameraIntrinsics } from '../../frames/index.ts';
import { gargCrop } from './crop.ts';
import { middleValues } from './middle-values.ts';
import { sampleBilinear } from './sample-bilinear.ts';

/** One other frame of a snippet. */
export interface TcmSource {
  /** Dense or interpolated measured depth of this frame, metres; NaN where it is not known (never evaluated). */
  readonly truth: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  /** Row-major 3×4, carries points of the target camera into this frame's, metres. */
  readonly sourceFromTarget: readonly number[];
  /** Where each pixel of the target is in this frame: x, y in pixels, interleaved; NaN where not known. */
  readonly flow: ArrayLike<number>;
}

/** A target frame with its neighbours, all row-major at the camera's size, which is that of the ground truth. */
export interface TcmSnippet {
  readonly camera: CameraIntrinsics;
  /** Measured depth of the target, sparse, metres; 0 or NaN = unknown. */
  readonly truth: ArrayLike<number>;
  /** Predicted depth of the target, any scale. */
  readonly predicted: ArrayLike<number>;
  /** In the order in which the mask is to shrink; the released code takes −1, +1, −2, +2, … */
  readonly sources: readonly TcmSource[];
}

/** Error of one pair of frames. The released code prints them as abs_rel, sq_rel and rmse; nothing in it is relative. */
export interface TcmError {
  /** Metres. */
  readonly absErr: number;
  /** Square metres. */
  readonly sqErr: number;
  /** Metres. */
  readonly rmse: number;
  /** Pixels evaluated, before trimming. */
  readonly points: number;
}

/** Nothing nearer or farther takes part, metres. */
const NEAREST = 1e-3;
const FARTHEST = 50;
/** Truth that disagrees with itself by more, in metres, is taken for motion, occlusion or a fault of the sensor. */
const LARGEST_TRACK = 0.3;
/** Share of the pixels, best first, that is averaged. */
const KEPT = 0.8;

/**
 * Temporal consistency metric (TCM) as released with TC-Depth: Ruhkamp et al., "Attention meets Geometry: Geometry
 * Guided Spatial-Temporal Attention for Consistent Self-Supervised Monocular Depth Estimation" (3DV 2021),
 * `evaluate_tcm.py`. One answer a source, in their order; `undefined` where too few pixels are left.
 *
 * track_s(p) = |z(T_s·D₀(p)·K⁻¹p) − D_s(flow_s(p))| · ‖K⁻¹p‖ in metres, of truth and of prediction with the same motion
 * and the same flow; e = |track of truth − track of prediction|. Prediction: one scale a snippet, median of truth over
 * median of prediction of the target (the lower middle ones), then held inside 1 mm to 50 m. Mask: truth inside that
 * range, Garg crop, track of truth below 0.3 m; it shrinks from source to source, so their order matters. Trimming:
 * the best 80 % are averaged; absErr leaves the largest of those out, as the released code does (strict <).
 *
 * The name clashes with the "temporal motion consistency" of Zhang et al. (ICCV 2019), which is another measure.
 *
 * What it cannot see: a prediction that agrees with itself perfectly does not score 0 but the mean track of the truth;
 * a fifth of the pixels, the worst, is thrown away; moving things are masked out; and where the predictions of all
 * frames come from one forward pass, as in the paper, it says nothing of the seam between successive windows. Feed it
 * one prediction a window, as a stream has them, to measure that.
 */
export function tcm({ camera, truth, predicted, sources }: TcmSnippet): (TcmError | undefined)[] {
  const { width, height, fx, fy, cx, cy } = camera;
  const crop = gargCrop(camera);
  let mask: number[] = [];
  for (let y = crop.top; y < crop.bottom; y++) {
    for (let i = y * width + crop.left; i < y * width + crop.right; i++) {
      if (truth[i]! > NEAREST && truth[i]! < FARTHEST && predicted[i]! > 0) mask.push(i);
    }
  }
  const scale =
    middleValues(Float64Array.from(mask, (i) => truth[i]!)).lower /
    middleValues(Float64Array.from(mask, (i) => predicted[i]!)).lower;
  const scaled = (value: number): number => Math.min(Math.max(value * scale, NEAREST), FARTHEST);
  return sources.map((source) => {
    const held = new Float64Array(width * height);
    for (let i = 0; i < held.length; i++) held[i] = scaled(source.predicted[i]!);
    const { flow, sourceFromTarget: t } = source;
    const kept: number[] = [];
    const errors: number[] = [];
    for (const i of mask) {
      const x = ((i % width) - cx) / fx;
      const y = (Math.floor(i / width) - cy) / fy;
      const ray = Math.hypot(x, y, 1);
      const track = (depth: number, map: ArrayLike<number>): number => {
        const warped = depth * (t[8]! * x + t[9]! * y + t[10]!) + t[11]!;
        return Math.abs(warped - sampleBilinear(map, { width, height }, flow[2 * i]!, flow[2 * i + 1]!)) * ray;
      };
      const own = track(truth[i]!, source.truth);
      if (!(own < LARGEST_TRACK)) continue;
      const error = Math.abs(own - track(scaled(predicted[i]!), held));
      if (Number.isNaN(error)) continue;
      kept.push(i);
      errors.push(error);
    }
    mask = kept;
    return trimmed(Float64Array.from(errors).sort());
  });
}

/** The three means over the best share of sorted errors. */
function trimmed(errors: Float64Array): TcmError | undefined {
  const best = errors.subarray(0, Math.trunc(errors.length * KEPT));
  const largest = best.at(-1);
  if (largest === undefined) return undefined;
  let sum = 0;
  let below = 0;
  let squares = 0;
  for (const error of best) {
    squares += error * error;
    if (error >= largest) continue;
    sum += error;
    below++;
  }
  const sqErr = squares / best.length;
  // All the same: the released code divides by 0 here.
  const absErr = below === 0 ? largest : sum / below;
  return { absErr, sqErr, rmse: Math.sqrt(sqErr), points: errors.length };
}
