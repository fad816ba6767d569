import { type ColourRange, placeInRange } from '../../../frames/colour-map.ts';
import type { DepthKind } from '../../../frames/depth-map.ts';
import { type DepthQuantisation, type QuantisedDepth, valueOfCode } from '../../../frames/packed-depth.ts';
import { UNKNOWN_COLOUR } from './colour-maps.ts';

/** A range of colours and how they are spread over it; `inverse` (the default) as networks see depth. */
export interface DisplayRange extends ColourRange {
  readonly scale?: 'inverse' | 'linear' | undefined;
}

/** Where a value lies between far (0) and near (1). Inverse depth is always spread evenly over its own values. */
export function placeOf(value: number, kind: DepthKind, range: DisplayRange): number {
  if (kind !== 'inverse' && range.scale === 'linear') return (value - range.far) / (range.near - range.far);
  return placeInRange(value, kind, range);
}

/** The colour of each of the 65536 codes, for a range and a table of 256 colours. */
export function paletteOf(
  kind: DepthKind,
  quantisation: DepthQuantisation,
  range: DisplayRange,
  table: Uint32Array,
  palette = new Uint32Array(65_536),
): Uint32Array {
  palette[0] = UNKNOWN_COLOUR;
  for (let code = 1; code < palette.length; code++) {
    const place = placeOf(valueOfCode(code, quantisation), kind, range);
    palette[code] = table[place <= 0 ? 0 : place >= 1 ? 255 : Math.round(place * 255)]!;
  }
  return palette;
}

/** The range that one frame fills, without its outermost two per cent on either side; `undefined` if all is unknown. */
export function rangeOfFrame({ codes, kind, quantisation }: QuantisedDepth): ColourRange | undefined {
  const known = codes.filter((code) => code !== 0).sort();
  if (known.length === 0) return undefined;
  // Both mappings put what is near at the top of the codes.
  const far = valueOfCode(known[Math.floor(known.length * 0.02)]!, quantisation);
  const near = valueOfCode(known[Math.ceil(known.length * 0.98) - 1]!, quantisation);
  if (near === far) return undefined;
  return kind === 'inverse' || near < far ? { near, far } : undefined;
}

/** Round numbers inside a range, near first, that label a bar without crowding: places at least `apart` (0…1) away. */
export function ticksOf(kind: DepthKind, range: DisplayRange, apart: number): { value: number; place: number }[] {
  const ticks: { value: number; place: number }[] = [];
  const low = Math.min(range.near, range.far);
  const high = Math.max(range.near, range.far);
  const candidates: number[] = [];
  if (kind === 'inverse') {
    for (let i = 0; i <= 4; i++) candidates.push(range.near + ((range.far - range.near) * i) / 4);
  } else {
    for (let decade = 10 ** Math.floor(Math.log10(low)); decade <= high; decade *= 10) {
      for (const step of [1, 1.5, 2, 3, 4, 5, 6, 8]) candidates.push(step * decade);
    }
  }
  const ends = [range.near, range.far];
  for (const value of [...ends, ...candidates]) {
    const place = placeOf(value, kind, range);
    const free = ticks.every((tick) => Math.abs(tick.place - place) >= apart);
    if (place >= -1e-9 && place <= 1 + 1e-9 && free) ticks.push({ value, place });
  }
  return ticks.sort((a, b) => b.place - a.place);
}

/** A depth as a person reads it: `0.85 m`, `12.4 m`, `130 m`; without a unit where there is none. */
export function depthText(value: number, kind: DepthKind): string {
  if (Number.isNaN(value)) return 'unknown';
  const digits = Math.abs(value) < 1 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  const text = kind === 'metric' ? value.toFixed(digits) : value.toPrecision(3);
  return kind === 'metric' ? `${text} m` : text;
}

/** What the numbers of a kind are, for the page to say. */
export const UNIT_TEXT: Readonly<Record<DepthKind, string>> = {
  metric: 'in metres',
  relative: 'relative, no unit',
  inverse: 'inverse, relative, no unit',
};
