import type { DepthMessage } from '../../../frames/wire.ts';

/** A message as it came, and when (`performance.now()`). Its picture and depth are still packed. */
export interface KeptMessage {
  readonly message: DepthMessage;
  readonly arrivedAt: number;
  /** Bytes it holds on to. */
  readonly bytes: number;
}

/** How much {@link MessageHistory} keeps. */
export interface HistoryBounds {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** The last seconds of a stream as packed messages, bounded in time and in memory; the newest is always kept. */
export class MessageHistory {
  readonly #bounds: HistoryBounds;
  #kept: KeptMessage[] = [];
  #bytes = 0;

  constructor(bounds: HistoryBounds = { milliseconds: 10_000, bytes: 48e6 }) {
    this.#bounds = bounds;
  }

  /** Bytes held by now. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#kept.length;
  }

  get newest(): KeptMessage | undefined {
    return this.#kept.at(-1);
  }

  get oldest(): KeptMessage | undefined {
    return this.#kept[0];
  }

  add(kept: KeptMessage): void {
    this.#kept.push(kept);
    this.#bytes += kept.bytes;
    let gone = 0;
    while (gone < this.#kept.length - 1) {
      const { arrivedAt, bytes } = this.#kept[gone]!;
      if (kept.arrivedAt - arrivedAt <= this.#bounds.milliseconds && this.#bytes <= this.#bounds.bytes) break;
      this.#bytes -= bytes;
      gone++;
    }
    if (gone > 0) this.#kept.splice(0, gone);
  }

  /** The message that was on the screen at a time: the newest that had come by then, else the oldest. */
  at(time: number): KeptMessage | undefined {
    return this.#kept.findLast(({ arrivedAt }) => arrivedAt <= time) ?? this.#kept[0];
  }

  /** The message `steps` after (or before) the one at a time, held at the ends. */
  step(time: number, steps: number): KeptMessage | undefined {
    const here = this.at(time);
    if (!here) return undefined;
    const index = this.#kept.indexOf(here) + steps;
    return this.#kept[Math.min(this.#kept.length - 1, Math.max(0, index))];
  }

  clear(): void {
    this.#kept = [];
    this.#bytes = 0;
  }
}
