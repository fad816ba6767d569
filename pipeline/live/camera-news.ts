import type { CameraStatus } from '../sources/frame-source.ts';
import type { LiveLog } from './stream-plan.ts';

/** Milliseconds between two complaints about the same fault of a camera; those in between are for who looks for faults. */
const SAY_AGAIN_AFTER = 10_000;

/** Tells the log how the camera of a stream does, without a line for each of the many tries to reach one that is away. */
export class CameraNews {
  readonly #stream: string;
  readonly #log: LiveLog;
  readonly #now: () => number;
  #said: { readonly code: string; readonly at: number } | undefined;

  /** `now`: milliseconds of a steady clock; default `performance.now()`. */
  constructor(stream: string, log: LiveLog, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#log = log;
    this.#now = now;
  }

  /** The camera is in another state, or has another fault. */
  tell({ state, fault, nextTryInMs }: CameraStatus): void {
    const stream = this.#stream;
    const facts = { stream, state, ...(fault && { code: fault.code }), ...(nextTryInMs && { nextTryInMs }) };
    if (!fault || state === 'live') {
      this.#said = undefined;
      this.#log.info(facts, `${stream}: ${state}`);
      return;
    }
    const next = nextTryInMs === undefined ? '' : `; next try in ${(nextTryInMs / 1000).toFixed(1)} s`;
    const sentence = `${stream}: ${fault.message.replace(/\.$/, '')}${next}`;
    const now = this.#now();
    const isNew = this.#said?.code !== fault.code || now - this.#said.at >= SAY_AGAIN_AFTER;
    // That it is tried again says nothing new; how that ends is told next.
    if (state === 'connecting' || !isNew) {
      this.#log.debug(facts, sentence);
      return;
    }
    this.#said = { code: fault.code, at: now };
    this.#log.warn(facts, sentence);
  }
}
