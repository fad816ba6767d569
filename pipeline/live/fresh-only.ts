import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { Frame, FrameWindow, SegmentStart } from '../../frames/index.ts';

/**
 * Milliseconds since a picture was taken, by `now` on the clock of `performance.now()`: setting the host's clock ages
 * no picture.
 */
export function ageOf({ takenAt, arrivedAt }: Frame, now: number): number {
  return now - Math.min(arrivedAt, takenAt ?? arrivedAt);
}

/** What {@link freshOnly} lets go, and by which clock. */
export interface FreshOnlyOptions {
  /** Milliseconds, as of now. */
  readonly maxAgeMs: () => number;
  readonly onDropped: (window: FrameWindow) => void;
  /** Default `performance.now()`. */
  readonly now?: (() => number) | undefined;
}

/**
 * Lets go windows whose target is too old to be shown as live. There is one at each stall: the last picture before it
 * waited for its neighbour all the while. The mark of a stretch whose first window goes moves to the next one.
 */
export function freshOnly(options: FreshOnlyOptions): MonoTypeOperatorFunction<FrameWindow> {
  const { maxAgeMs, onDropped, now = () => performance.now() } = options;
  return (source) =>
    new Observable<FrameWindow>((subscriber) => {
      let mark: SegmentStart | undefined;
      return source.subscribe({
        next: (window) => {
          const { target } = window;
          if (ageOf(target, now()) > maxAgeMs()) {
            mark = target.segmentStart ?? mark;
            onDropped(window);
            return;
          }
          const carried = target.segmentStart ? undefined : mark;
          mark = undefined;
          subscriber.next(carried ? { ...window, target: { ...target, segmentStart: carried } } : window);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}
