/** The handle between picture and depth in the swipe view: dragged, or moved by the arrow keys. */
export class Swipe {
  readonly #pair: HTMLElement;
  readonly #handle: HTMLElement;
  #share = 0.5;

  constructor(pair: HTMLElement, handle: HTMLElement) {
    this.#pair = pair;
    this.#handle = handle;
    handle.addEventListener('pointerdown', (event) => {
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
      handle.focus();
    });
    handle.addEventListener('pointermove', (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = pair.getBoundingClientRect();
      this.#move((event.clientX - box.left) / box.width);
    });
    handle.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
      if (step === undefined) return;
      this.#move(this.#share + step);
      event.preventDefault();
      event.stopPropagation();
    });
    this.#move(0.5);
  }

  #move(share: number): void {
    this.#share = Math.min(1, Math.max(0, share));
    const percent = (this.#share * 100).toFixed(1);
    this.#pair.style.setProperty('--swipe', `${percent}%`);
    this.#handle.ariaValueNow = String(Math.round(this.#share * 100));
  }
}
