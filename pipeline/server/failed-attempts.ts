/** Addresses that are remembered at least; at most twice as many are. */
const ADDRESSES = 5000;

interface Entry {
  count: number;
  readonly since: number;
}

/** Counts wrong tokens by address: after `most` of them in `perMs` milliseconds further wrong ones have to wait. */
export class FailedAttempts {
  readonly #most: number;
  readonly #perMs: number;
  #recent = new Map<string, Entry>();
  /** Those that failed before the recent ones; they are forgotten all at once, which costs nothing. */
  #earlier = new Map<string, Entry>();

  constructor(most = 10, perMs = 60_000) {
    this.#most = most;
    this.#perMs = perMs;
  }

  /** Seconds an address has to wait, 0 if none. */
  waitOf(address: string): number {
    const entry = this.#entryOf(address);
    if (!entry || entry.count < this.#most) return 0;
    return Math.max(0, Math.ceil((entry.since + this.#perMs - performance.now()) / 1000));
  }

  /** A wrong token came from there. */
  add(address: string): void {
    const now = performance.now();
    const known = this.#entryOf(address);
    const entry = known && now - known.since < this.#perMs ? known : { count: 0, since: now };
    entry.count++;
    this.#recent.set(address, entry);
    if (this.#recent.size < ADDRESSES) return;
    this.#earlier = this.#recent;
    this.#recent = new Map();
  }

  #entryOf(address: string): Entry | undefined {
    return this.#recent.get(address) ?? this.#earlier.get(address);
  }
}
