import type { Frame } from '../../frames/index.ts';

/** Share of the newest interval in the mean. */
const FRESH = 0.1;
/** Milliseconds: no camera is faster or, for this purpose, slower. */
const LEAST = 4;
const MOST = 2000;
/** What is taken for the interval until two frames were seen: 25 frames a second. */
const USUAL = 40;

/** The time between two frames of a stream, as a mean that follows a camera which changes its rate. */
export class FrameInterval {
  #mean = USUAL;
  #last: number | undefined;

  add({ arrivedAt, segmentStart }: Frame): void {
    if (this.#last !== undefined && !segmentStart) {
      const interval = Math.min(MOST, Math.max(LEAST, arrivedAt - this.#last));
      this.#mean += (interval - this.#mean) * FRESH;
    }
    this.#last = arrivedAt;
  }

  /** Milliseconds, from 4 to 2000. */
  get ms(): number {
    return this.#mean;
  }
}
