import { Observable, type OperatorFunction } from 'rxjs';
import { DepthcastError, type Frame, type FrameWindow, type WindowGap } from '../frames/index.ts';

/** How {@link slidingWindow} gathers frames. */
export interface SlidingWindowOptions {
  /** Context offsets in frames, whole numbers, each once; 0 is the target and may be named. Causal: negative ones only. */
  readonly offsets: readonly number[];
  /**
   * What becomes of a target that lacks a context frame: `emit` = a window with `gap` and holes; `skip` = no window;
   * `repeat` = the nearest frame of the stretch stands in, as the data loader of TC-Depth does. Default `emit`.
   */
  readonly edges?: 'emit' | 'skip' | 'repeat' | undefined;
}

/**
 * Gathers each frame, once and in order, as the target of a window with its context frames.
 *
 * No window reaches across a `segmentStart`: targets waiting before it are emitted with what they have and the cut as
 * their `gap`, and so are the first ones after it; the ends of the stream are `window-not-full`. A target is emitted
 * when the frame of its largest offset arrives, so positive offsets cost that many frames of delay. Holds as many
 * frames as the offsets span. On completion and on error the waiting targets are emitted first.
 *
 * Throws `option-invalid` at once for offsets that are not whole or not unique.
 */
export function slidingWindow(options: SlidingWindowOptions): OperatorFunction<Frame, FrameWindow> {
  const { offsets: given, edges = 'emit' } = options;
  if (given.some((offset) => !Number.isInteger(offset)) || new Set(given).size !== given.length) {
    throw new DepthcastError('option-invalid', `The window offsets ${given.join(',')} are not usable.`, {
      advice: 'Give whole numbers, each once, such as -1,0,1.',
      facts: { offsets: given },
    });
  }
  // `+ 0` makes a plain 0 of -0.
  const offsets = Object.freeze(given.filter((offset) => offset !== 0).map((offset) => offset + 0));
  const past = -Math.min(0, ...offsets);
  const ahead = Math.max(0, ...offsets);

  return (source) =>
    new Observable<FrameWindow>((subscriber) => {
      /** Frames of the present stretch that a target still needs; `frames[target]` is the next target. */
      let frames: Frame[] = [];
      let target = 0;
      let startedBy: WindowGap = 'window-not-full';

      const emit = (endedBy: WindowGap): void => {
        const context: (Frame | undefined)[] = [];
        let gap: WindowGap | undefined;
        for (const offset of offsets) {
          const at = target + offset;
          let frame = frames[at];
          if (!frame && edges === 'repeat') frame = frames[at < 0 ? 0 : frames.length - 1];
          if (!frame) gap ??= at < 0 ? startedBy : endedBy;
          context.push(frame);
        }
        const window = { target: frames[target] as Frame, offsets, context, ...(gap && { gap }) };
        // State first: an emission may bring the next frame in.
        if (target < past) target++;
        else frames.shift();
        if (!gap || edges === 'emit') subscriber.next(window);
      };

      const flush = (endedBy: WindowGap): void => {
        while (target < frames.length && !subscriber.closed) emit(endedBy);
      };

      subscriber.add(() => {
        frames = [];
      });
      subscriber.add(
        source.subscribe({
          next: (frame) => {
            if (frame.segmentStart) {
              flush(frame.segmentStart);
              frames = [];
              target = 0;
              startedBy = frame.segmentStart;
            }
            frames.push(frame);
            if (frames.length - 1 - target >= ahead) emit('window-not-full');
          },
          error: (error: unknown) => {
            flush('window-not-full');
            subscriber.error(error);
          },
          complete: () => {
            flush('window-not-full');
            subscriber.complete();
          },
        }),
      );
    });
}
