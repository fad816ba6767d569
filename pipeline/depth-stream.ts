import { defer, filter, identity, type MonoTypeOperatorFunction, type Observable, tap } from 'rxjs';
import type { DepthFrame, Frame, FrameWindow, MissedFrame } from '../frames/index.ts';
import {
  type DepthEstimator,
  estimateDepth,
  fallBack,
  keepLatest,
  measureConsistency,
  scaleByHeight,
  slidingWindow,
  splitAtCuts,
} from '../operators/index.ts';

/** What {@link depthStream} works with. */
export interface DepthStreamOptions {
  /** Answers whole windows. */
  readonly model: DepthEstimator;
  /** Answers where a window is not fit; `'none'` lets those frames go, counted. */
  readonly fallback: DepthEstimator | 'none';
  /** Window offsets in frames; default: those of the model. Negative ones only = causal, no look-ahead. */
  readonly offsets?: readonly number[] | undefined;
  /** First frame whose depth is wanted; earlier ones only prepare cuts and windows (resume). Default 0. */
  readonly from?: number | undefined;
  /** `true` for cameras and footage shown as if live: windows are let go rather than queued. Default `false`: lossless. */
  readonly live?: boolean | undefined;
  /** Lets windows go evenly before `keepLatest` has to (live only); default: passes all. */
  readonly thin?: MonoTypeOperatorFunction<FrameWindow> | undefined;
  /** Milliseconds a window may take before the fallback answers; default no limit. */
  readonly budgetMs?: number | undefined;
  /** Metres of the camera over the ground: brings relative depth to metres. Default: relative depth stays relative. */
  readonly cameraHeight?: number | undefined;
  /** Called for each window let go because what follows is slow (live only). */
  readonly onDropped?: ((window: FrameWindow) => void) | undefined;
  /** Called for each frame that neither model answered. */
  readonly onMissed?: ((missed: MissedFrame) => void) | undefined;
  /** Called with the milliseconds that scoring an answer took. */
  readonly onScored?: ((ms: number) => void) | undefined;
}

/**
 * The life of one frame, from picture to scored depth: ARCHITECTURE.md tells it in words.
 *
 * Subscribing starts the source. Every frame gets one answer, in order, or is told to `onDropped` or `onMissed`.
 */
export function depthStream(frames: Observable<Frame>, options: DepthStreamOptions): Observable<DepthFrame> {
  const { model, fallback, offsets = model.contextOffsets, from = 0, live = false } = options;
  const { thin = identity, budgetMs, cameraHeight, onDropped, onMissed, onScored } = options;
  return frames.pipe(
    splitAtCuts(),
    slidingWindow({ offsets }),
    from > 0 ? filter((window) => window.target.index >= from) : identity,
    live ? thin : identity,
    live ? keepLatest({ onDropped }) : identity,
    estimateDepth(model, { budgetMs, live }),
    fallBack(fallback, { onDropped: onMissed }),
    cameraHeight === undefined ? identity : scaleByHeight(cameraHeight),
    onScored ? timed(measureConsistency(), onScored) : measureConsistency(),
  );
}

/** The same operator, one that answers at once and in order, with each of its times told. */
function timed<T>(operator: MonoTypeOperatorFunction<T>, tell: (ms: number) => void): MonoTypeOperatorFunction<T> {
  return (source) =>
    defer(() => {
      let began = 0;
      return source.pipe(
        tap(() => {
          began = performance.now();
        }),
        operator,
        tap(() => tell(performance.now() - began)),
      );
    });
}
