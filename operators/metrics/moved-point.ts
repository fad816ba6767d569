import type { CameraIntrinsics } from '../../frames/index.ts';

/** Carries pixels with depth from one camera to another of the same kind. */
export type PointMover = (x: number, y: number, depth: number, out: Float64Array) => void;

/**
 * A function that writes into `out` where a pixel of camera a with a depth is in camera b: x and y in pixels, z-depth
 * in the depth's own unit. A point behind camera b has a z of at most 0, and then x and y mean nothing.
 *
 * @param bFromA row-major 3×4, rotation and translation in the depth's unit
 */
export function pointMover({ fx, fy, cx, cy }: CameraIntrinsics, bFromA: readonly number[]): PointMover {
  const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = bFromA as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return (x, y, depth, out) => {
    const X = ((x - cx) / fx) * depth;
    const Y = ((y - cy) / fy) * depth;
    const z = g * X + h * Y + i * depth + tz;
    out[0] = (fx * (a * X + b * Y + c * depth + tx)) / z + cx;
    out[1] = (fy * (d * X + e * Y + f * depth + ty)) / z + cy;
    out[2] = z;
  };
}
