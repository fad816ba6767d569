import type { DepthFrame } from '../../frames/index.ts';
import type { DepthSink } from '../depth-sink.ts';
import { Brake } from './brake.ts';

/**
 * The bounded queue in front of one sink: one write at a time, in order, holding the flow while `ahead` wait.
 *
 * `onError` is called once, for the first `write` or `close` that fails; from then on frames are ignored.
 */
export class SinkQueue {
  readonly #sink: DepthSink;
  readonly #ahead: number;
  readonly #onError: (error: unknown) => void;
  readonly #brake = new Brake();
  #waiting: DepthFrame[] = [];
  #working: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #failed = false;

  constructor(sink: DepthSink, ahead: number, onError: (error: unknown) => void) {
    this.#sink = sink;
    this.#ahead = ahead;
    this.#onError = onError;
  }

  push(frame: DepthFrame): void {
    if (this.#closed) return;
    this.#waiting.push(frame);
    // First, since an idle sink takes the frame out of the queue at once.
    this.#working ??= this.#work();
    if (this.#waiting.length >= this.#ahead) this.#brake.hold(frame.frame.flow);
  }

  /** Resolves once everything pushed is written and the sink is closed; never rejects. */
  finish(): Promise<void> {
    this.#closed ??= (this.#working ?? Promise.resolve()).then(() => this.#close());
    return this.#closed;
  }

  /** Forgets what waits and closes the sink after the write under way. */
  abandon(): void {
    this.#waiting = [];
    this.#brake.release();
    this.finish();
  }

  async #work(): Promise<void> {
    try {
      for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) {
        if (this.#waiting.length < this.#ahead) this.#brake.release();
        await this.#sink.write(frame);
      }
      this.#working = undefined;
    } catch (error) {
      this.#fail(error);
      this.abandon();
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#sink.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#onError(error);
  }
}
