import type { App } from './app.ts';
import { helpSheet } from './help/help-sheet.ts';
import { listenForShortcuts, type Shortcut } from './help/shortcuts.ts';
import { PanelDoor } from './panel/panel-door.ts';
import { CHOICES, type Settings } from './settings/settings.ts';
import type { SnapshotKind } from './snapshot/snapshots.ts';

const find = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector)!;

/** Connects buttons, menus and keys with the page. */
export function connectControls(app: App): void {
  const { store, playback } = app;
  const panel = new PanelDoor(find('#panel'), find<HTMLButtonElement>('#settings'), store, {
    resetView: () => app.cloud.view?.reset(),
  });
  viewSwitch(app);
  const ruler = find<HTMLButtonElement>('#ruler');
  const toggleRuler = () => {
    const { isOn } = app.pair.ruler;
    app.pair.ruler.toggle(!isOn);
    ruler.setAttribute('aria-pressed', String(!isOn));
    find('#stage').toggleAttribute('data-ruler', !isOn);
    if (!isOn) {
      const { view } = store.now;
      if (view === 'cloud' || view === 'grid') store.set({ view: 'side' });
      notice('Ruler: press or drag on the picture, or place its ends with Enter.');
    }
  };
  const snapshot = (kind: SnapshotKind) => void app.snapshot(kind).then((fault) => fault && notice(fault));
  const menu = find<HTMLDetailsElement>('#snapshots');
  for (const button of menu.querySelectorAll<HTMLButtonElement>('[data-snapshot]')) {
    button.addEventListener('click', () => {
      menu.open = false;
      snapshot(button.dataset['snapshot'] as SnapshotKind);
    });
  }
  menu.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary')!.focus();
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (!menu.contains(target as Node)) menu.open = false;
  });
  const toggle = (name: 'map' | 'scale' | 'cloudColour' | 'theme') => {
    const choices = CHOICES[name] as readonly string[];
    const next = choices[(choices.indexOf(store.now[name]) + 1) % choices.length];
    store.set({ [name]: next } as Partial<Settings>);
  };
  const nextLooks = () => {
    toggle('theme');
    const { theme } = store.now;
    // Where the system is dark already, the next choice would change nothing that can be seen.
    notice(theme === 'auto' ? 'Looks: as the system' : `Looks: ${theme}`);
  };
  const show = (view: Settings['view']) => () => store.set({ view });
  const approach = (isNearer: boolean) => () => {
    if (store.now.view === 'cloud') app.cloud.view?.approach(isNearer);
  };
  const shortcuts: readonly Shortcut[] = [
    { keys: ['1'], does: 'side by side', run: show('side') },
    { keys: ['2'], does: 'overlay', run: show('overlay') },
    { keys: ['3'], does: 'swipe', run: show('swipe') },
    { keys: ['4'], does: '3-D', run: show('cloud') },
    { keys: ['5'], does: 'grid of all streams', run: show('grid') },
    { keys: [' '], shown: 'space', does: 'pause, go on live', run: () => playback.toggle() },
    { keys: [','], does: 'one frame back', run: () => playback.step(-1) },
    { keys: ['.'], does: 'one frame forward', run: () => playback.step(1) },
    { keys: ['r', 'R'], shown: 'R', does: 'ruler', run: toggleRuler },
    { keys: ['c', 'C'], shown: 'C', does: 'next colours', run: () => toggle('map') },
    { keys: ['l', 'L'], shown: 'L', does: 'linear or inverse spread', run: () => toggle('scale') },
    { keys: ['v', 'V'], shown: 'V', does: '3-D: colours of picture or depth', run: () => toggle('cloudColour') },
    { keys: ['t', 'T'], shown: 'T', does: '3-D: turn slowly', run: () => store.set({ turn: !store.now.turn }) },
    { keys: ['+', '='], does: '3-D: nearer', run: approach(true) },
    { keys: ['-'], does: '3-D: further away', run: approach(false) },
    { keys: ['Home'], does: '3-D: back to the start', run: () => app.cloud.view?.reset() },
    { keys: ['s', 'S'], shown: 'S', does: 'snapshot of what is shown', run: () => snapshot('png') },
    { keys: ['p', 'P'], shown: 'P', does: 'snapshot of the points, PLY', run: () => snapshot('ply') },
    { keys: ['o', 'O'], shown: 'O', does: 'settings', run: () => panel.toggle() },
    { keys: ['d', 'D'], shown: 'D', does: 'dark, light, as the system', run: nextLooks },
    { keys: ['f', 'F'], shown: 'F', does: 'full screen', run: fullScreen },
    { keys: ['?'], does: 'this sheet', run: () => help() },
  ];
  const help = helpSheet(find<HTMLDialogElement>('#help-sheet'), [
    ...shortcuts,
    { keys: [], shown: '← ↑ ↓ →', does: 'on a picture: move the crosshair (shift: further)', run: () => {} },
  ]);
  listenForShortcuts(shortcuts, () => store.now.shortcuts);
  ruler.addEventListener('click', toggleRuler);
  find('#fullscreen').addEventListener('click', fullScreen);
  find('#help').addEventListener('click', help);
  find('#retry').addEventListener('click', () => app.retry());
  addEventListener('online', () => app.retry());
}

function viewSwitch({ store }: App): void {
  const radios = [...document.querySelectorAll<HTMLInputElement>('input[name="view"]')];
  const write = ({ view }: Settings) => {
    for (const radio of radios) radio.checked = radio.value === view;
  };
  for (const radio of radios) {
    radio.addEventListener('change', () => store.set({ view: radio.value as Settings['view'] }));
  }
  store.onChange(write);
  write(store.now);
}

function fullScreen(): void {
  if (document.fullscreenElement) return void document.exitFullscreen();
  const refused = () => notice('This browser refuses full screen.');
  // Phones by Apple have none for pages.
  const asked = find('#stage').requestFullscreen?.();
  if (asked) asked.catch(refused);
  else refused();
}

let noticeEnds: ReturnType<typeof setTimeout> | undefined;

/** Says something for a few seconds. */
function notice(text: string): void {
  const box = find('#notice');
  box.textContent = text;
  box.hidden = false;
  clearTimeout(noticeEnds);
  noticeEnds = setTimeout(() => {
    box.hidden = true;
  }, 5000);
}
