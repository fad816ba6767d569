import type { Frame } from '../../frames/index.ts';
import type { FrameSource } from '../sources/frame-source.ts';

/**
 * The same source with each frame shown to `each` at the moment it is handed over, and replaced by what that answers.
 *
 * It sits at the iteration and not behind it, since a frame that is handed over in the moment in which the stream is
 * stopped reaches nobody else: it would be lost uncounted.
 */
export function tapped<Source extends FrameSource>(source: Source, each: (frame: Frame) => Frame): Source {
  const frames = (options: Parameters<Source['frames']>[0]): AsyncIterable<Frame> => {
    const inner = source.frames(options as never)[Symbol.asyncIterator]();
    const shown = async (): Promise<IteratorResult<Frame>> => {
      const next = await inner.next();
      return next.done ? next : { done: false, value: each(next.value) };
    };
    return {
      [Symbol.asyncIterator]: () => ({
        next: shown,
        return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
      }),
    };
  };
  return { ...source, info: source.info, frames };
}
