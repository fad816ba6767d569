import GUI from 'lil-gui';
import 'lil-gui.css';
import { CHOICES, type Settings } from '../settings/settings.ts';
import type { SettingsStore } from '../settings/settings-store.ts';

/** What the buttons of the panel do. */
export interface PanelActions {
  resetView(): void;
  /** Somebody is done with the panel. */
  close(): void;
}

/** The panel of settings: those of the view on the screen first, then what is asked of the server, then the page. */
export class SettingsPanel {
  readonly #gui: GUI;
  readonly #values: Record<string, unknown>;
  readonly #folders: Readonly<Record<string, GUI>>;

  constructor(container: HTMLElement, store: SettingsStore, actions: PanelActions) {
    const values: Record<string, unknown> = { ...store.now };
    this.#values = values;
    // Its styles come as a file of their own: the page's content policy allows no others.
    const gui = new GUI({ container, injectStyles: false, title: 'Settings' });
    this.#gui = gui;
    // It may lie over the button that opened it: its own title closes it.
    gui.onOpenClose((changed) => changed === gui && gui._closed && actions.close());
    const put = (folder: GUI, name: keyof Settings, label: string, ...rest: unknown[]) => {
      const add = folder.add.bind(folder) as (
        object: object,
        property: string,
        ...rest: unknown[]
      ) => ReturnType<GUI['add']>;
      return add(values, name, ...rest)
        .name(label)
        .onChange((value: unknown) => store.set({ [name]: value }));
    };
    const cloud = gui.addFolder('3-D view');
    put(cloud, 'cloudColour', 'Colours from', { picture: 'picture', depth: 'depth' });
    put(cloud, 'pointSize', 'Size of points', ...CHOICES.pointSize, 0.1);
    put(cloud, 'edge', 'Edges kept', 0.01, 0.3, 0.01);
    put(cloud, 'trail', 'Past clouds', ...CHOICES.trail, 1);
    put(cloud, 'motion', 'While it moves', { 'as smooth as it goes': 'smooth', 'all points': 'all' });
    put(cloud, 'turn', 'Turn slowly');
    cloud.add(actions, 'resetView').name('Back to the start (Home)');
    const overlay = gui.addFolder('Overlay');
    put(overlay, 'opacity', 'Depth', ...CHOICES.opacity, 0.05);
    const grid = gui.addFolder('Grid');
    put(grid, 'tiles', 'Tiles show', { 'picture and depth': 'both', depth: 'depth', picture: 'picture' });
    const stream = gui.addFolder('Asked of the server');
    put(stream, 'size', 'Size', { 'as shown': 'auto', full: 'full', half: 'half', quarter: 'quarter' });
    put(stream, 'rate', 'Frames a second', { all: 'auto', 'up to 15': '15', 'up to 5': '5', 'up to 1': '1' });
    const page = gui.addFolder('Page');
    put(page, 'theme', 'Looks', { 'as the system': 'auto', dark: 'dark', light: 'light' });
    put(page, 'shortcuts', 'Keyboard shortcuts');
    this.#folders = { cloud, overlay, grid };
    store.onChange((settings) => this.#suit(settings));
    this.#suit(store.now);
  }

  /** Shows the panel's inside again after its title closed it. */
  open(): void {
    this.#gui.open();
  }

  #suit(settings: Settings): void {
    Object.assign(this.#values, settings);
    for (const [view, folder] of Object.entries(this.#folders)) folder.show(settings.view === view);
    for (const controller of this.#gui.controllersRecursive()) controller.updateDisplay();
  }
}
