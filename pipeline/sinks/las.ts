import type { PointCloud } from '../../frames/point-cloud.ts';
import { cloudSink } from './cloud/cloud-sink.ts';

/** Bytes of the head and of a point of format 2: place, intensity, flags, colour. */
const HEAD = 227;
const POINT = 26;

/** Metres of a step of the whole numbers that places are told in. */
const STEP = 0.001;

/**
 * `DIR/las/NAME.las`: the points of each frame as LAS 1.2, point format 2 (colour), for GIS and laser-scan tools; one for
 * each pixel of the network's picture whose depth is known, to the millimetre.
 *
 * Axes are those such tools expect, at the camera: x right, y forward, z up. No coordinate system is stated, since a
 * camera has none on earth; for `relative` depth the unit is arbitrary.
 */
export const las = cloudSink({ name: 'las', axes: 'x right, y forward, z up', encode: encodeLas });

/** A cloud of camera axes as a LAS file (ASPRS, "LAS Specification 1.2", 2008). Places farther than 2 000 km do not fit. */
export function encodeLas({ count, positions, colours }: PointCloud): Uint8Array {
  const bytes = new Uint8Array(HEAD + count * POINT);
  const view = new DataView(bytes.buffer);
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const most = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const place = [0, 0, 0];
  for (let i = 0, p = 0, o = HEAD; i < count; i++, p += 3, o += POINT) {
    place[0] = Math.round(positions[p]! / STEP);
    place[1] = Math.round(positions[p + 2]! / STEP);
    place[2] = Math.round(-positions[p + 1]! / STEP);
    for (let axis = 0; axis < 3; axis++) {
      const at = place[axis]!;
      view.setInt32(o + 4 * axis, at, true);
      if (at < least[axis]!) least[axis] = at;
      if (at > most[axis]!) most[axis] = at;
    }
    // Return 1 of 1.
    bytes[o + 14] = 0b0000_1001;
    // Colours have 16 bits; 257 carries 255 to 65 535.
    for (let c = 0; c < 3; c++) view.setUint16(o + 20 + 2 * c, colours[p + c]! * 257, true);
  }
  bytes.set(Buffer.from('LASF'));
  bytes[24] = 1;
  bytes[25] = 2;
  bytes.set(Buffer.from('OTHER'), 26);
  bytes.set(Buffer.from('depthcast'), 58);
  view.setUint16(94, HEAD, true);
  view.setUint32(96, HEAD, true);
  bytes[104] = 2;
  view.setUint16(105, POINT, true);
  view.setUint32(107, count, true);
  view.setUint32(111, count, true);
  for (let axis = 0; axis < 3; axis++) {
    view.setFloat64(131 + 8 * axis, STEP, true);
    view.setFloat64(179 + 16 * axis, count === 0 ? 0 : most[axis]! * STEP, true);
    view.setFloat64(187 + 16 * axis, count === 0 ? 0 : least[axis]! * STEP, true);
  }
  return bytes;
}
