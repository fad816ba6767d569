import type { DepthMap } from './depth-map.ts';
import type { Frame } from './frame.ts';
import type { FrameWindow, WindowGap } from './frame-window.ts';

/** Why the single-frame model answered instead of the multi-frame one. */
export type FallbackReason = WindowGap | 'inference-error' | 'over-budget' | 'model-unavailable';

/** How well a depth map agrees with the one before it, the camera's motion taken out. */
export interface Consistency {
  /**
   * 1 (perfect) to 0: 1 / (1 + e / 10 %), e the mean relative disagreement of the depth of each frame, carried into the
   * other by the camera's motion, with what is found there. 0.5 = 10 % apart. 0 as well for an answer that stays the very
   * same while the camera moves.
   */
  readonly score: number;
  /** Change of overall scale from the frame before that motion does not explain, in percent, signed. */
  readonly flicker: number;
}

/** The answer for one target frame. */
export interface DepthFrame {
  readonly frame: Frame;
  /** At the frame's size (`frame.width` × `frame.height`). */
  readonly depth: DepthMap;
  /** Id of the model that answered. */
  readonly estimator: string;
  /** Present when the fallback answered. */
  readonly fallbackReason?: FallbackReason | undefined;
  /** Milliseconds from `frame.arrivedAt` to the answer. */
  readonly latencyMs: number;
  /** Milliseconds inside the model alone. */
  readonly inferenceMs: number;
  /** Absent on the first frame of a stretch and where there was nothing to compare. */
  readonly consistency?: Consistency | undefined;
}

/** A target frame for which the multi-frame model has no answer; `fallBack` turns it into a {@link DepthFrame}. */
export interface MissedFrame {
  readonly window: FrameWindow;
  readonly missed: FallbackReason;
  /** What went wrong, for `inference-error`. */
  readonly error?: unknown;
}
