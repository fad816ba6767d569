import { DepthcastError } from '../../frames/index.ts';

/** Milliseconds without an answer, while frames come in, from which on a stream is silent. */
const SILENT_MS = 2500;

/** Notices that frames of a stream come in and none is answered: a hung model, or pictures that are all too old. */
export class Silence {
  readonly #now: () => number;
  /** When the first frame since the last answer came, and the newest one. */
  #since: number | undefined;
  #frameAt = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds of a steady clock; default `performance.now()`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A frame came in. */
  frame(): void {
    this.#frameAt = this.#now();
    this.#since ??= this.#frameAt;
  }

  /** An answer went out, or the stream begins anew. */
  broken(): void {
    this.#since = undefined;
  }

  /**
   * How many milliseconds nothing was answered, where that is too long; `waitMs`: how long a frame waits for those after
   * it. A stream whose frames do not come either is not silent, its source has stalled.
   */
  tooLong(waitMs: number): number | undefined {
    if (this.#since === undefined) return undefined;
    const now = this.#now();
    const limit = SILENT_MS + waitMs;
    const silent = now - this.#since;
    return silent > limit && now - this.#frameAt < limit ? silent : undefined;
  }
}

/** Says of a stream that it was silent for `ms` milliseconds; `dropped`: its frames let go, by `stage/reason`. */
export function silenceFault(ms: number, dropped: Readonly<Record<string, number>>): DepthcastError {
  const [most] = Object.entries(dropped).sort(([, one], [, other]) => other - one)[0] ?? [];
  const where = most ? `; most frames were let go as ${most}` : '';
  return new DepthcastError(
    'model-crashed',
    `Frames come in, but none was answered for ${(ms / 1000).toFixed(1)} s${where}.`,
    { advice: 'The log says what the model waits for.', facts: { dropped } },
  );
}
