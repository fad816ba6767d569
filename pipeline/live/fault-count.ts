/** Failures of the model within {@link SPAN_MS} from which on a stream counts as degraded. */
const MANY = 3;
/** A minute, in milliseconds. */
const SPAN_MS = 60_000;

/** Failures of the last minute. */
export class FaultCount {
  readonly #now: () => number;
  #times: number[] = [];
  #total = 0;

  /** `now`: milliseconds of a steady clock; default `performance.now()`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(): void {
    this.#total++;
    this.#times.push(this.#now());
    // More than the newest few say nothing new.
    if (this.#times.length > MANY) this.#times.shift();
  }

  /** Failures since the beginning. */
  get total(): number {
    return this.#total;
  }

  /** Whether there were three or more within the last minute. */
  get isMany(): boolean {
    return this.#times.length >= MANY && this.#now() - this.#times[0]! < SPAN_MS;
  }
}
