import type { FallbackReason } from '../../frames/index.ts';

/** Good answers in a row that are wanted after a fault, at first and at most. */
const FIRST = 3;
const MOST = 12;
/** A model that went this many answers without a fault is trusted as if it never had one. */
const CALM = 30;

/**
 * Damps flapping between two models: after a fault of the first one it is trusted again from its 3rd good answer in a
 * row on; each further fault within 30 good answers doubles that, up to 12.
 *
 * Faults are `inference-error`, `over-budget` and `model-unavailable`: they come in swarms. A window that was not full, a
 * cut and a gap in time say nothing about the model, and end by themselves.
 */
export class SteadyReturn {
  #wanted = FIRST;
  #good = Number.POSITIVE_INFINITY;
  #reason: FallbackReason | undefined;

  /** Hears of a window without an answer. */
  missed(reason: FallbackReason): void {
    if (reason !== 'inference-error' && reason !== 'over-budget' && reason !== 'model-unavailable') return;
    if (this.#good >= CALM) this.#wanted = FIRST;
    // One relapse is one, however many windows it takes.
    else if (this.#good > 0) this.#wanted = Math.min(MOST, 2 * this.#wanted);
    this.#good = 0;
    this.#reason = reason;
  }

  /** Hears of a good answer; tells why it had better not be used, `undefined` where it may. */
  answered(): FallbackReason | undefined {
    this.#good++;
    return this.#good < this.#wanted ? this.#reason : undefined;
  }
}
