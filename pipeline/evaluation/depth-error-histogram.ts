/** Mean AbsRel of the pixels of each stretch of true depth. */
export class DepthErrorHistogram {
  /** Metres of one bar. */
  readonly step: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(maxDepth: number, bars = 16) {
    this.step = maxDepth / bars;
    this.#sums = new Float64Array(bars);
    this.#counts = new Float64Array(bars);
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
