import type { Size } from '../frames/index.ts';
import type { OutputRule } from './card.ts';

/** The largest float32. */
const largest = 3.4028234663852886e38;

/**
 * Turns a network's answer into the values of a depth map, in place: the card's formula, then its range.
 *
 * `factor` multiplies the result (camera rule `output`); 1 leaves it. What is outside the range is set to its edge, what
 * is not finite becomes NaN (unknown).
 */
export function decodeDepth(values: Float32Array, rule: OutputRule, factor = 1): void {
  const scale = rule.scale * factor;
  const offset = (rule.offset ?? 0) * factor;
  const low = rule.min ?? -largest;
  const high = rule.max ?? largest;
  const inverted = rule.kind === 'sigmoid-disparity';
  const [a, b] = inverted ? [rule.a, rule.b] : [0, 0];
  for (let at = 0; at < values.length; at++) {
    const raw = values[at]!;
    const value = (inverted ? scale / (a + b * raw) : raw * scale) + offset;
    // Nearly every pixel takes the first way, which asks nothing but the range.
    if (value >= low && value <= high) values[at] = value;
    else values[at] = Number.isFinite(raw) ? (value < low ? low : high) : Number.NaN;
  }
}

/** Resizes a one-channel map by bilinear interpolation with the half-pixel rule; edges repeat. NaN spreads by one cell. */
export function resizeBilinear(values: Float32Array, from: Size, to: Size): Float32Array<ArrayBuffer> {
  const out = new Float32Array(to.width * to.height);
  const left = new Int32Array(to.width);
  const right = new Int32Array(to.width);
  const share = new Float32Array(to.width);
  for (let x = 0; x < to.width; x++) {
    const at = Math.min(Math.max(((x + 0.5) * from.width) / to.width - 0.5, 0), from.width - 1);
    left[x] = Math.floor(at);
    share[x] = at - left[x]!;
    // A neighbour of weight 0 is not looked at: it may be NaN.
    right[x] = share[x]! > 0 ? left[x]! + 1 : left[x]!;
  }
  for (let y = 0; y < to.height; y++) {
    const at = Math.min(Math.max(((y + 0.5) * from.height) / to.height - 0.5, 0), from.height - 1);
    const down = at - Math.floor(at);
    const upper = Math.floor(at) * from.width;
    const lower = down > 0 ? upper + from.width : upper;
    for (let x = 0; x < to.width; x++) {
      const across = share[x]!;
      const above = values[upper + left[x]!]! * (1 - across) + values[upper + right[x]!]! * across;
      const below = values[lower + left[x]!]! * (1 - across) + values[lower + right[x]!]! * across;
      out[y * to.width + x] = above * (1 - down) + below * down;
    }
  }
  return out;
}

/** The middle of a one-channel map: `inner` out of `from`, the margins at both ends being alike. */
export function cutMargin(values: Float32Array, from: Size, inner: Size): Float32Array<ArrayBuffer> {
  const out = new Float32Array(inner.width * inner.height);
  const left = (from.width - inner.width) / 2;
  const top = (from.height - inner.height) / 2;
  for (let y = 0; y < inner.height; y++) {
    const start = (y + top) * from.width + left;
    out.set(values.subarray(start, start + inner.width), y * inner.width);
  }
  return out;
}

/** Adds the mirror image of `mirrored` (rows of `width` values) to `values` and halves the sum, in place. */
export function averageMirrored(values: Float32Array, mirrored: Float32Array, width: number): void {
  for (let row = 0; row < values.length; row += width) {
    for (let x = 0; x < width; x++) values[row + x] = (values[row + x]! + mirrored[row + width - 1 - x]!) / 2;
  }
}
