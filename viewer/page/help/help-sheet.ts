import type { Shortcut } from './shortcuts.ts';

/** Fills the help sheet with the shortcuts and gives back what opens and closes it. */
export function helpSheet(dialog: HTMLDialogElement, shortcuts: readonly Shortcut[]): () => void {
  const list = dialog.querySelector('dl')!;
  for (const { keys, shown, does } of shortcuts) {
    const term = document.createElement('dt');
    for (const name of (shown ?? keys[0]!).split(' ')) {
      const key = document.createElement('kbd');
      key.textContent = name;
      term.append(key);
    }
    const description = document.createElement('dd');
    description.textContent = does;
    const pair = document.createElement('div');
    pair.append(term, description);
    list.append(pair);
  }
  dialog.querySelector('button')!.addEventListener('click', () => dialog.close());
  // A press beside the sheet closes it.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('keydown', (event) => {
    if (event.key === '?') dialog.close();
  });
  return () => (dialog.open ? dialog.close() : dialog.showModal());
}
