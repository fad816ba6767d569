import { type ColourMapName, colourTable, UNKNOWN_RGB } from '../../../frames/colour-map.ts';

/** A colour map as 256 RGBA colours, far (0) to near (255). */
export function colourBytes(name: ColourMapName): Uint8Array<ArrayBuffer> {
  const table = colourTable(name);
  const bytes = new Uint8Array(256 * 4).fill(255);
  for (let i = 0; i < 256; i++) bytes.set(table.subarray(3 * i, 3 * i + 3), 4 * i);
  return bytes;
}

/** The same in the byte order of canvas pixels. */
export function canvasColours(name: ColourMapName): Uint32Array {
  return new Uint32Array(colourBytes(name).buffer);
}

/** Colour of unknown depth as a canvas pixel. */
export const UNKNOWN_COLOUR = new Uint32Array(new Uint8Array([...UNKNOWN_RGB, 255]).buffer)[0]!;
