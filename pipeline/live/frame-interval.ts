import type { Frame } from '../../frames/index.ts';

/** Share of the newest interval in the mean. */
const FRESH = 0.1;
/** Milliseconds: no camera is faster or, for this purpose, slower. */
const LEAST = 4;
const MOST = 10_000;
/** What is taken for the interval until two frames were seen: 25 frames a second. */
const USUAL = 40;

/** The time between two frames of a stream, as a mean that follows a camera which changes its rate. */
export class FrameInterval {
  #mean = USUAL;
  #isKnown = false;
  #last: number | undefined;

  add({ arrivedAt, segmentStart }: Frame): void {
    if (this.#last !== undefined && !segmentStart) {
      const interval = Math.min(MOST, Math.max(LEAST, arrivedAt - this.#last));
      // The first one says at once that a camera is slow; a burst says nothing yet.
      this.#mean = this.#isKnown ? this.#mean + (interval - this.#mean) * FRESH : Math.max(USUAL, interval);
      this.#isKnown = true;
    }
    this.#last = arrivedAt;
  }

  /** Milliseconds, from 4 to 10 000. */
  get ms(): number {
    return this.#mean;
  }
}
