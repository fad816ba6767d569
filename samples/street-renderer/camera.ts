import type { Street } from './street.ts';

/** fx, fy, cx, cy in pixels at width × height; a pixel's centre has whole-number coordinates, as in OpenCV. */
export interface Intrinsics {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
  readonly width: number;
  readonly height: number;
}

/**
 * worldFromCamera as 12 numbers, three rows of four as in KITTI's poses.txt: columns are the camera's x (right),
 * y (down) and z (forward) axes and its place, in metres, in the axes of frame 0's camera.
 */
export type Pose = Float64Array;

/** Height of the camera over the road in metres, as on KITTI's car. */
export const CAMERA_HEIGHT = 1.65;

/** KITTI's field of view (fx 718.86 at 1241 pixels of width), square pixels, principal point in the middle. */
export function intrinsicsFor(width: number, height: number): Intrinsics {
  const focal = (371 * width) / 640;
  return { fx: focal, fy: focal, cx: (width - 1) / 2, cy: (height - 1) / 2, width, height };
}

/** The way driven along the lane after `time` seconds, metres. */
export function distanceAt(street: Street, time: number): number {
  const { speed } = street.plan;
  const ripple = (t: number): number => 0.9 * Math.sin(0.55 * t + 0.4);
  return speed * time + ripple(time) - ripple(0);
}

/**
 * The camera's pose `time` seconds after the start: in its lane along the road, swaying a little as a car does.
 * At time 0 it is the identity.
 */
export function cameraAt(street: Street, time: number): Pose {
  const s = distanceAt(street, time);
  const { phase, lane } = street.plan;
  const swing = (rate: number, shift: number): number =>
    Math.sin(rate * time + phase + shift) - Math.sin(phase + shift);
  const middle = street.line.at(s);
  const sideways = lane + 0.1 * swing(0.5, 1.3);
  const yaw = middle.heading + 0.006 * swing(0.9, 0) + 0.0012 * swing(4.1, 2);
  const pitch = 0.0035 * swing(2.6, 1) + 0.0016 * swing(7.3, 0.5);
  const roll = 0.003 * swing(1.7, 2.2);
  const bounce = 0.009 * swing(2.9, 0.3) + 0.003 * swing(8.1, 1.1);
  const position = [
    middle.x + sideways * Math.cos(middle.heading),
    bounce,
    middle.z - sideways * Math.sin(middle.heading),
  ];
  return poseFrom(yaw, pitch, roll, position as [number, number, number]);
}

/** R = yaw about y (to the right) · pitch about x (upwards) · roll about z, with a place. Radians and metres. */
export function poseFrom(yaw: number, pitch: number, roll: number, at: readonly [number, number, number]): Pose {
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)];
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
  const [cr, sr] = [Math.cos(roll), Math.sin(roll)];
  return Float64Array.of(
    cy * cr + sy * sp * sr,
    -cy * sr + sy * sp * cr,
    sy * cp,
    at[0],
    cp * sr,
    cp * cr,
    -sp,
    at[1],
    -sy * cr + cy * sp * sr,
    sy * sr + cy * sp * cr,
    cy * cp,
    at[2],
  );
}
