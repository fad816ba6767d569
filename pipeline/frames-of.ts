import { Observable } from 'rxjs';
import type { Frame } from '../frames/index.ts';
import type { Camera, CameraReadOptions, FrameSource, ReadOptions } from './sources/frame-source.ts';

/**
 * Frames of a source as an observable that is honest about back-pressure.
 *
 * RxJS pushes, so finite footage is emitted one frame at a time and only while nobody holds the frame's `flow`; the
 * decoder then stalls on its pipe and memory stays bounded however long the video. A camera never waits.
 * Unsubscribing ends the decoder. Errors arrive after every frame that was decoded before them.
 *
 * With `live` footage does not wait either. It needs a pace of its own then (`realTime`) and `keepLatest` behind it: else
 * frames gather without end.
 */
export function framesOf(source: Camera, options: CameraReadOptions): Observable<Frame>;
export function framesOf(
  source: FrameSource,
  options: ReadOptions,
  how?: { readonly live?: boolean },
): Observable<Frame>;
export function framesOf(
  source: FrameSource,
  options: ReadOptions | CameraReadOptions,
  { live = source.info.live }: { readonly live?: boolean } = {},
): Observable<Frame> {
  return new Observable<Frame>((subscriber) => {
    const iterator = source.frames(options as ReadOptions)[Symbol.asyncIterator]();
    let cancelWait = () => {};

    const free = (frame: Frame): Promise<void> =>
      new Promise((resolve) => {
        const ask = (): void => {
          // Another waiter may have filled the queue between the release and this call, hence the loop.
          if (subscriber.closed || !frame.flow.held) resolve();
          else cancelWait = frame.flow.whenFree(ask);
        };
        ask();
      });

    const pump = async (): Promise<void> => {
      while (!subscriber.closed) {
        const next = await iterator.next();
        if (next.done) return;
        if (!live) await free(next.value);
        subscriber.next(next.value);
      }
    };

    pump().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );

    return () => {
      cancelWait();
      // A decoder that will not end is reported by its own room; there is nobody left here to tell.
      iterator.return?.().catch(() => {});
    };
  });
}
