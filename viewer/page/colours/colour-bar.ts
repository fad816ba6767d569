import type { ColourMapName } from '../../../frames/colour-map.ts';
import type { DepthKind } from '../../../frames/depth-map.ts';
import { canvasColours } from './colour-maps.ts';
import { type DisplayRange, depthText, placeOf, ticksOf } from './colour-range.ts';

/** The labelled bar of colours, near at the left; a needle shows the depth under the cursor on it. */
export class ColourBar {
  readonly #canvas: HTMLCanvasElement;
  readonly #ticks: HTMLElement;
  readonly #needle: HTMLElement;
  #drawn = '';

  constructor(bar: HTMLElement) {
    this.#canvas = bar.querySelector('canvas')!;
    this.#ticks = bar.querySelector('.ticks')!;
    this.#needle = bar.querySelector('.needle')!;
    this.#canvas.width = 256;
    this.#canvas.height = 1;
  }

  draw(kind: DepthKind, range: DisplayRange, map: ColourMapName): void {
    const width = this.#ticks.clientWidth || 600;
    const wanted = [kind, range.near, range.far, range.scale, map, width].join();
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const image = new ImageData(256, 1);
    new Uint32Array(image.data.buffer).set(canvasColours(map).toReversed());
    this.#canvas.getContext('2d')!.putImageData(image, 0, 0);
    const labels = ticksOf(kind, range, 52 / width).map(({ value, place }) => {
      const label = document.createElement('span');
      label.textContent = depthText(value, kind).replace(/\.0+(?= m|$)/, '');
      label.style.left = `${(1 - place) * 100}%`;
      return label;
    });
    this.#ticks.replaceChildren(...labels);
  }

  /** Points at a depth, or at nothing for NaN. */
  point(value: number, kind: DepthKind, range: DisplayRange): void {
    const place = placeOf(value, kind, range);
    this.#needle.hidden = Number.isNaN(place);
    this.#needle.style.left = `${(1 - Math.min(1, Math.max(0, place))) * 100}%`;
  }
}
