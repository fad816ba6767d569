import { UNIT_TEXT } from '../colours/colour-range.ts';
import type { RangeControls } from '../colours/range-controls.ts';
import { stateText } from '../panel/stream-state.ts';
import type { Settings } from '../settings/settings.ts';
import type { StreamFeed } from '../stream/stream-feed.ts';
import { DepthPainter } from './depth-painter.ts';
import { paintPicture } from './picture-painter.ts';

interface Tile {
  readonly element: HTMLButtonElement;
  readonly picture: HTMLCanvasElement;
  readonly painter: DepthPainter;
  readonly state: HTMLElement;
  readonly note: HTMLElement;
}

/** Every stream of the server as a tile; a press on one opens it alone. */
export class GridView {
  readonly #grid: HTMLElement;
  readonly #tiles = new Map<StreamFeed, Tile>();
  readonly #onOpen: (stream: string) => void;

  constructor(grid: HTMLElement, onOpen: (stream: string) => void) {
    this.#grid = grid;
    this.#onOpen = onOpen;
  }

  /** Makes the tiles those of these feeds. */
  suit(feeds: readonly StreamFeed[]): void {
    for (const [feed, { element }] of this.#tiles) {
      if (feeds.includes(feed)) continue;
      element.remove();
      this.#tiles.delete(feed);
    }
    for (const feed of feeds) if (!this.#tiles.has(feed)) this.#tiles.set(feed, this.#tileOf(feed));
    this.#grid.dataset['count'] = String(feeds.length);
  }

  paint(feed: StreamFeed, settings: Settings, ranges: RangeControls): void {
    const tile = this.#tiles.get(feed);
    if (!tile || !feed.shown) return;
    const { frame, bitmap } = feed.shown;
    paintPicture(tile.picture, bitmap);
    tile.painter.paint(frame.quantised, ranges.rangeFor(feed.name, frame.quantised), settings.map);
    this.#grid.dataset['tiles'] = settings.tiles;
    const fallback = frame.fallbackReason ? ' · fallback' : '';
    const note = `${UNIT_TEXT[frame.quantised.kind]} · ${frame.latencyMs.toFixed(0)} ms${fallback}`;
    if (tile.note.textContent !== note) tile.note.textContent = note;
  }

  /** Writes how each stream does. */
  showStates(): void {
    for (const [feed, { state }] of this.#tiles) {
      const { text, mood } = stateText(feed, performance.now());
      if (state.textContent !== text) state.textContent = text;
      state.dataset['mood'] = mood;
    }
  }

  /** Width of a tile in CSS pixels, 0 while there is none. */
  get tileWidth(): number {
    return this.#grid.querySelector('.tile')?.clientWidth ?? 0;
  }

  #tileOf(feed: StreamFeed): Tile {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'tile';
    element.dataset['stream'] = feed.name;
    const picture = document.createElement('canvas');
    picture.className = 'tile-picture';
    const depth = document.createElement('canvas');
    depth.className = 'tile-depth';
    const caption = document.createElement('span');
    caption.className = 'tile-caption';
    const [name, note, state] = ['tile-name', 'tile-note', 'tile-state'].map((className) => {
      const part = document.createElement('span');
      part.className = className;
      return caption.appendChild(part);
    }) as [HTMLElement, HTMLElement, HTMLElement];
    name.textContent = feed.name;
    element.append(picture, depth, caption);
    element.addEventListener('click', () => this.#onOpen(feed.name));
    this.#grid.append(element);
    return { element, picture, painter: new DepthPainter(depth), state, note };
  }
}
