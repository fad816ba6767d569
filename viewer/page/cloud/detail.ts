/** Slower than this between two pictures and the cloud is thinned, in milliseconds; faster and it grows dense again. */
const SLOW_MS = 36;
const FAST_MS = 19;

/** Pictures in a row that must be slow, or fast, before anything changes. */
const SLOW_COUNT = 3;
const FAST_COUNT = 60;

/** Most that the cloud is thinned: every so many pixels of every so many rows. */
const COARSEST = 4;

/**
 * How densely the cloud is drawn while it moves: every pixel where the machine keeps up, fewer where it does not. What
 * stands still is always drawn in full.
 */
export class Detail {
  /** Every so many pixels of every so many rows while it moves. */
  stride = 1;
  #slow = 0;
  #fast = 0;

  /** Takes note of the milliseconds between two pictures of a movement. */
  note(intervalMs: number): void {
    this.#slow = intervalMs > SLOW_MS ? this.#slow + 1 : 0;
    this.#fast = intervalMs < FAST_MS ? this.#fast + 1 : 0;
    if (this.#slow >= SLOW_COUNT && this.stride < COARSEST) this.#change(1);
    else if (this.#fast >= FAST_COUNT && this.stride > 1) this.#change(-1);
  }

  #change(by: number): void {
    this.stride += by;
    this.#slow = 0;
    this.#fast = 0;
  }
}
