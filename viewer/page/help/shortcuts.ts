/** A key and what it does. */
export interface Shortcut {
  /** As `KeyboardEvent.key` has it. */
  readonly keys: readonly string[];
  /** As a person reads it; the key itself by default. */
  readonly shown?: string;
  readonly does: string;
  readonly run: () => void;
}

/** Where somebody types, or letters choose. A press on a view or on the slider leaves the keys to the page. */
const TYPING = 'textarea, select, dialog, input:not([type="radio"], [type="range"])';

/** Runs shortcuts wherever nobody types; `isOn` turns them off for those whom single keys trip up (WCAG 2.1.4). */
export function listenForShortcuts(shortcuts: readonly Shortcut[], isOn: () => boolean): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (target instanceof HTMLElement && target.closest(TYPING)) return;
    // Home is the slider's own way to its start.
    if (event.key === 'Home' && target instanceof HTMLElement && target.closest('[type="range"]')) return;
    // Space and Enter on a button press the button.
    if (
      (event.key === ' ' || event.key === 'Enter') &&
      target instanceof HTMLElement &&
      target.closest('button, summary')
    )
      return;
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (!shortcut || !(isOn() || event.key === '?')) return;
    event.preventDefault();
    shortcut.run();
  });
}
