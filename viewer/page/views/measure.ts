import type { CameraIntrinsics } from '../../../frames/camera.ts';
import type { ReceivedFrame } from '../../client/received-frame.ts';
import { depthText } from '../colours/colour-range.ts';

/** A point of the picture as shares of its width and height, 0…1. */
export interface PicturePoint {
  readonly x: number;
  readonly y: number;
}

/** A point in the camera's space: x right, y down, z forward. */
export type SpacePoint = readonly [number, number, number];

/** Depth at a point of the picture; NaN where it is unknown. */
export function depthAtPoint({ quantised, depthAt }: ReceivedFrame, { x, y }: PicturePoint): number {
  return depthAt(x * quantised.width, y * quantised.height);
}

/**
 * The point in space at a point of the picture; `undefined` where depth is unknown, is inverse (shape is then known up
 * to a shift only), or where nothing is known of the camera.
 */
export function spacePoint(frame: ReceivedFrame, point: PicturePoint): SpacePoint | undefined {
  const { intrinsics, quantised } = frame;
  const z = depthAtPoint(frame, point);
  if (!intrinsics || quantised.kind === 'inverse' || Number.isNaN(z)) return undefined;
  const column = Math.floor(point.x * quantised.width);
  const row = Math.floor(point.y * quantised.height);
  return unproject(column, row, z, intrinsics);
}

/** The point in space at a pixel (centres at integer coordinates) and a depth along the optical axis. */
export function unproject(u: number, v: number, z: number, { fx, fy, cx, cy }: CameraIntrinsics): SpacePoint {
  return [((u - cx) * z) / fx, ((v - cy) * z) / fy, z];
}

/** What the ruler says of two points of a frame, e.g. `3.42 m apart`. */
export function distanceText(frame: ReceivedFrame, a: PicturePoint, b: PicturePoint): string {
  const { kind } = frame.quantised;
  if (kind === 'inverse') return 'no distance: inverse depth';
  if (!frame.intrinsics) return 'no distance: camera unknown';
  const [from, to] = [spacePoint(frame, a), spacePoint(frame, b)];
  if (!from || !to) return 'depth unknown there';
  const distance = Math.hypot(from[0] - to[0], from[1] - to[1], from[2] - to[2]);
  const text = kind === 'metric' && distance < 10 ? `${distance.toFixed(2)} m` : depthText(distance, kind);
  return kind === 'metric' ? `${text} apart` : `${text} apart (no unit)`;
}
