import type { SettingsStore } from '../settings/settings-store.ts';
import type { PanelActions, SettingsPanel } from './settings-panel.ts';

/** The way to the panel of settings, which is fetched when it is first wanted. */
export class PanelDoor {
  readonly #box: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #store: SettingsStore;
  readonly #actions: PanelActions;
  #panel: Promise<SettingsPanel | undefined> | undefined;

  constructor(box: HTMLElement, button: HTMLButtonElement, store: SettingsStore, actions: Omit<PanelActions, 'close'>) {
    this.#box = box;
    this.#button = button;
    this.#store = store;
    this.#actions = { ...actions, close: () => this.#close() };
    // Opened by keyboard, the next Tab leads into it, and Escape back out of it.
    box.tabIndex = -1;
    button.addEventListener('click', () => this.toggle());
    box.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.#close();
    });
  }

  toggle(): void {
    const isOpen = this.#box.hidden !== false;
    this.#box.hidden = !isOpen;
    this.#button.ariaExpanded = String(isOpen);
    if (isOpen) this.#box.focus({ preventScroll: true });
    this.#panel ??= import('./settings-panel.ts').then(
      ({ SettingsPanel: Panel }) => new Panel(this.#box, this.#store, this.#actions),
      () => {
        this.#box.textContent = 'The settings did not arrive from the server. Load the page again when it is back.';
        return undefined;
      },
    );
    if (isOpen) void this.#panel.then((panel) => panel?.open());
  }

  #close(): void {
    if (this.#box.hidden) return;
    this.toggle();
    this.#button.focus();
  }
}
