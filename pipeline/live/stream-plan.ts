import type { CameraIntrinsics, ResizeFilter, Size } from '../../frames/index.ts';
import type { FrameSource } from '../sources/frame-source.ts';

/** What one stream is to do. */
export interface StreamPlan {
  /** 1…64 letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** Says everything that matters about the plan: plans of one name with the same key are the same, so nothing is done. */
  readonly key: string;
  /** Opens its source afresh. Throws a DepthcastError where there is none; a camera that is down is no fault. */
  readonly open: () => Promise<FrameSource>;
  /** Size at which the network looks at footage of a size; pure. Throws where the network cannot take it. */
  readonly size: (footage: Size) => Size;
  /** How pictures are brought to that size; the model's own. */
  readonly resize?: ResizeFilter | undefined;
  /** Camera at any size; pure. Absent: what the source knows itself. */
  readonly intrinsics?: ((footage: Size) => CameraIntrinsics | undefined) | undefined;
  /** Offsets of the context frames, as many as the model has; default the model's own. */
  readonly contextOffsets?: readonly number[] | undefined;
  /** Files start again at their end. */
  readonly loop: boolean;
  readonly maxFrames?: number | undefined;
  /** Age of a camera's picture in milliseconds from which on it is not shown as live; default 1000. */
  readonly staleAfterMs?: number | undefined;
  /** Milliseconds a window may take before the fallback answers; default no limit. */
  readonly budgetMs?: number | undefined;
  /** Metres of the camera over the ground: brings relative depth to metres. */
  readonly cameraHeight?: number | undefined;
}

/** Who hears how the streams do; pino's loggers fit. */
export interface LiveLog {
  /** What only helps to find a fault. */
  debug(facts: object, sentence: string): void;
  /** What an operator may want to read. */
  info(facts: object, sentence: string): void;
  /** What an operator ought to look at. */
  warn(facts: object, sentence: string): void;
}
