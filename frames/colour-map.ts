import type { DepthKind } from './depth-map.ts';

/** Names of the colour maps, in the order in which they are offered. */
export type ColourMapName = 'turbo' | 'magma' | 'viridis' | 'cividis';

/** The depth that the two ends of the colours stand for. It changes by a person's hand only, never with the picture. */
export interface ColourRange {
  /** In metres, or in the unit of the kind; for `inverse` maps `near` is the larger number. */
  readonly near: number;
  readonly far: number;
}

/** Where colours lie for metric depth when nobody asks otherwise: 4 m to 80 m. */
export const STREET_RANGE: ColourRange = { near: 4, far: 80 };

/** Colour of unknown depth: a neutral grey that stands on none of the maps. */
export const UNKNOWN_RGB: readonly [number, number, number] = [138, 141, 145];

/**
 * Seventeen evenly spaced colours of each published map, far (0) to near (1); between them colours are interpolated,
 * which stays within 11 of 255 of the published tables.
 *
 * turbo: A. Mikhailov, "Turbo, An Improved Rainbow Colormap for Visualization", Google AI Blog, 2019.
 * magma, viridis: S. van der Walt and N. Smith, matplotlib 1.5, 2015 (CC0).
 * cividis: Nuñez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision deficiency", PLoS ONE
 * 2018; it looks nearly the same to people with and without red-green colour blindness.
 */
const CONTROL_POINTS: Readonly<Record<ColourMapName, string>> = {
  turbo:
    '30123b 4040a1 466be3 4293ff 29bbec 18dcc3 31f299 6bfd64 a3fd3c cced34 edd03a fdae35 fb8022 ec520f d23105 ac1701 7a0403',
  magma:
    '000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 cf4070 e55064 f4695c fb8761 fea571 fec287 fde0a1 fcfdbf',
  viridis:
    '440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26818e 21908c 1f9f88 28ae80 3ebc74 5dc963 82d34c abdc32 d5e21a fde725',
  cividis:
    '00224e 002e6a 1a386f 32436d 434e6c 52596d 61656f 6f7073 7c7b78 8b8778 9b9376 aba072 bbad6c ccba64 ddc958 efd748 fee838',
};

/** A colour map as 256 RGB colours, 3 bytes each, far (0) to near (255). */
export function colourTable(name: ColourMapName): Uint8ClampedArray {
  const points = CONTROL_POINTS[name]
    .split(' ')
    .map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (points.length - 1);
    const low = Math.min(Math.floor(at), points.length - 2);
    for (let c = 0; c < 3; c++) {
      const from = points[low]![c]!;
      table[3 * i + c] = from + (points[low + 1]![c]! - from) * (at - low);
    }
  }
  return table;
}

/** Where a value lies between far (0) and near (1): evenly spaced in inverse depth, as networks see it. Not clamped. */
export function placeInRange(value: number, kind: DepthKind, { near, far }: ColourRange): number {
  if (kind === 'inverse') return (value - far) / (near - far);
  return (1 / value - 1 / far) / (1 / near - 1 / far);
}

/**
 * Paints depth as RGB into `out`, one row of the map every `stride` bytes, from byte `offset` on.
 *
 * The range is the caller's and fixed: a range made from each picture's own minimum and maximum is a flicker that no
 * network made. Unknown depth is {@link UNKNOWN_RGB}.
 */
export function paintDepth(
  depth: { readonly kind: DepthKind; readonly width: number; readonly height: number; readonly data: Float32Array },
  range: ColourRange,
  table: Uint8ClampedArray,
  out: Uint8Array,
  offset: number,
  stride: number,
): void {
  for (let y = 0, i = 0; y < depth.height; y++) {
    for (let x = 0, o = offset + y * stride; x < depth.width; x++, i++, o += 3) {
      const at = placeInRange(depth.data[i]!, depth.kind, range) * 255;
      if (Number.isNaN(at)) {
        out[o] = UNKNOWN_RGB[0];
        out[o + 1] = UNKNOWN_RGB[1];
        out[o + 2] = UNKNOWN_RGB[2];
        continue;
      }
      const colour = (at <= 0 ? 0 : at >= 255 ? 255 : Math.round(at)) * 3;
      out[o] = table[colour]!;
      out[o + 1] = table[colour + 1]!;
      out[o + 2] = table[colour + 2]!;
    }
  }
}
