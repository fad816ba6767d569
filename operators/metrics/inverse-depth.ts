import type { DepthMap } from '../../frames/index.ts';
import { median } from './median.ts';

/** Pixels looked at for a middle value. */
const SAMPLES = 1024;
/** Share of an inverse map's pixels that count as the far end. */
const FAR = 0.02;
/** Inverse depth given to the far end, as a share of the middle value above it. */
const HORIZON = 0.05;

/**
 * A depth map of any kind read as inverse depth, in one unit for the two maps that are compared.
 *
 * Metric and relative maps: 1 / depth. Inverse maps have no zero of their own; here it lies so that the far end (2nd
 * percentile of the map the shift comes from) is 20 times as far as the middle. What is not known, or not in front of
 * the camera, reads as 0.
 */
export class InverseDepth {
  /** Middle depth, of about 1,000 pixels. */
  middle = 1;
  #data: Float32Array = new Float32Array(0);
  readonly #samples = new Float64Array(SAMPLES);
  #inverse = false;
  #shift = 0;

  /** Reads this map from now on, an inverse one with the shift that {@link horizonOf} told. */
  read(map: DepthMap, shift: number): void {
    this.#data = map.data;
    this.#inverse = map.kind === 'inverse';
    this.#shift = shift;
    this.middle = 1 / this.#middleOf(map.data.length);
  }

  /** Inverse depth at a pixel, given by its place in the row-major map; 0 = unknown. */
  at(pixel: number): number {
    const value = this.#data[pixel]!;
    const near = this.#inverse ? value + this.#shift : 1 / value;
    return near > 0 && near < Number.POSITIVE_INFINITY ? near : 0;
  }

  #middleOf(pixels: number): number {
    const step = Math.max(1, Math.floor(pixels / SAMPLES)) | 1;
    let count = 0;
    for (let i = 0; i < pixels && count < SAMPLES; i += step) {
      const near = this.at(i);
      if (near > 0) this.#samples[count++] = near;
    }
    return count === 0 ? 1 : median(this.#samples, count);
  }
}

/** What is to be added to an inverse map so that it can be read as inverse depth; 0 for the other kinds. */
export function horizonOf(map: DepthMap): number {
  if (map.kind !== 'inverse') return 0;
  const room = new Float64Array(SAMPLES);
  const step = Math.max(1, Math.floor(map.data.length / room.length)) | 1;
  let count = 0;
  for (let i = 0; i < map.data.length && count < room.length; i += step) {
    const value = map.data[i]!;
    if (Number.isFinite(value)) room[count++] = value;
  }
  if (count === 0) return 0;
  const middle = median(room, count);
  const far = room.subarray(0, count).sort()[Math.floor(FAR * count)]!;
  return HORIZON * (middle - far) - far;
}
