import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type CameraIntrinsics, type DepthMap, type Frame, scaleIntrinsics } from '../../../frames/index.ts';
import { BrightnessPyramid } from '../../../operators/metrics/brightness-pyramid.ts';
import { type EgoMotion, EgoMotionEstimator } from '../../../operators/metrics/ego-motion.ts';
import { InverseDepth } from '../../../operators/metrics/inverse-depth.ts';
import { stepBack } from '../../../operators/metrics/rigid-step.ts';
import { readIntrinsics } from '../../../pipeline/datasets/intrinsics-text.ts';
import { openSource } from '../../../pipeline/sources/registry.ts';
import { type DrivenFrame, syntheticDrive } from '../synthetic-drive.ts';
import { inverseMotion, relativeMotion } from './motions.ts';

const sample = fileURLToPath(new URL('../../../samples/street/', import.meta.url));
const size = { width: 640, height: 192 };

function estimated(
  present: { readonly pixels: Uint8Array; readonly depth: DepthMap; readonly camera: CameraIntrinsics },
  previous: Uint8Array,
): EgoMotion | undefined {
  const [now, before] = [new BrightnessPyramid(size), new BrightnessPyramid(size)];
  now.take(present.pixels, size.width);
  before.take(previous, size.width);
  const depth = new InverseDepth();
  depth.read(present.depth, 0);
  return new EgoMotionEstimator().estimate(now, depth, present.camera, before);
}

/** How far an estimate is from the truth, in the truth's unit and in degrees. */
function offBy(estimate: ArrayLike<number>, truth: readonly number[]): { metres: number; degrees: number } {
  const left = relativeMotion([...Array.from(estimate)], truth);
  const turn = Math.hypot(left[9]! - left[6]!, left[2]! - left[8]!, left[4]! - left[1]!) / 2;
  return { metres: Math.hypot(left[3]!, left[7]!, left[11]!), degrees: (turn * 180) / Math.PI };
}

const driven = ({ frame, depth }: DrivenFrame) => ({ pixels: frame.pixels, depth, camera: frame.intrinsics! });

describe('the estimate of ego-motion', () => {
  it('finds the motion of a rendered drive, driving and turning', () => {
    for (const { forward, yaw } of [
      { forward: 0.7, yaw: 0.004 },
      { forward: 0.3, yaw: 0.05 },
      { forward: 1.4, yaw: 0 },
      { forward: 0, yaw: 0 },
    ]) {
      const [before, now] = syntheticDrive(2, { forward, yaw }) as [DrivenFrame, DrivenFrame];
      const [sin, cos] = [Math.sin(yaw), Math.cos(yaw)];
      const truth = [cos, 0, sin, 0, 0, 1, 0, 0, -sin, 0, cos, forward];
      const off = offBy(estimated(driven(now), before.frame.pixels)!.motion, truth);
      expect(off.metres).toBeLessThan(0.02);
      expect(off.degrees).toBeLessThan(0.05);
    }
  });

  it('is not disturbed by a change of exposure, which it tells', () => {
    const [before, now] = syntheticDrive(2) as [DrivenFrame, DrivenFrame];
    const darker = before.frame.pixels.map((value) => 0.8 * value + 10);
    const found = estimated(driven(now), darker)!;
    // Between its pixels a picture has less contrast, so that the gain comes out a little low.
    expect(found.gain).toBeGreaterThan(0.7);
    expect(found.gain).toBeLessThan(0.82);
    expect(found.motion[11]).toBeCloseTo(0.7, 1);
  });

  it('is as long as the depth makes it', () => {
    const [before, now] = syntheticDrive(2) as [DrivenFrame, DrivenFrame];
    const twice = { ...now.depth, data: now.depth.data.map((value) => 2 * value) };
    expect(estimated({ ...driven(now), depth: twice }, before.frame.pixels)!.motion[11]).toBeCloseTo(1.4, 1);
  });

  it('is absent where there is no texture, no depth, or another scene', () => {
    const [before, now] = syntheticDrive(2) as [DrivenFrame, DrivenFrame];
    const black = new Uint8Array(now.frame.pixels.length);
    const upsideDown = Uint8Array.from(before.frame.pixels).reverse();
    const nowhere = { ...now.depth, data: now.depth.data.map(() => Number.NaN) };
    expect(estimated({ ...driven(now), pixels: black }, before.frame.pixels)).toBeUndefined();
    expect(estimated(driven(now), black)).toBeUndefined();
    expect(estimated({ ...driven(now), depth: nowhere }, before.frame.pixels)).toBeUndefined();
    expect(estimated(driven(now), upsideDown)).toBeUndefined();
  });

  it('finds the motion of the sample street to a few centimetres and a tenth of a degree', {
    timeout: 240_000,
  }, async () => {
    const source = await openSource(`${sample}street.mp4`);
    const camera = scaleIntrinsics((await readIntrinsics(`${sample}calib.txt`, size))!, size);
    const frames: Frame[] = [];
    for await (const frame of source.frames({ stream: 'street', size })) frames.push(frame);
    const poses = readFileSync(`${sample}poses.txt`, 'utf8').trim().split('\n');
    const pose = (i: number): number[] => poses[i]!.split(' ').map(Number);
    const metres: number[] = [];
    const degrees: number[] = [];
    for (let i = 3; i < frames.length; i += 6) {
      const png = `${sample}depth/${String(i).padStart(6, '0')}.png`;
      const grey = await sharp(png).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
      const measured = new Uint16Array(grey.buffer, grey.byteOffset, size.width * size.height);
      const depth: DepthMap = { ...size, kind: 'metric', data: Float32Array.from(measured, (value) => value / 256) };
      const found = estimated({ pixels: frames[i]!.pixels, depth, camera }, frames[i - 1]!.pixels)!;
      const off = offBy(found.motion, relativeMotion(pose(i - 1), pose(i)));
      metres.push(off.metres);
      degrees.push(off.degrees);
    }
    metres.sort((a, b) => a - b);
    degrees.sort((a, b) => a - b);
    console.info(
      `sample street, ${metres.length} pairs of 0.6 m: median ${metres[metres.length >> 1]!.toFixed(3)} m and ${degrees[degrees.length >> 1]!.toFixed(3)} degrees off, most ${metres.at(-1)!.toFixed(3)} m and ${degrees.at(-1)!.toFixed(3)}`,
    );
    expect(metres[metres.length >> 1]).toBeLessThan(0.03);
    expect(degrees[degrees.length >> 1]).toBeLessThan(0.1);
    expect(metres.at(-1)).toBeLessThan(0.1);
    expect(degrees.at(-1)).toBeLessThan(0.4);
  });
});

const same = (values: ArrayLike<number>, wanted: readonly number[]): void => {
  expect(values).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(values[i]).toBeCloseTo(value, 12);
};

describe('a step of a rigid motion', () => {
  it('is undone by its opposite, and keeps rotations rotations', () => {
    const start = [0.36, 0.48, -0.8, 1, -0.8, 0.6, 0, 2, 0.48, 0.64, 0.6, 3];
    for (const size of [1e-7, 1e-3, 0.5, 3]) {
      const motion = Float64Array.from(start);
      const step = [0.3, -0.2, 0.1, 0.6 * size, -0.48 * size, 0.64 * size];
      stepBack(motion, step);
      const square = relativeMotion(motion, motion);
      same(square, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
      stepBack(
        motion,
        step.map((value) => -value),
      );
      same(motion, start);
    }
  });

  it('turns and moves as closed form has it', () => {
    const motion = Float64Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    // A screw about z: a quarter turn while moving 2 along the axis; the inverse of it is what is applied.
    stepBack(motion, [0, 0, 2, 0, 0, Math.PI / 2]);
    same(motion, [0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1, -2]);
    expect(inverseMotion(motion)[1]).toBeCloseTo(-1, 12);
  });
});
