import { catchError, concatMap, defer, EMPTY, first, map, type Observable, type OperatorFunction, of } from 'rxjs';
import type { DepthFrame, DepthMap, FallbackReason, Frame, FrameWindow, MissedFrame } from '../frames/index.ts';
import type { DepthEstimator } from './depth-estimator.ts';
import { orderedMap } from './flow/ordered-map.ts';
import { SteadyReturn } from './flow/steady-return.ts';
import { DepthContinuity, type SamePicture } from './metrics/depth-continuity.ts';

/** What {@link fallBack} tells. */
export interface FallBackOptions {
  /** Called for each frame that got no depth at all; `error` is the fallback's own where it failed. */
  readonly onDropped?: ((missed: MissedFrame) => void) | undefined;
  /** Called for each frame the fallback answered. */
  readonly onFallback?: ((frame: DepthFrame) => void) | undefined;
  /** Milliseconds on the clock of `frame.arrivedAt`. Default `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

/** An answer as the models gave it, before its scale is carried over. */
interface Answer {
  readonly frame: DepthFrame;
  readonly pair?: SamePicture | undefined;
}

/**
 * Answers missed frames by a single-frame estimator, labelled with the reason; what was answered before passes.
 *
 * Order is kept: answers behind a missed frame wait for it. At each hand-over, there and back, the single-frame estimator
 * is asked for the picture of the multi-frame answer beside it as well, so that the two are compared on one picture, and
 * the scale is carried over as `DepthContinuity` says; across a cut the comparison before it holds. Before the first
 * comparison its depth passes as it is, under its own kind.
 *
 * After a fault of the multi-frame model its next good answers are not used, until it is steady again (`SteadyReturn`);
 * the single-frame estimator answers those frames under the fault's reason. With `'none'`, or where the fallback fails
 * too, a missed frame is dropped and told to `onDropped`, a good answer passes, and the stream goes on. A camera that
 * stands still is no reason to fall back: the built-in network was measured as good on three equal pictures as on three
 * of a drive. Holds the flow while full.
 */
export function fallBack(
  estimator: DepthEstimator | 'none',
  options: FallBackOptions = {},
): OperatorFunction<DepthFrame | MissedFrame, DepthFrame> {
  const { onDropped, onFallback, now = () => performance.now() } = options;
  const lone = estimator === 'none';
  const ask = (window: FrameWindow): Observable<DepthMap> =>
    defer(() => (lone ? EMPTY : estimator.estimate(window))).pipe(first());

  /** Both models' answers for the picture of a multi-frame answer; nothing where the fallback has none. */
  const compare = ({ frame, depth: multi }: DepthFrame): Observable<SamePicture | undefined> =>
    ask(alone(frame)).pipe(
      map((single) => ({ multi, single })),
      catchError(() => of(undefined)),
    );

  return (source) =>
    defer(() => {
      const steady = new SteadyReturn();
      const continuity = new DepthContinuity();
      let anchor: DepthFrame | undefined;
      let compared = false;
      let handedOver = false;

      const answerAlone = (window: FrameWindow, reason: FallbackReason, multi?: DepthFrame): Observable<Answer> => {
        if (lone) return EMPTY;
        const frame = window.target;
        const beside = anchor && !(frame.segmentStart && compared) ? compare(anchor) : of(undefined);
        compared ||= anchor !== undefined;
        anchor = undefined;
        handedOver = true;
        return beside.pipe(
          concatMap((pair) => {
            const askedAt = now();
            return ask(window).pipe(
              map((depth): Answer => {
                const answeredAt = now();
                const [latencyMs, inferenceMs] = [answeredAt - frame.arrivedAt, answeredAt - askedAt];
                return {
                  frame: { frame, depth, estimator: estimator.id, fallbackReason: reason, latencyMs, inferenceMs },
                  pair: multi ? { multi: multi.depth, single: depth } : pair,
                };
              }),
            );
          }),
        );
      };

      const answer = (item: DepthFrame | MissedFrame): Observable<Answer> => {
        if ('missed' in item) {
          steady.missed(item.missed);
          if (lone) onDropped?.(item);
          return answerAlone(item.window, item.missed);
        }
        const unsteady = steady.answered();
        if (unsteady && !lone) return answerAlone(alone(item.frame), unsteady, item);
        const back = handedOver;
        handedOver = false;
        anchor = item;
        compared ||= back;
        return back ? compare(item).pipe(map((pair) => ({ frame: item, pair }))) : of({ frame: item });
      };

      const carriedOver = ({ frame, pair }: Answer): DepthFrame => {
        if (frame.frame.segmentStart) continuity.cut();
        if (!frame.fallbackReason) return kept(frame, continuity.multi(frame.depth, pair));
        const fallback = kept(frame, continuity.single(frame.depth, pair));
        onFallback?.(fallback);
        return fallback;
      };

      const inFlight = lone ? 1 : estimator.inFlight;
      return source.pipe(
        orderedMap(answer, {
          concurrency: inFlight,
          ahead: inFlight,
          flowOf: (item) => ('missed' in item ? item.window.target : item.frame).flow,
          onError: (error, item): Answer | undefined => {
            if (!('missed' in item)) return { frame: item };
            onDropped?.({ ...item, error });
            return undefined;
          },
        }),
        map(carriedOver),
      );
    });
}

/** A frame without its context, as a single-frame estimator needs it. */
function alone(target: Frame): FrameWindow {
  return { target, offsets: [], context: [] };
}

function kept(frame: DepthFrame, depth: DepthMap): DepthFrame {
  return depth === frame.depth ? frame : { ...frame, depth };
}
