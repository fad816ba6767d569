import type { Frame } from '../../../frames/index.ts';

/** Frames that wait before the oldest is let go. */
const LONGEST = 8;

/** Between a camera, which never waits, and a reader, who may: a few frames, of which the oldest go first. */
export class FrameQueue {
  readonly #letGo: (reason: string) => void;
  readonly #tooOld: (frame: Frame) => boolean;
  readonly #taken: () => void;
  readonly #frames: Frame[] = [];
  readonly #readers: {
    resolve: (result: IteratorResult<Frame, undefined>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  #left: number;
  #over = false;
  #error: { readonly error: unknown } | undefined;

  /**
   * @param maxFrames after so many the queue closes itself
   * @param tooOld asked when a frame is about to be handed over
   * @param letGo told of each frame that is not handed over
   * @param taken told of each that is
   */
  constructor(
    maxFrames: number,
    tooOld: (frame: Frame) => boolean,
    letGo: (reason: string) => void,
    taken: () => void,
  ) {
    this.#left = maxFrames;
    this.#tooOld = tooOld;
    this.#letGo = letGo;
    this.#taken = taken;
  }

  push(frame: Frame): void {
    if (this.#over) {
      this.#letGo('closed');
      return;
    }
    this.#frames.push(frame);
    if (this.#frames.length > LONGEST) {
      this.#frames.shift();
      this.#letGo('not-taken');
    }
    this.#serve();
  }

  /** The next frame; waits for one. Rejects once where the stream failed. */
  next(): Promise<IteratorResult<Frame, undefined>> {
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#serve();
    });
  }

  /** True once no more frames are taken. */
  get over(): boolean {
    return this.#over;
  }

  /** Lets go what waits and answers everybody who asks with the end, or once with `error`. */
  close(failure?: { readonly error: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = failure;
    for (const _ of this.#frames.splice(0)) this.#letGo('closed');
    this.#serve();
  }

  #serve(): void {
    while (this.#readers.length > 0) {
      const frame = this.#frames.shift();
      if (frame && this.#tooOld(frame)) {
        this.#letGo('stale');
      } else if (frame) {
        this.#taken();
        this.#readers.shift()!.resolve({ done: false, value: frame });
        if (--this.#left <= 0) this.close();
      } else if (this.#over) {
        const reader = this.#readers.shift()!;
        const failure = this.#error;
        this.#error = undefined;
        if (failure) reader.reject(failure.error);
        else reader.resolve({ done: true, value: undefined });
      } else return;
    }
  }
}
