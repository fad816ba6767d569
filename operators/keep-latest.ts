import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { FrameWindow } from '../frames/index.ts';

/** What {@link keepLatest} tells. */
export interface KeepLatestOptions {
  /** Called for each window let go because what follows is slow; `total` counts them since the subscription. */
  readonly onDropped?: ((window: FrameWindow, total: number) => void) | undefined;
}

/**
 * For live streams: passes a window while the flow is free, else keeps the newest one and lets the older ones go.
 *
 * The kept window is passed as soon as the flow is free. Whole windows go, never single frames, so that the frames of
 * a window stay neighbours in time. Windows in = windows out + windows dropped, exactly, once the stream has ended: at
 * the end (or on error) the kept window is passed although the flow is held, as nothing can follow it. After
 * unsubscribing the kept window is forgotten. Where the first window of a stretch is let go, its `segmentStart` moves to
 * the next one's target, a new object over the same pixels.
 */
export function keepLatest(options: KeepLatestOptions = {}): MonoTypeOperatorFunction<FrameWindow> {
  return (source) =>
    new Observable<FrameWindow>((subscriber) => {
      let kept: FrameWindow | undefined;
      let passing = false;
      let total = 0;
      let cancelWait = (): void => {};

      const pass = (): void => {
        cancelWait();
        const window = kept;
        kept = undefined;
        if (!window) return;
        passing = true;
        subscriber.next(window);
        passing = false;
        wait();
      };

      // An earlier waiter may have filled the queue again, hence the second look at `held` on being called.
      const wait = (): void => {
        cancelWait();
        if (!kept || passing || subscriber.closed) return;
        const { flow } = kept.target;
        if (flow.held) cancelWait = flow.whenFree(wait);
        else pass();
      };

      subscriber.add(() => {
        cancelWait();
        kept = undefined;
      });
      subscriber.add(
        source.subscribe({
          next: (window) => {
            const dropped = kept;
            kept = dropped ? marked(window, dropped) : window;
            if (dropped) options.onDropped?.(dropped, ++total);
            wait();
          },
          error: (error: unknown) => {
            pass();
            subscriber.error(error);
          },
          complete: () => {
            pass();
            subscriber.complete();
          },
        }),
      );
    });
}

function marked(window: FrameWindow, dropped: FrameWindow): FrameWindow {
  const { segmentStart } = dropped.target;
  if (!segmentStart || window.target.segmentStart) return window;
  return { ...window, target: { ...window.target, segmentStart } };
}
