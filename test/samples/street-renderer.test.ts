import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  CAMERA_HEIGHT,
  cameraAt,
  type Intrinsics,
  intrinsicsFor,
  type Pose,
  poseFrom,
} from '../../samples/street-renderer/camera.ts';
import { renderColor } from '../../samples/street-renderer/color.ts';
import { MAX_DEPTH, renderDepth } from '../../samples/street-renderer/depth.ts';
import { calibText, movingText, posesText } from '../../samples/street-renderer/kitti-text.ts';
import { readOptions } from '../../samples/street-renderer/options.ts';
import { createStreet } from '../../samples/street-renderer/street.ts';
import { depthPng } from '../../samples/street-renderer/truth-files.ts';

const street = createStreet(1);
const small = intrinsicsFor(160, 48);

/** A camera point in the world. */
function toWorld(pose: Pose, x: number, y: number, z: number): [number, number, number] {
  const at = (row: number): number => {
    const k = row * 4;
    return pose[k]! * x + pose[k + 1]! * y + pose[k + 2]! * z + pose[k + 3]!;
  };
  return [at(0), at(1), at(2)];
}

/** A world point in the camera. */
function toCamera(pose: Pose, point: readonly [number, number, number]): [number, number, number] {
  const d = [point[0] - pose[3]!, point[1] - pose[7]!, point[2] - pose[11]!] as const;
  const at = (column: number): number => pose[column]! * d[0] + pose[column + 4]! * d[1] + pose[column + 8]! * d[2];
  return [at(0), at(1), at(2)];
}

/** World height (y, downwards) of what a pixel shows. */
function heightAt(pose: Pose, k: Intrinsics, u: number, v: number, z: number): number {
  return toWorld(pose, ((u - k.cx) / k.fx) * z, ((v - k.cy) / k.fy) * z, z)[1];
}

describe('the rendered street', () => {
  test('has the road at the depth that plane geometry says', () => {
    // Straight down the lane, level: the road is y = 1.65, so depth is fy · 1.65 / (v - cy).
    const pose = poseFrom(0, 0, 0, [0, 0, 0]);
    const { depth } = renderDepth(street, pose, small, 0);
    for (let v = 44; v < 48; v++) {
      const truth = (small.fy * CAMERA_HEIGHT) / (v - small.cy);
      expect(depth[v * 160 + 80]).toBeCloseTo(truth, 5);
    }
  });

  test('has the road at the depth that plane geometry says when the camera is pitched and rolled', () => {
    const pose = poseFrom(0.05, -0.08, 0.04, [0.3, -0.1, 1]);
    const { depth } = renderDepth(street, pose, small, 0);
    for (let v = 40; v < 48; v++) {
      const z = depth[v * 160 + 78]!;
      expect(heightAt(pose, small, 78, v, z)).toBeCloseTo(CAMERA_HEIGHT, 4);
    }
  });

  test('shows static surfaces at the same place from two poses', () => {
    const [before, now] = [2, 2 + 1 / 15];
    const [poseBefore, poseNow] = [cameraAt(street, before), cameraAt(street, now)];
    const present = renderDepth(street, poseNow, small, now);
    const outcome = { same: 0, hidden: 0, through: 0 };
    for (let i = 5; i < present.depth.length; i += 47) {
      const z = present.depth[i]!;
      if (z === 0 || present.moving[i] !== 0) continue;
      const [u, v] = [i % 160, Math.floor(i / 160)];
      const point = toWorld(poseNow, ((u - small.cx) / small.fx) * z, ((v - small.cy) / small.fy) * z, z);
      const [x, y, expected] = toCamera(poseBefore, point);
      if (expected >= MAX_DEPTH) continue;
      // A camera of one pixel that looks exactly at the point from where the camera was a frame earlier.
      const single = { fx: 1, fy: 1, cx: -x / expected, cy: -y / expected, width: 1, height: 1 };
      const seen = renderDepth(street, poseBefore, single, before).depth[0]!;
      if (Math.abs(seen - expected) < 1e-5 * expected) outcome.same++;
      else if (seen < expected) outcome.hidden++;
      else outcome.through++;
    }
    // Some points were hidden behind something nearer; none may have been missed.
    expect(outcome.same).toBeGreaterThan(100);
    expect(outcome.hidden).toBeLessThan(outcome.same * 0.1);
    expect(outcome.through).toBeLessThanOrEqual(1);
  });

  test('says which pixels belong to a moving car, and where that car is', () => {
    const k = intrinsicsFor(320, 96);
    const time = 1;
    const pose = cameraAt(street, time);
    const { depth, moving } = renderDepth(street, pose, k, time);
    const cars = JSON.parse(movingText(street, 16, 15)) as {
      id: number;
      size: number[];
      worldFromObject: number[][];
    }[];
    expect([...new Set(moving)].every((id) => id === 0 || cars.some((car) => car.id === id))).toBe(true);
    const ahead = cars[0]!;
    const carPose = Float64Array.from(ahead.worldFromObject[15]!);
    let pixels = 0;
    moving.forEach((id, i) => {
      if (id !== ahead.id) return;
      pixels++;
      const z = depth[i]!;
      const [u, v] = [i % 320, Math.floor(i / 320)];
      const inCar = toCamera(carPose, toWorld(pose, ((u - k.cx) / k.fx) * z, ((v - k.cy) / k.fy) * z, z));
      expect(Math.abs(inCar[0])).toBeLessThan(ahead.size[0]! / 2 + 1e-3);
      expect(-inCar[1]).toBeLessThan(ahead.size[1]! + 1e-3);
      expect(Math.abs(inCar[2])).toBeLessThan(ahead.size[2]! / 2 + 1e-3);
    });
    expect(pixels).toBeGreaterThan(50);
  });

  test('gives sky and all from 80 m on as unknown', () => {
    const { depth } = renderDepth(street, cameraAt(street, 0), small, 0);
    expect(depth.some((z) => z === 0)).toBe(true);
    expect(Math.max(...depth)).toBeLessThan(MAX_DEPTH);
    expect(depth.every((z) => z >= 0)).toBe(true);
  });

  test('starts at the identity and drives eight to ten metres a second', () => {
    expect(Array.from(cameraAt(street, 0), (x) => x + 0)).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    for (let time = 0; time < 10; time += 0.5) {
      const [a, b] = [cameraAt(street, time), cameraAt(street, time + 0.1)];
      const way = Math.hypot(b[3]! - a[3]!, b[7]! - a[7]!, b[11]! - a[11]!);
      expect(way * 10).toBeGreaterThan(7.5);
      expect(way * 10).toBeLessThan(10.5);
    }
  });

  test('writes poses.txt with a line a frame that reads back as cameraAt', () => {
    const lines = posesText(street, 20, 15).trimEnd().split('\n');
    expect(lines).toHaveLength(20);
    lines.forEach((line, i) => {
      const numbers = line.split(' ').map(Number);
      cameraAt(street, i / 15).forEach((value, k) => {
        expect(numbers[k]).toBeCloseTo(value, 9);
      });
    });
  });

  test('is the same to the byte for the same seed', () => {
    const again = createStreet(1);
    const tiny = intrinsicsFor(64, 20);
    const pose = cameraAt(street, 1);
    const options = { samples: 2, seed: 3 };
    expect(renderDepth(again, pose, tiny, 1)).toEqual(renderDepth(street, pose, tiny, 1));
    expect(renderColor(again, pose, tiny, 1, options)).toEqual(renderColor(street, pose, tiny, 1, options));
    expect(posesText(again, 5, 15)).toBe(posesText(street, 5, 15));
  });

  test('is another street for another seed', () => {
    const other = createStreet(2);
    const tiny = intrinsicsFor(64, 20);
    expect(renderDepth(other, cameraAt(other, 1), tiny, 1).depth).not.toEqual(
      renderDepth(street, cameraAt(street, 1), tiny, 1).depth,
    );
  });

  test('writes depth as 16-bit grey PNG in steps of 1/256 m', async () => {
    const png = await depthPng(Float32Array.of(0, 1, 79.9, 2.5), 2, 2);
    // Byte 24 of a PNG is its bit depth, byte 25 its colour type (0 = grey).
    expect([png[24], png[25]]).toEqual([16, 0]);
    const { default: sharp } = await import('sharp');
    const { data } = await sharp(png)
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const steps = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    expect([...steps]).toEqual([0, 256, Math.round(79.9 * 256), 640]);
  });

  test('refuses options that make no sense with one sentence', () => {
    expect(() => readOptions(['--size', '640'])).toThrow(/--size must be two even numbers/);
    expect(() => readOptions(['--frames', '0'])).toThrow(/--frames must be a whole number/);
  });
});

describe('the committed sample', () => {
  const file = (name: string): Buffer => readFileSync(new URL(`../../samples/street/${name}`, import.meta.url));
  const numbers = (text: string): number[] => text.trim().split(/\s+/).map(Number).filter(Number.isFinite);

  test('holds the poses, the times and the camera of seed 1', () => {
    const poses = numbers(file('poses.txt').toString());
    const times = numbers(file('times.txt').toString());
    const frames = times.length;
    expect(frames).toBe(150);
    expect(times).toEqual(Array.from({ length: frames }, (_, i) => expect.closeTo(i / 15, 9)));
    expect(poses).toHaveLength(frames * 12);
    numbers(posesText(street, frames, 15)).forEach((value, i) => {
      expect(poses[i]).toBeCloseTo(value, 9);
    });
    expect(file('calib.txt').toString()).toBe(calibText(intrinsicsFor(640, 192)));
  });

  test('holds the depth of seed 1', async () => {
    const k = intrinsicsFor(640, 192);
    const { default: sharp } = await import('sharp');
    const data = await sharp(file('depth/000060.png')).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
    const steps = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    const { depth } = renderDepth(street, cameraAt(street, 60 / 15), k, 60 / 15);
    expect(steps).toHaveLength(depth.length);
    const wrong = depth.reduce((count, z, i) => count + (Math.abs(z * 256 - steps[i]!) > 0.51 ? 1 : 0), 0);
    expect(wrong / depth.length).toBeLessThan(1e-4);
  });
});
