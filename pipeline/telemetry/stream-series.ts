/** The part of prom-client's counters and histograms that is used here. */
interface LabelledMetric<Child> {
  labels(...values: string[]): Child;
  remove(...values: string[]): void;
}

/** All series of one stream in one metric, whose first label is the stream; what was made can be taken out again. */
export class StreamSeries<Child> {
  readonly #metric: LabelledMetric<Child>;
  readonly #stream: string;
  readonly #made = new Map<string, { readonly child: Child; readonly labels: readonly string[] }>();

  constructor(metric: LabelledMetric<Child>, stream: string) {
    this.#metric = metric;
    this.#stream = stream;
  }

  /** The series with these values of the labels after the first. */
  at(...labels: string[]): Child {
    const key = labels.join('\n');
    let series = this.#made.get(key);
    if (!series) {
      series = { child: this.#metric.labels(this.#stream, ...labels), labels };
      this.#made.set(key, series);
    }
    return series.child;
  }

  /** Takes them all out of the metric. */
  remove(): void {
    for (const { labels } of this.#made.values()) this.#metric.remove(this.#stream, ...labels);
    this.#made.clear();
  }
}
