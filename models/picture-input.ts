import type { InputRule } from './card.ts';
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

  /** `rank` is that of the graph's input: 3 for [H,W,3], else 4. */
  constructor(rule: InputRule, rank: number) {
    this.#rule = rule;
    this.#rank = rank;
  }

  tensor(picture: Picture): Tensor {
    const { width, height } = picture;
    const length = width * height * 3;
    if (this.#rule.layout === 'nhwc-uint8') {
      if (this.#bytes.length !== length) this.#bytes = new Uint8Array(length);
      this.#bytes.set(picture.pixels);
      if (this.#rule.colours === 'bgr') swapRedAndBlue(this.#bytes);
      return byteTensor(this.#bytes, this.#rank === 3 ? [height, width, 3] : [1, height, width, 3]);
    }
    if (this.#floats.length !== length) this.#floats = new Float32Array(length);
    this.#planes(picture.pixels, this.#floats);
    return floatTensor(this.#floats, [1, 3, height, width]);
  }

  #planes(pixels: Uint8Array, out: Float32Array): void {
    const { range, mean, std, colours } = this.#rule;
    const plane = out.length / 3;
    for (let channel = 0; channel < 3; channel++) {
      const factor = (range[1] - range[0]) / 255 / std[channel]!;
      const offset = (range[0] - mean[channel]!) / std[channel]!;
      let from = colours === 'rgb' ? channel : 2 - channel;
      for (let to = channel * plane; to < (channel + 1) * plane; to++, from += 3) {
        out[to] = pixels[from]! * factor + offset;
      }
    }
  }
}

function swapRedAndBlue(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 3) {
    const red = bytes[at]!;
    bytes[at] = bytes[at + 2]!;
    bytes[at + 2] = red;
  }
}
