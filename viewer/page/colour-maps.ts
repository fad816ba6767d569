/** Names of the colour maps, in the order in which they are offered. */
export type ColourMapName = 'turbo' | 'viridis' | 'cividis';

/**
 * Seventeen evenly spaced colours of each published map, far (0) to near (1); between them colours are interpolated,
 * which stays within 11 of 255 of the published tables.
 *
 * turbo: A. Mikhailov, "Turbo, An Improved Rainbow Colormap for Visualization", Google AI Blog, 2019.
 * viridis: S. van der Walt and N. Smith, matplotlib 1.5, 2015 (CC0).
 * cividis: Nuñez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision deficiency", PLoS ONE
 * 2018; it looks nearly the same to people with and without red-green colour blindness.
 */
const CONTROL_POINTS: Readonly<Record<ColourMapName, string>> = {
  turbo:
    '30123b 4040a1 466be3 4293ff 29bbec 18dcc3 31f299 6bfd64 a3fd3c cced34 edd03a fdae35 fb8022 ec520f d23105 ac1701 7a0403',
  viridis:
    '440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26818e 21908c 1f9f88 28ae80 3ebc74 5dc963 82d34c abdc32 d5e21a fde725',
  cividis:
    '00224e 002e6a 1a386f 32436d 434e6c 52596d 61656f 6f7073 7c7b78 8b8778 9b9376 aba072 bbad6c ccba64 ddc958 efd748 fee838',
};

/** A colour map as 256 colours in the byte order of canvas pixels (RGBA, opaque), far (0) to near (255). */
export function colourTable(name: ColourMapName): Uint32Array {
  const points = CONTROL_POINTS[name]
    .split(' ')
    .map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  const bytes = new Uint8ClampedArray(256 * 4).fill(255);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (points.length - 1);
    const low = Math.min(Math.floor(at), points.length - 2);
    for (let c = 0; c < 3; c++) {
      const from = points[low]![c]!;
      bytes[4 * i + c] = from + (points[low + 1]![c]! - from) * (at - low);
    }
  }
  return new Uint32Array(bytes.buffer);
}

/** Colour of unknown depth: a neutral grey that stands on none of the maps. */
export const UNKNOWN_COLOUR = new Uint32Array(new Uint8Array([138, 141, 145, 255]).buffer)[0]!;
