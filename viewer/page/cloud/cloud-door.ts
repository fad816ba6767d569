import type { DisplayRange } from '../colours/colour-range.ts';
import type { Settings } from '../settings/settings.ts';
import type { ShownFrame } from '../stream/stream-feed.ts';
import type { CloudView } from './cloud-view.ts';

/** The way to the 3-D view, which is fetched when it is first wanted: most of the page's bytes are its. */
export class CloudDoor {
  view: CloudView | undefined;
  readonly #box: HTMLElement;
  readonly #onReady: () => void;
  #isActive = false;
  #isFetching = false;

  constructor(box: HTMLElement, onReady: () => void) {
    this.#box = box;
    this.#onReady = onReady;
  }

  activate(isActive: boolean, settings: Settings): void {
    this.#isActive = isActive;
    this.view?.activate(isActive);
    if (isActive && !this.view && !this.#isFetching) void this.#fetch(settings);
  }

  show(shown: ShownFrame, range: DisplayRange): void {
    if (this.#isActive) this.view?.show(shown, range);
  }

  suit(settings: Settings): void {
    this.view?.suit(settings);
  }

  async #fetch(settings: Settings): Promise<void> {
    this.#isFetching = true;
    const note = this.#box.querySelector('.cloud-note')!;
    note.textContent = 'Loading the 3-D view';
    const code = await import('./cloud-view.ts').catch(() => undefined);
    if (code) {
      try {
        this.view = new code.CloudView(this.#box, settings);
        this.view.activate(this.#isActive);
        note.textContent = '';
        this.#onReady();
      } catch {
        note.textContent = 'The 3-D view needs WebGL 2, which this browser does not offer.';
      }
    } else note.textContent = 'The 3-D view did not arrive from the server. Load the page again when it is back.';
    this.#isFetching = false;
  }
}
