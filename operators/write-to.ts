import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { DepthcastError, type DepthFrame } from '../frames/index.ts';
import type { DepthSink } from './depth-sink.ts';
import { SinkQueue } from './flow/sink-queue.ts';

/** How {@link writeTo} feeds its sinks. */
export interface WriteToOptions {
  /** Frames that may wait for one sink beyond the one it is writing, at least 1; when they do, the flow is held. Default 4. */
  readonly ahead?: number | undefined;
  /** Called once for a sink whose `write` or `close` failed; the other sinks go on without it. */
  readonly onSinkError?: ((error: unknown, sink: DepthSink) => void) | undefined;
}

/**
 * Gives each depth frame to every sink, in order, one write at a time a sink, and passes it on at once.
 *
 * Each sink has a queue of its own; a queue that is full holds the flow. A failing sink ends alone: it is closed and
 * told to `onSinkError`; only when none is left does the stream fail, with the last one's error. When the source ends
 * or fails, what was passed is written and all sinks are closed before the end or the error passes. Unsubscribing
 * drops what still waits and closes each sink after the write under way; to end early and keep everything, end the
 * source instead.
 */
export function writeTo(
  sinks: DepthSink | readonly DepthSink[],
  options: WriteToOptions = {},
): MonoTypeOperatorFunction<DepthFrame> {
  const all = 'write' in sinks ? [sinks] : sinks;
  const { ahead = 4, onSinkError } = options;
  if (!Number.isInteger(ahead) || ahead < 1) {
    throw new DepthcastError('option-invalid', `A queue of ${ahead} frames is not usable.`, {
      advice: 'Give a whole number from 1.',
    });
  }

  return (source) =>
    new Observable<DepthFrame>((subscriber) => {
      let alive = all.length;
      const queues = all.map(
        (sink) =>
          new SinkQueue(sink, ahead, (error) => {
            onSinkError?.(error, sink);
            if (--alive === 0) subscriber.error(error);
          }),
      );
      const finish = (end: () => void): void => {
        Promise.all(queues.map((queue) => queue.finish())).then(end);
      };

      subscriber.add(() => {
        for (const queue of queues) queue.abandon();
      });
      subscriber.add(
        source.subscribe({
          next: (frame) => {
            for (const queue of queues) queue.push(frame);
            subscriber.next(frame);
          },
          error: (error: unknown) => finish(() => subscriber.error(error)),
          complete: () => finish(() => subscriber.complete()),
        }),
      );
    });
}
