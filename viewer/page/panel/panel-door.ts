import type { SettingsStore } from '../settings/settings-store.ts';
import type { PanelActions, SettingsPanel } from './settings-panel.ts';

/** The way to the panel of settings, which is fetched when it is first wanted. */
export class PanelDoor {
  readonly #box: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #store: SettingsStore;
  readonly #actions: PanelActions;
  #panel: Promise<SettingsPanel> | undefined;

  constructor(box: HTMLElement, button: HTMLButtonElement, store: SettingsStore, actions: PanelActions) {
    this.#box = box;
    this.#button = button;
    this.#store = store;
    this.#actions = actions;
    button.addEventListener('click', () => this.toggle());
  }

  toggle(): void {
    const isOpen = this.#box.hidden !== false;
    this.#box.hidden = !isOpen;
    this.#button.ariaExpanded = String(isOpen);
    this.#panel ??= import('./settings-panel.ts').then(
      ({ SettingsPanel: Panel }) => new Panel(this.#box, this.#store, this.#actions),
    );
  }
}
