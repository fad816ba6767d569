/** Measurements the smoothing reaches back. */
const REACH = 30;
/** Measurements after which one may not differ by more than … */
const SETTLED = 5;
/** … this from what is known; it counts as if it differed so much, and no more. In logarithms: about 10 %. */
const MOST = 0.1;

/**
 * A scale measured again and again: the mean of the logarithms of the first 30 measurements, then a running mean that
 * reaches back about as many; single ones that are far off move it by a third of a percent at most.
 */
export class SmoothedScale {
  #log = 0;
  #count = 0;

  /** `undefined` before the first measurement. */
  get value(): number | undefined {
    return this.#count === 0 ? undefined : Math.exp(this.#log);
  }

  /** Takes a measurement in; one that is not a positive number is passed over. */
  add(scale: number): void {
    const log = Math.log(scale);
    if (!Number.isFinite(log)) return;
    this.#count++;
    const off = log - this.#log;
    const counted = this.#count > SETTLED ? Math.max(-MOST, Math.min(MOST, off)) : off;
    this.#log += counted / Math.min(this.#count, REACH);
  }
}
