import type { DepthKind } from './depth-map.ts';

/** A fixed range of depth that colours stand for. Near is red, far is blue, whatever the picture shows. */
export interface ColourRange {
  /** In the map's own unit; metres for `metric`. For `inverse` maps `near` is the larger number. */
  readonly near: number;
  readonly far: number;
}

/** Where colours lie for metric depth when nobody asks otherwise: 2 m to 80 m. */
export const STREET_RANGE: ColourRange = { near: 2, far: 80 };

/** Anchors of the map from far to near, evenly spaced: position in the list is position on the scale. */
const ANCHORS: readonly (readonly [number, number, number])[] = [
  [40, 20, 66],
  [62, 74, 178],
  [62, 132, 246],
  [38, 184, 222],
  [44, 224, 156],
  [132, 248, 84],
  [206, 232, 54],
  [248, 184, 56],
  [244, 120, 36],
  [204, 58, 14],
  [128, 12, 6],
];

/** Colour of unknown depth: a dark grey that is on no other place of the map. */
const UNKNOWN: readonly [number, number, number] = [32, 32, 32];

/** 256 RGB colours, dark blue (0) over green to dark red (255): a rainbow with even steps of brightness. */
export function colourTable(): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (ANCHORS.length - 1);
    const low = Math.min(Math.floor(at), ANCHORS.length - 2);
    const from = ANCHORS[low]!;
    const to = ANCHORS[low + 1]!;
    for (let c = 0; c < 3; c++) table[i * 3 + c] = Math.round(from[c]! + (to[c]! - from[c]!) * (at - low));
  }
  return table;
}

/**
 * Paints depth as RGB into `out`, one row of the map every `stride` bytes, from byte `offset` on.
 *
 * `metric` and `relative` depth lie on a logarithmic scale, so that the step from 3 m to 6 m is as visible as the one
 * from 30 m to 60 m; `inverse` depth lies on a linear one. The range is the caller's and fixed: a range made from each
 * picture's own minimum and maximum is a flicker that no network made.
 */
export function paintDepth(
  depth: { readonly kind: DepthKind; readonly width: number; readonly height: number; readonly data: Float32Array },
  range: ColourRange,
  table: Uint8Array,
  out: Uint8Array,
  offset: number,
  stride: number,
): void {
  const logarithmic = depth.kind !== 'inverse';
  const near = logarithmic ? Math.log(range.near) : range.near;
  const far = logarithmic ? Math.log(range.far) : range.far;
  const scale = 255 / (near - far);
  for (let y = 0, i = 0; y < depth.height; y++) {
    for (let x = 0, o = offset + y * stride; x < depth.width; x++, i++, o += 3) {
      const value = depth.data[i]!;
      const at = ((logarithmic ? Math.log(value) : value) - far) * scale;
      if (Number.isNaN(at)) {
        out[o] = UNKNOWN[0];
        out[o + 1] = UNKNOWN[1];
        out[o + 2] = UNKNOWN[2];
        continue;
      }
      const colour = (at <= 0 ? 0 : at >= 255 ? 255 : Math.round(at)) * 3;
      out[o] = table[colour]!;
      out[o + 1] = table[colour + 1]!;
      out[o + 2] = table[colour + 2]!;
    }
  }
}
