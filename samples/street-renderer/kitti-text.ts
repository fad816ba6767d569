import { cameraAt, type Intrinsics, type Pose } from './camera.ts';
import { carShapes } from './models/car-shapes.ts';
import { driverPose } from './scene/traffic.ts';
import type { Street } from './street.ts';

const number = (value: number): string => (value === 0 ? 0 : value).toExponential(12);

/** calib.txt of a KITTI odometry sequence: P0 to P3, 3 × 4, row-major; one camera, so all four are the same. */
export function calibText(intrinsics: Intrinsics): string {
  const { fx, fy, cx, cy } = intrinsics;
  const row = [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0].map(number).join(' ');
  return [0, 1, 2, 3].map((camera) => `P${camera}: ${row}\n`).join('');
}

/** One pose as a line of poses.txt: worldFromCamera, three rows of four. */
export function poseText(pose: Pose): string {
  return `${Array.from(pose, number).join(' ')}\n`;
}

/** poses.txt of the whole drive. */
export function posesText(street: Street, frames: number, fps: number): string {
  return Array.from({ length: frames }, (_, i) => poseText(cameraAt(street, i / fps))).join('');
}

/** times.txt: each frame's time in seconds. */
export function timesText(frames: number, fps: number): string {
  return Array.from({ length: frames }, (_, i) => `${number(i / fps)}\n`).join('');
}

/**
 * moving.json: each moving car's size in metres (width, height, length) and its pose worldFromObject in every frame;
 * an object's origin is on the road under its middle, x to its right, y down, z to its front. Its number is the
 * value of its pixels in the masks.
 */
export function movingText(street: Street, frames: number, fps: number): string {
  const round = (value: number): number => Math.round(value * 1e6) / 1e6;
  const objects = street.drivers.map((driver) => {
    const shape = carShapes[driver.model] as (typeof carShapes)[number];
    return {
      id: driver.id,
      kind: shape.name,
      size: [round(shape.halfWidth * 2 + 0.3), Math.max(...shape.top.map(([, y]) => y)), shape.length],
      worldFromObject: Array.from({ length: frames }, (_, i) => Array.from(driverPose(street, driver, i / fps), round)),
    };
  });
  const lines = objects.map(
    ({ worldFromObject, ...facts }) =>
      `  {${JSON.stringify(facts).slice(1, -1)},"worldFromObject":[\n${worldFromObject.map((row) => `    [${row.join(',')}]`).join(',\n')}\n  ]}`,
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}
