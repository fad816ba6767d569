import type { Intrinsics, Pose } from './camera.ts';
import { createHit } from './geometry/intersect.ts';
import { trace } from './geometry/scene.ts';
import { type Street, sceneAt } from './street.ts';

/** Depth beyond this many metres is given as unknown. */
export const MAX_DEPTH = 80;

/** What one ray through each pixel's centre meets; row-major, one number a pixel. */
export interface DepthPicture {
  /** Distance along the optical axis in metres, 0 where unknown: sky, and from 80 m on. */
  readonly depth: Float32Array;
  /** 0 where the ray meets what stands still (or nothing), else the number of the moving car. */
  readonly moving: Uint8Array;
}

/**
 * The exact depth of the street from any pose at any time: one ray through each pixel's centre, no averaging.
 * `pose` is worldFromCamera (see Pose); `time` in seconds matters to the moving cars alone.
 */
export function renderDepth(street: Street, pose: Pose, intrinsics: Intrinsics, time: number): DepthPicture {
  const scene = sceneAt(street, time);
  const { width, height } = intrinsics;
  const depth = new Float32Array(width * height);
  const moving = new Uint8Array(width * height);
  const hit = createHit();
  const m = pose as unknown as number[] & { readonly length: 12 };
  const [r00, r01, r02, tx, r10, r11, r12, ty, r20, r21, r22, tz] = m as unknown as Tuple12;
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const x = (u - intrinsics.cx) / intrinsics.fx;
      const y = (v - intrinsics.cy) / intrinsics.fy;
      // The direction's z in the camera is 1, so t is the depth itself.
      const dx = r00 * x + r01 * y + r02;
      const dy = r10 * x + r11 * y + r12;
      const dz = r20 * x + r21 * y + r22;
      if (!trace(scene, tx, ty, tz, dx, dy, dz, 0.05, MAX_DEPTH, false, hit)) continue;
      depth[v * width + u] = hit.t;
      moving[v * width + u] = hit.instance?.mover ?? 0;
    }
  }
  return { depth, moving };
}

type Tuple12 = [number, number, number, number, number, number, number, number, number, number, number, number];
