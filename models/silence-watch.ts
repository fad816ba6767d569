/**
 * Tells where somebody who was asked says nothing for too long.
 *
 * Time in which this process itself stood still (stopped by Ctrl-Z, a machine that slept) is no silence: it counts as one
 * look at most.
 */
export class SilenceWatch {
  readonly #limitMs: number;
  readonly #everyMs: number;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `onSilence` is called after `limitMs` of waiting without a word, once until something is heard again. */
  constructor(limitMs: number, onSilence: () => void) {
    this.#limitMs = limitMs;
    this.#everyMs = Math.max(1, Math.min(1000, limitMs / 4));
    this.#onSilence = onSilence;
  }

  /** Somebody was asked: the time begins, where it does not run already. */
  asked(): void {
    if (this.#timer) return;
    let silentMs = 0;
    let looked = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      silentMs += Math.min(now - looked, 2 * this.#everyMs);
      looked = now;
      if (silentMs < this.#limitMs) return;
      clearInterval(this.#timer);
      this.#onSilence();
    }, this.#everyMs);
    this.#timer.unref();
  }

  /** Something was heard; the time begins again where `more` is waited for. */
  heard(more: boolean): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (more) this.asked();
  }
}
