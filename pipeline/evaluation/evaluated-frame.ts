import type { CameraIntrinsics, CameraPose, DepthMap, Frame } from '../../frames/index.ts';
import type { Accuracy } from '../../operators/metrics/accuracy.ts';

/** One frame's row of an evaluation. */
export interface EvaluatedFrame {
  readonly name: string;
  readonly index: number;
  readonly timestamp: number;
  /** Id of the model that answered. */
  readonly estimator: string;
  /** Absent where there is no truth, or none inside the mask. */
  readonly accuracy?: Accuracy | undefined;
  /** Pixels with truth, inside the mask, for which there is a prediction. */
  readonly pixels: number;
  /** Pixels with truth, inside the mask, that the prediction left open. */
  readonly unanswered: number;
  /** Median of the truth over median of the prediction, before median scaling, after a fit of scale and shift. */
  readonly ratio?: number | undefined;
  /** Filled in by the look over time at the end, against the frame before it. */
  consistency?: {
    selfReprojection?: number;
    tae?: number;
    opw?: number;
    rtc?: number;
    tcm?: number;
    tcmWithin?: number;
  };
}

/** What the second look at a clip needs of each frame besides depth and picture. */
export interface ClipFrame {
  readonly row: EvaluatedFrame;
  readonly frame: Pick<Frame, 'name' | 'index' | 'timestamp'>;
  readonly camera?: CameraIntrinsics | undefined;
  readonly pose?: CameraPose | undefined;
  readonly kind: DepthMap['kind'];
  /** True where the frame before it belongs to another stretch, or is missing. */
  readonly starts: boolean;
}

/** Share of the pixels with truth, inside the mask, that have a prediction; `null` where there is no truth. */
export function answeredShare(rows: readonly EvaluatedFrame[]): number | null {
  let [answered, all] = [0, 0];
  for (const { pixels, unanswered } of rows) {
    answered += pixels;
    all += pixels + unanswered;
  }
  return all === 0 ? null : answered / all;
}
