import { describe, expect, it } from 'vitest';
import type { CameraIntrinsics, DepthMap } from '../../../frames/index.ts';
import { groundPlane, levelHeight } from '../../../operators/metrics/ground-plane.ts';
import { SmoothedScale } from '../../../operators/metrics/smoothed-scale.ts';
import { syntheticDrive } from '../synthetic-drive.ts';

const camera: CameraIntrinsics = { width: 320, height: 96, fx: 185, fy: 185, cx: 159.5, cy: 47.5 };

/** Depth by pixel, in rays of focal lengths. */
function seen(depthOf: (x: number, y: number) => number): DepthMap {
  const data = new Float32Array(camera.width * camera.height);
  for (let v = 0; v < camera.height; v++) {
    for (let u = 0; u < camera.width; u++) {
      data[v * camera.width + u] = depthOf((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy);
    }
  }
  return { width: camera.width, height: camera.height, kind: 'relative', data };
}

/** Ground below a camera that is tilted forward and to the side, in radians. */
const ground =
  (height: number, pitch = 0, roll = 0) =>
  (x: number, y: number): number => {
    const down = Math.cos(pitch) * (Math.cos(roll) * y + Math.sin(roll) * x) + Math.sin(pitch);
    return down > 0.01 ? height / down : 90;
  };

describe('the ground plane', () => {
  it('has the height and the tilt that were put in', () => {
    for (const [pitch, roll] of [
      [0, 0],
      [0.06, 0.03],
      [-0.05, -0.04],
    ] as const) {
      const found = groundPlane(seen(ground(1.65, pitch, roll)), camera)!;
      expect(found.height).toBeCloseTo(1.65, 3);
      expect(Math.asin(found.normal[2])).toBeCloseTo(pitch, 3);
      expect(Math.asin(found.normal[0] / Math.cos(pitch))).toBeCloseTo(roll, 3);
      expect(found.share).toBeGreaterThan(0.95);
    }
  });

  it('is not dragged by a car ahead, nor by noise', () => {
    let state = 3;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32 - 0.5;
    };
    const road = ground(1.65);
    const car = (x: number, y: number): number => (Math.abs(x) < 0.08 && y > 0 && y < 0.165 ? 10 : road(x, y));
    const { height, share } = groundPlane(
      seen((x, y) => car(x, y) * (1 + 0.06 * random())),
      camera,
    )!;
    expect(share).toBeLessThan(0.9);
    expect(Math.abs(height / 1.65 - 1)).toBeLessThan(0.02);
  });

  it('is found in a rendered drive, at its height', () => {
    for (const { frame, depth } of syntheticDrive(2)) {
      expect(groundPlane(depth, frame.intrinsics!)!.height).toBeCloseTo(1.65, 1);
    }
  });

  it('is absent where there is none: a wall, a steep slope, clutter, nothing, inverse depth', () => {
    let state = 5;
    const clutter = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return 2 + (20 * state) / 2 ** 32;
    };
    expect(
      groundPlane(
        seen(() => 8),
        camera,
      ),
    ).toBeUndefined();
    expect(groundPlane(seen(ground(1.65, 0, 0.6)), camera)).toBeUndefined();
    expect(groundPlane(seen(clutter), camera)).toBeUndefined();
    expect(
      groundPlane(
        seen(() => Number.NaN),
        camera,
      ),
    ).toBeUndefined();
    expect(groundPlane({ ...seen(ground(1.65)), kind: 'inverse' }, camera)).toBeUndefined();
  });

  it('is guessed as level ground where it has to be', () => {
    expect(levelHeight(seen(ground(1.65)), camera)).toBeCloseTo(1.65, 4);
    expect(
      levelHeight(
        seen(() => Number.NaN),
        camera,
      ),
    ).toBeUndefined();
    expect(levelHeight({ ...seen(ground(1.65)), kind: 'inverse' }, camera)).toBeUndefined();
  });
});

describe('a smoothed scale', () => {
  it('is nothing at first, then the middle of what was measured', () => {
    const scale = new SmoothedScale();
    expect(scale.value).toBeUndefined();
    for (const one of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) scale.add(one);
    expect(scale.value).toBeUndefined();
    for (const one of [2, 2.2, 1.8]) scale.add(one);
    expect(scale.value).toBeCloseTo(1.993, 3);
  });

  it('moves by a third of a percent at most for a measurement that is far off, and follows a lasting change', () => {
    const scale = new SmoothedScale();
    for (let i = 0; i < 60; i++) scale.add(2);
    scale.add(50);
    expect(scale.value! / 2 - 1).toBeLessThan(0.0034);
    for (let i = 0; i < 200; i++) scale.add(2.4);
    expect(scale.value).toBeCloseTo(2.4, 1);
  });
});
