import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import type { DepthFrame } from '../../frames/index.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';

/** Where the eye of the 3-D view is and what it looks at, as its canvas tells it. */
export interface Pose {
  readonly position: readonly [number, number, number];
  readonly target: readonly [number, number, number];
  readonly fov: number;
}

/** A patch of five by five known pixels around (u, v) in a colour of its own. */
export interface Patch {
  readonly u: number;
  readonly v: number;
  readonly z: number;
  readonly colour: readonly [number, number, number];
}

export type Vector = readonly [number, number, number];

const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => [a[0] / Math.hypot(...a), a[1] / Math.hypot(...a), a[2] / Math.hypot(...a)];

/** Where a point (x right, y up, −z forward) must lie on a canvas, by the definition of a pinhole camera alone. */
export function project(point: Vector, { position, target, fov }: Pose, width: number, height: number) {
  const forward = unit(minus(target, position));
  const right = unit(cross(forward, [0, 1, 0]));
  const up = cross(right, forward);
  const away = minus(point, position);
  const focal = height / 2 / Math.tan((fov * Math.PI) / 360);
  const depth = dot(away, forward);
  return { x: width / 2 + (focal * dot(away, right)) / depth, y: height / 2 - (focal * dot(away, up)) / depth };
}

/** Everything unknown but patches. */
export const PATCHES: readonly [Patch, Patch, Patch] = [
  { u: 120, v: 60, z: 12, colour: [255, 0, 0] },
  { u: 330, v: 120, z: 6, colour: [0, 255, 0] },
  { u: 520, v: 90, z: 25, colour: [0, 0, 255] },
];

/** A frame in which everything is unknown but the patches. */
export function patchedFrame(patches: readonly Patch[] = PATCHES): DepthFrame {
  const road = roadFrame({ index: 1 });
  const data = new Float32Array(640 * 192).fill(Number.NaN);
  road.frame.pixels.fill(0);
  for (const { u, v, z, colour } of patches) {
    for (let y = v - 8; y <= v + 8; y++)
      for (let x = u - 8; x <= u + 8; x++) road.frame.pixels.set(colour, 3 * (y * 640 + x));
    for (let y = v - 2; y <= v + 2; y++) for (let x = u - 2; x <= u + 2; x++) data[y * 640 + x] = z;
  }
  return { ...road, depth: { kind: 'metric', width: 640, height: 192, data } };
}

/** Where a patch must lie on a canvas. */
export function placeOfPatch({ u, v, z }: Patch, { frame }: DepthFrame, pose: Pose, width: number, height: number) {
  const { fx, fy, cx, cy } = frame.intrinsics!;
  return project([((u - cx) * z) / fx, -((v - cy) * z) / fy, -z], pose, width, height);
}

/** The pose of the picture on the canvas. */
export async function poseOf(page: Page): Promise<Pose> {
  return JSON.parse((await page.locator('#cloud').getAttribute('data-pose'))!) as Pose;
}

/** Waits until the 3-D view has drawn so many pictures. */
export async function drawn(page: Page, least: number): Promise<void> {
  await page.waitForFunction(
    (count) => Number(document.querySelector<HTMLElement>('.cloud-note')?.dataset['drawn']) >= count,
    least,
  );
}

/** What is on the screen of an element, as RGB bytes. */
export async function pixelsOf(element: Locator): Promise<{ data: Buffer; width: number; height: number }> {
  const picture = sharp(await element.screenshot()).removeAlpha();
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}
