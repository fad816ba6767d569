import type { InputRule } from './card.ts';
import { paddedSize } from './input-size.ts';
import { byteTensor, floatTensor, type Tensor } from './onnx-session.ts';
import type { Picture } from './picture.ts';

/**
 * Turns pictures into the network's input tensor, into memory that is used again for every picture of the same size:
 * the tensor is good until the next call.
 *
 * The pixels come in shared memory, which the runtime refuses, so this is the one copy of a picture on its whole way.
 */
export class PictureInput {
  readonly #rule: InputRule;
  readonly #rank: number;
  #bytes = new Uint8Array(0);
  #floats = new Float32Array(0);
  /** Where in a row, and in a picture, each pixel of the network's comes from, and what it was made for. */
  #across = new Int32Array(0);
  #down = new Int32Array(0);
  #madeFor = '';

  /** `rank` is that of the graph's input: 3 for [H,W,3], else 4. */
  constructor(rule: InputRule, rank: number) {
    this.#rule = rule;
    this.#rank = rank;
  }

  /** `mirrored`: left and right exchanged. */
  tensor(picture: Picture, mirrored = false): Tensor {
    const { width, height } = paddedSize(this.#rule.size, picture);
    const length = width * height * 3;
    this.#findPlaces(picture, width, height, mirrored);
    const asItIs = !mirrored && width === picture.width && height === picture.height;
    if (this.#rule.layout === 'nhwc-uint8') {
      if (this.#bytes.length !== length) this.#bytes = new Uint8Array(length);
      if (asItIs) this.#bytes.set(picture.pixels);
      else this.#rows(picture.pixels, this.#bytes);
      if (this.#rule.colours === 'bgr') swapRedAndBlue(this.#bytes);
      return byteTensor(this.#bytes, this.#rank === 3 ? [height, width, 3] : [1, height, width, 3]);
    }
    if (this.#floats.length !== length) this.#floats = new Float32Array(length);
    this.#planes(picture.pixels, this.#floats, asItIs);
    return floatTensor(this.#floats, [1, 3, height, width]);
  }

  #findPlaces(picture: Picture, width: number, height: number, mirrored: boolean): void {
    const wanted = `${picture.width}x${picture.height} ${width}x${height} ${mirrored}`;
    if (wanted === this.#madeFor) return;
    this.#madeFor = wanted;
    this.#across = reflected(picture.width, width).map((at) => 3 * at);
    if (mirrored) this.#across.reverse();
    this.#down = reflected(picture.height, height).map((at) => 3 * picture.width * at);
  }

  #rows(pixels: Uint8Array, out: Uint8Array): void {
    let to = 0;
    for (const row of this.#down) {
      for (const column of this.#across) {
        out[to++] = pixels[row + column]!;
        out[to++] = pixels[row + column + 1]!;
        out[to++] = pixels[row + column + 2]!;
      }
    }
  }

  #planes(pixels: Uint8Array, out: Float32Array, asItIs: boolean): void {
    const { range, mean, std, colours } = this.#rule;
    const plane = out.length / 3;
    for (let channel = 0; channel < 3; channel++) {
      const factor = (range[1] - range[0]) / 255 / std[channel]!;
      const offset = (range[0] - mean[channel]!) / std[channel]!;
      const colour = colours === 'rgb' ? channel : 2 - channel;
      let to = channel * plane;
      if (asItIs) {
        for (let from = colour; to < (channel + 1) * plane; to++, from += 3) out[to] = pixels[from]! * factor + offset;
        continue;
      }
      for (const row of this.#down) {
        for (const column of this.#across) out[to++] = pixels[row + column + colour]! * factor + offset;
      }
    }
  }
}

/** For each of `to` places the one of `from` that it shows: the middle as it is, margins mirrored without the edge. */
function reflected(from: number, to: number): Int32Array {
  const margin = (to - from) / 2;
  return Int32Array.from({ length: to }, (_, at) => {
    const place = Math.abs(at - margin);
    return place < from ? place : 2 * (from - 1) - place;
  });
}

function swapRedAndBlue(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 3) {
    const red = bytes[at]!;
    bytes[at] = bytes[at + 2]!;
    bytes[at + 2] = red;
  }
}
