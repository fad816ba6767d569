import { defer, first, Observable, type OperatorFunction, Subscription, tap, timer } from 'rxjs';
import { DepthcastError, type DepthFrame, type FrameWindow, type MissedFrame } from '../frames/index.ts';
import type { DepthEstimator } from './depth-estimator.ts';
import { orderedMap } from './flow/ordered-map.ts';

/** How {@link estimateDepth} asks. */
export interface EstimateDepthOptions {
  /**
   * Milliseconds from handing a window to the estimator until it counts as `over-budget`; with `inFlight` n this
   * includes the wait behind the n − 1 before it. Default: no limit.
   */
  readonly budgetMs?: number | undefined;
  /** `true`: no window waits beyond those in flight, so that latency stays low. Default `false`: `inFlight` more wait. */
  readonly live?: boolean | undefined;
  /** Milliseconds on the clock of `frame.arrivedAt`. Default `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

/**
 * Asks the estimator for the depth of each window's target, in order, `estimator.inFlight` at a time.
 *
 * What it has no answer for becomes a {@link MissedFrame}: a window with a gap where the estimator needs context (the
 * gap is the reason), a failure (`inference-error`, with the error; `model-unavailable` where its facts say that the model
 * is `gone` for good), an answer later than `budgetMs` (`over-budget`).
 * A late answer is thrown away, yet the estimator is still busy with it: until it is done, windows are missed at once
 * as `over-budget` instead of piling up behind it. Holds the flow while full. Fails with `option-invalid` where the
 * windows have fewer context frames than the estimator needs.
 */
export function estimateDepth(
  estimator: DepthEstimator,
  options: EstimateDepthOptions = {},
): OperatorFunction<FrameWindow, DepthFrame | MissedFrame> {
  const { budgetMs = Number.POSITIVE_INFINITY, live = false, now = () => performance.now() } = options;
  if (!(budgetMs > 0)) {
    throw new DepthcastError('option-invalid', `A budget of ${budgetMs} ms is not usable.`, {
      advice: 'Give a number of milliseconds above 0, or leave it out.',
    });
  }
  const needed = estimator.contextOffsets.length;

  const check = ({ context }: FrameWindow): void => {
    if (context.length >= needed) return;
    throw new DepthcastError('option-invalid', `Model ${estimator.id} needs ${needed} context frames a window.`, {
      advice: `Give as many window offsets besides 0, such as ${estimator.contextOffsets.join(',')}.`,
      facts: { contextFrames: context.length },
    });
  };

  return (source) =>
    new Observable<DepthFrame | MissedFrame>((subscriber) => {
      const works = new Subscription();
      let lateOnes = 0;
      /** When the estimator last finished something: what waited behind that was not being worked on before. */
      let freeSince = Number.NEGATIVE_INFINITY;

      const ask = (window: FrameWindow): Observable<DepthFrame | MissedFrame> =>
        new Observable((answer) => {
          const give = (result: DepthFrame | MissedFrame): void => {
            answer.next(result);
            answer.complete();
          };
          if (needed > 0 && window.gap) return give({ window, missed: window.gap });
          if (lateOnes > 0) return give({ window, missed: 'over-budget' });

          let late = false;
          if (budgetMs < Number.POSITIVE_INFINITY) {
            const overBudget = timer(budgetMs).subscribe(() => {
              late = true;
              lateOnes++;
              give({ window, missed: 'over-budget' });
            });
            answer.add(overBudget);
          }

          const askedAt = now();
          const settle = (): void => {
            if (late) lateOnes--;
            freeSince = now();
          };
          // Not a part of `answer`: a late estimate is watched to its end.
          const work = defer(() => estimator.estimate(window)).pipe(first());
          const watching = work.subscribe({
            next: (depth) => {
              const began = Math.max(askedAt, freeSince);
              settle();
              const frame = window.target;
              const latencyMs = freeSince - frame.arrivedAt;
              give({ frame, depth, estimator: estimator.id, latencyMs, inferenceMs: freeSince - began });
            },
            error: (error: unknown) => {
              settle();
              answer.error(error);
            },
          });
          works.add(watching);
        });

      subscriber.add(works);
      subscriber.add(
        source
          .pipe(
            tap(check),
            orderedMap(ask, {
              concurrency: estimator.inFlight,
              ahead: live ? 0 : estimator.inFlight,
              flowOf: (window) => window.target.flow,
              onError: (error, window): MissedFrame => {
                const gone = error instanceof DepthcastError && error.facts['gone'] === true;
                return { window, missed: gone ? 'model-unavailable' : 'inference-error', error };
              },
            }),
          )
          .subscribe(subscriber),
      );
    });
}
