import type { Playback } from '../stream/playback.ts';

/** Pause, steps, and the slider over the last ten seconds. */
export class Transport {
  readonly #bar: HTMLElement;
  readonly #playback: Playback;
  readonly #slider: HTMLInputElement;
  readonly #text: HTMLElement;
  readonly #toggle: HTMLButtonElement;

  constructor(bar: HTMLElement, playback: Playback) {
    this.#bar = bar;
    this.#playback = playback;
    this.#slider = bar.querySelector('input')!;
    this.#text = bar.querySelector('.transport-text')!;
    this.#toggle = this.#button('toggle');
    this.#toggle.addEventListener('click', () => playback.toggle());
    this.#button('back').addEventListener('click', () => playback.step(-1));
    this.#button('forward').addEventListener('click', () => playback.step(1));
    this.#slider.addEventListener('input', () => {
      const { span } = playback;
      if (span) playback.seek(span.from + (span.to - span.from) * Number(this.#slider.value));
    });
  }

  /** Writes where the page is. */
  show(): void {
    const { span, position, isPaused } = this.#playback;
    this.#bar.dataset['paused'] = String(isPaused);
    this.#toggle.ariaLabel = isPaused ? 'Go on live' : 'Pause';
    this.#toggle.title = `${this.#toggle.ariaLabel} (space)`;
    const length = span ? span.to - span.from : 0;
    const share = position === undefined || length === 0 ? 1 : (position - span!.from) / length;
    if (document.activeElement !== this.#slider || !isPaused) this.#slider.value = String(share);
    const behind = position === undefined ? 0 : (span!.to - position) / 1000;
    const text = isPaused ? `−${behind.toFixed(2)} s` : `${(length / 1000).toFixed(0)} s kept`;
    this.#slider.setAttribute('aria-valuetext', isPaused ? `${behind.toFixed(2)} seconds back` : 'live');
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  #button(name: string): HTMLButtonElement {
    return this.#bar.querySelector<HTMLButtonElement>(`[data-transport="${name}"]`)!;
  }
}
