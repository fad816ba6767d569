/** All that a {@link DepthErrorHistogram} remembers, an entry a bar. */
export interface HistogramState {
  readonly sums: readonly number[];
  readonly counts: readonly number[];
}

/** Mean AbsRel of the pixels of each stretch of true depth. */
export class DepthErrorHistogram {
  /** Metres of one bar. */
  readonly step: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(maxDepth: number, bars = 16, state?: HistogramState) {
    this.step = maxDepth / bars;
    this.#sums = Float64Array.from(state?.sums ?? new Array(bars).fill(0));
    this.#counts = Float64Array.from(state?.counts ?? new Array(bars).fill(0));
  }

  /** What it holds by now, to go on from. */
  get state(): HistogramState {
    return { sums: [...this.#sums], counts: [...this.#counts] };
  }

  add(truth: number, predicted: number): void {
    const bar = Math.min(this.#sums.length - 1, Math.floor(truth / this.step));
    this.#sums[bar]! += Math.abs(predicted - truth) / truth;
    this.#counts[bar]!++;
  }

  /** One entry a bar; `undefined` where no pixel was. */
  means(): (number | undefined)[] {
    return Array.from(this.#sums, (sum, i) => (this.#counts[i]! > 0 ? sum / this.#counts[i]! : undefined));
  }
}
