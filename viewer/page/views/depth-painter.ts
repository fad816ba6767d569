import type { ColourMapName } from '../../../frames/colour-map.ts';
import type { QuantisedDepth } from '../../../frames/packed-depth.ts';
import { canvasColours } from '../colours/colour-maps.ts';
import { type DisplayRange, paletteOf } from '../colours/colour-range.ts';

/** Paints depth into a canvas through a palette that is made anew only when range, map or quantisation change. */
export class DepthPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #palette = new Uint32Array(65_536);
  #image: ImageData | undefined;
  #paletteOf = '';

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false })!;
  }

  paint({ kind, width, height, codes, quantisation }: QuantisedDepth, range: DisplayRange, map: ColourMapName): void {
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height);
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const { mapping, offset, scale } = quantisation;
    const wanted = [kind, mapping, offset, scale, range.near, range.far, range.scale, map].join();
    if (wanted !== this.#paletteOf) {
      paletteOf(kind, quantisation, range, canvasColours(map), this.#palette);
      this.#paletteOf = wanted;
    }
    const pixels = new Uint32Array(this.#image.data.buffer);
    for (let i = 0; i < codes.length; i++) pixels[i] = this.#palette[codes[i]!]!;
    this.#context.putImageData(this.#image, 0, 0);
  }
}
