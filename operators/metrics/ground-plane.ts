import type { CameraIntrinsics, DepthMap } from '../../frames/index.ts';
import { median } from './median.ts';
import { robustFit } from './robust-fit.ts';

/** The ground as a depth map shows it. */
export interface GroundPlane {
  /** Height of the camera over the ground, in the unit of the map. */
  readonly height: number;
  /** Unit normal in the camera (x right, y down, z forward), pointing down to the ground. */
  readonly normal: readonly [number, number, number];
  /** Share of the pixels looked at that lie on it within 5 %, 0 to 1. */
  readonly share: number;
}

/** Part of the picture looked at: rows from this share of the height below the principal point … */
const TOP = 0.1;
/** … and columns to this share of the width beside the middle, at the top and at the bottom: about a car's own lane. */
const NARROW = 0.06;
const WIDE = 0.2;
const SAMPLES = 600;
const FEWEST = 100;
/** Relative difference of inverse depth that still is on the plane. */
const ON_PLANE = 0.05;
const LEAST_SHARE = 0.5;
/** Least part of the normal that points down: about 18 degrees of tilt. */
const UPRIGHT = 0.95;

/**
 * Finds the ground in the lower middle of a metric or relative depth map: the plane that the pixels agree on.
 *
 * On a plane inverse depth is linear in the picture, 1 / Z = (n · (x, y, 1)) / h with x, y in focal lengths from the
 * principal point, n the normal and h the camera's height; fitted relative to each pixel's own 1 / Z, so that near and far count the same, and robustly (`robustFit`), so that a
 * car ahead or a kerb does not drag it. `undefined` where less than half of the pixels looked at lie on one plane within
 * 5 %, where it tilts by more than about 18 degrees (a wall, a hill from the side), for inverse maps, whose unknown shift
 * hides the plane, and with fewer than 100 known pixels. It cannot see that a flat roof or a lawn is not the ground.
 */
export function groundPlane(map: DepthMap, camera: CameraIntrinsics): GroundPlane | undefined {
  if (map.kind === 'inverse') return undefined;
  const rows = lowerMiddle(map, camera);
  const count = rows.length / 3;
  if (count < FEWEST) return undefined;
  const [a, b, c] = robustFit(rows, new Float64Array(count).fill(1), 3, 0.01, 1e-6) as unknown as [
    number,
    number,
    number,
  ];
  const length = Math.hypot(a, b, c);
  if (!(b > UPRIGHT * length)) return undefined;
  let on = 0;
  for (let i = 0; i < rows.length; i += 3) {
    if (Math.abs(a * rows[i]! + b * rows[i + 1]! + c * rows[i + 2]! - 1) <= ON_PLANE) on++;
  }
  const share = on / count;
  if (share < LEAST_SHARE) return undefined;
  return { height: 1 / length, normal: [a / length, b / length, c / length], share };
}

/**
 * Height of the camera if what the lower middle shows were level ground: the median of how far below the camera it lies,
 * in the unit of the map. Always an answer, if a rough one: things that stand on the ground make it too low, a tilt of
 * the camera too high or too low. `undefined` for inverse maps and where nothing is known there.
 */
export function levelHeight(map: DepthMap, camera: CameraIntrinsics): number | undefined {
  const rows = map.kind === 'inverse' ? new Float64Array(0) : lowerMiddle(map, camera);
  const heights = new Float64Array(rows.length / 3);
  for (let i = 0; i < heights.length; i++) heights[i] = rows[3 * i + 1]!;
  return heights.length === 0 ? undefined : median(heights);
}

/** Places of the known pixels in the camera, x, y and z each, about 600 of them. */
function lowerMiddle({ width, height, data }: DepthMap, { fx, fy, cx, cy }: CameraIntrinsics): Float64Array {
  const top = Math.max(0, Math.ceil(cy + TOP * height));
  const bottom = Math.floor(0.98 * height);
  const step = Math.max(1, Math.floor(Math.sqrt((Math.max(0, bottom - top) * (NARROW + WIDE) * width) / SAMPLES)));
  const found: number[] = [];
  for (let v = top; v < bottom; v += step) {
    const reach = (NARROW + ((WIDE - NARROW) * (v - top)) / (bottom - top)) * width;
    const last = Math.min(width - 1, Math.floor(width / 2 + reach));
    for (let u = Math.max(0, Math.ceil(width / 2 - reach)); u <= last; u += step) {
      const z = data[v * width + u]!;
      if (z > 0 && z < Number.POSITIVE_INFINITY) found.push((z * (u - cx)) / fx, (z * (v - cy)) / fy, z);
    }
  }
  return Float64Array.from(found);
}
