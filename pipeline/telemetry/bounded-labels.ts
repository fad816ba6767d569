/**
 * Label values of one metric, kept to a number: a Prometheus server pays for each new one for ever, so whatever an
 * input could invent (reasons, names, error codes) must not be able to make more than `most` of them.
 */
export class BoundedLabels {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The value itself, cut to 64 characters, or `other` once there are enough of them. */
  take(value: string): string {
    const label = value.slice(0, 64);
    if (this.#known.has(label)) return label;
    if (this.#known.size >= this.#most) return 'other';
    this.#known.add(label);
    return label;
  }

  /** Makes room again for a value that no longer occurs. */
  forget(value: string): void {
    this.#known.delete(value.slice(0, 64));
  }
}
