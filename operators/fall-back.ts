import { defer, EMPTY, first, map, type Observable, type OperatorFunction, of } from 'rxjs';
import type { DepthFrame, DepthKind, DepthMap, MissedFrame } from '../frames/index.ts';
import type { DepthEstimator } from './depth-estimator.ts';
import { orderedMap } from './flow/ordered-map.ts';
import { type Alignment, aligned, alignmentOf } from './metrics/alignment.ts';

/** What {@link fallBack} tells. */
export interface FallBackOptions {
  /** Called for each frame that got no depth at all; `error` is the fallback's own where it failed. */
  readonly onDropped?: ((missed: MissedFrame) => void) | undefined;
  /** Called for each frame the fallback answered. */
  readonly onFallback?: ((frame: DepthFrame) => void) | undefined;
  /** Milliseconds on the clock of `frame.arrivedAt`. Default `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

/** How many frames old an answer may be to still show the same scene as the frame that is asked for now. */
const NEIGHBOURS = 5;

/**
 * Answers missed frames by a single-frame estimator, labelled with the reason; what was answered before passes as is.
 *
 * Order is kept: answers behind a missed frame wait for it. Where both estimators are metric, depth passes as it is.
 * Else the fallback's depth is brought to the kind and scale of the multi-frame answers: aligned by medians with the
 * latest one of the same stretch not more than 5 frames back, else by the alignment used last; before there is any it
 * passes under its own kind. With `'none'`, or where the fallback fails too, the frame is dropped and told to
 * `onDropped`, and the stream goes on. Holds the flow while full.
 */
export function fallBack(
  estimator: DepthEstimator | 'none',
  options: FallBackOptions = {},
): OperatorFunction<DepthFrame | MissedFrame, DepthFrame> {
  const { onDropped, onFallback, now = () => performance.now() } = options;

  return (source) =>
    defer(() => {
      let anchor: DepthFrame | undefined;
      let kind: DepthKind | undefined;
      let alignment: Alignment | undefined;

      const continuous = (depth: DepthMap, beside: DepthFrame | undefined): DepthMap => {
        if (kind === undefined || (kind === 'metric' && depth.kind === 'metric')) return depth;
        if (beside) alignment = alignmentOf(beside.depth, depth) ?? alignment;
        return alignment?.from === depth.kind ? aligned(depth, alignment) : depth;
      };

      const answer = (missed: MissedFrame): Observable<DepthFrame> => {
        if (estimator === 'none') {
          onDropped?.(missed);
          return EMPTY;
        }
        const frame = missed.window.target;
        if (frame.segmentStart) anchor = undefined;
        // Taken now: by the time of the answer later frames may have moved the anchor on.
        const beside = anchor && frame.index - anchor.frame.index <= NEIGHBOURS ? anchor : undefined;
        const askedAt = now();
        return defer(() => estimator.estimate(missed.window)).pipe(
          first(),
          map((depth) => {
            const answeredAt = now();
            const fallback: DepthFrame = {
              frame,
              depth: continuous(depth, beside),
              estimator: estimator.id,
              fallbackReason: missed.missed,
              latencyMs: answeredAt - frame.arrivedAt,
              inferenceMs: answeredAt - askedAt,
            };
            onFallback?.(fallback);
            return fallback;
          }),
        );
      };

      const pass = (frame: DepthFrame): Observable<DepthFrame> => {
        anchor = frame;
        kind = frame.depth.kind;
        return of(frame);
      };

      const inFlight = estimator === 'none' ? 1 : estimator.inFlight;
      return source.pipe(
        orderedMap((item) => ('missed' in item ? answer(item) : pass(item)), {
          concurrency: inFlight,
          ahead: inFlight,
          flowOf: (item) => ('missed' in item ? item.window.target : item.frame).flow,
          onError: (error, item) => {
            if ('missed' in item) onDropped?.({ ...item, error });
            return undefined;
          },
        }),
      );
    });
}
