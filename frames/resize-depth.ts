import type { Size } from './camera.ts';
import type { DepthMap } from './depth-map.ts';

/** Columns or rows of the input that one output column or row lies between, and how far it is from the first. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float32Array;
}

/**
 * The same depth map at another size, by bilinear interpolation.
 *
 * Half-pixel rule: output pixel `x` looks at `(x + 0.5) · from / to − 0.5`, held at the borders, so both pictures cover
 * the same view. Values are not rescaled: z-depth does not change with the number of pixels. Unknown input (NaN or
 * infinite) takes no part: the known neighbours share its weight, and where they hold less than half of it the output is NaN. The answer
 * owns its memory; at the same size the input itself comes back.
 */
export function resizeDepth(map: DepthMap, to: Size): DepthMap {
  if (map.width === to.width && map.height === to.height) return map;
  const { data } = map;
  const columns = taps(map.width, to.width);
  const rows = taps(map.height, to.height);
  const out = new Float32Array(to.width * to.height);
  const cache = new RowCache(data, map.width, columns);
  let o = 0;
  for (let y = 0; y < to.height; y++) {
    const above = rows.first[y]!;
    const below = rows.second[y]!;
    const wy = rows.weight[y]!;
    const top = cache.row(above);
    const bottom = cache.row(below);
    for (let x = 0; x < to.width; x++, o++) {
      const a = top[x]!;
      const value = a + (bottom[x]! - a) * wy;
      // NaN and infinities survive neither test; only then is it worth looking at the four neighbours one by one.
      out[o] = value - value === 0 ? value : knownOnly(data, map.width, columns, x, above, below, wy);
    }
  }
  return { kind: map.kind, width: to.width, height: to.height, data: out };
}

function taps(from: number, to: number): Taps {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(at);
    first[i] = low;
    second[i] = Math.min(low + 1, from - 1);
    weight[i] = at - low;
  }
  return { first, second, weight };
}

/** Input rows already stretched to the output's width; two neighbours are all that is ever needed. */
class RowCache {
  readonly #data: Float32Array;
  readonly #width: number;
  readonly #columns: Taps;
  readonly #rows: [Float32Array, Float32Array];
  readonly #holds: [number, number] = [-1, -1];

  constructor(data: Float32Array, width: number, columns: Taps) {
    this.#data = data;
    this.#width = width;
    this.#columns = columns;
    const length = columns.first.length;
    this.#rows = [new Float32Array(length), new Float32Array(length)];
  }

  row(y: number): Float32Array {
    const slot = (y & 1) as 0 | 1;
    const row = this.#rows[slot];
    if (this.#holds[slot] === y) return row;
    this.#holds[slot] = y;
    const { first, second, weight } = this.#columns;
    const data = this.#data;
    const start = y * this.#width;
    for (let x = 0; x < row.length; x++) {
      const left = data[start + first[x]!]!;
      row[x] = left + (data[start + second[x]!]! - left) * weight[x]!;
    }
    return row;
  }
}

function knownOnly(
  data: Float32Array,
  width: number,
  columns: Taps,
  x: number,
  above: number,
  below: number,
  wy: number,
): number {
  const left = columns.first[x]!;
  const right = columns.second[x]!;
  const wx = columns.weight[x]!;
  let sum = 0;
  let weight = 0;
  const add = (value: number, share: number): void => {
    if (share === 0 || !Number.isFinite(value)) return;
    sum += value * share;
    weight += share;
  };
  add(data[above * width + left]!, (1 - wx) * (1 - wy));
  add(data[above * width + right]!, wx * (1 - wy));
  add(data[below * width + left]!, (1 - wx) * wy);
  add(data[below * width + right]!, wx * wy);
  return weight >= 0.5 ? sum / weight : Number.NaN;
}
