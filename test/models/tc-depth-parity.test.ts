import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../models/index.ts';
import { madeFrame, windowAt } from './street-frames.ts';

// The numbers come from TC-Depth's published code on a narrow network with random weights; the graphs are this
// project's own export of the same network (models/training/tc_depth/make_golden.py).
const folder = new URL('../golden/tc-depth/', import.meta.url);

type Name = 't' | 't-1' | 't+1';
interface Reference {
  readonly size: { readonly width: number; readonly height: number };
  readonly shifts: Readonly<Record<Name, number>>;
  readonly pixels: readonly (readonly [x: number, y: number])[];
  readonly cases: readonly {
    readonly camera: string;
    /** fx/W, fy/H, cx/W, cy/H. */
    readonly normalised: readonly [number, number, number, number];
    readonly depth: Readonly<Record<Name, readonly number[]>>;
  }[];
}

const reference = JSON.parse(readFileSync(new URL('reference.json', folder), 'utf8')) as Reference;
const names: readonly Name[] = ['t', 't-1', 't+1'];
const { width, height } = reference.size;
const session = (part: string): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(fileURLToPath(new URL(`narrow.${part}.onnx`, folder)), { intraOpNumThreads: 1 });

/** The test picture of random_weights.py: whole numbers only, so that both languages make the same bytes. */
function texture(rows: number, columns: number, shift: number): Uint8Array {
  const pixels = new Uint8Array(rows * columns * 3);
  for (let y = 0, at = 0; y < rows; y++) {
    for (let column = 0; column < columns; column++) {
      const x = column + shift;
      for (let c = 0; c < 3; c++, at++) {
        const block = Math.floor(x / 12) * 73 + Math.floor(y / 8) * 151 + c * 199;
        const hashed = (block * block * 31 + block * 17) % 251;
        const stripe = ((x % 12) + 12) % 12;
        pixels[at] = Math.floor((hashed * 3 + Math.floor((y * 255) / rows) + stripe * 4) / 4) % 256;
      }
    }
  }
  return pixels;
}

/** Largest |found - expected| / expected; NaN where one is not a number, so that no comparison passes. */
function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(found[i]! - expected[i]!) / expected[i]!;
    if (!(off <= most)) most = off;
  }
  return most;
}

describe('TC-Depth exported as ONNX', () => {
  let frame: ort.InferenceSession;
  let window: ort.InferenceSession;
  let whole: ort.InferenceSession;
  beforeAll(async () => {
    [frame, window, whole] = [await session('frame'), await session('window'), await session('whole')];
  });

  const cameraOf = (values: readonly number[]): ort.Tensor => new ort.Tensor('float32', values as number[], [4]);
  const none = [0, 0, 0, 0];

  const featuresOf = (shift: number, camera: readonly number[], rows = height, columns = width) =>
    frame.run({
      frame: new ort.Tensor('uint8', texture(rows, columns, shift), [rows, columns, 3]),
      camera: cameraOf(camera),
    });

  async function depthOf(target: ort.InferenceSession.OnnxValueMapType, ...context: (typeof target)[]) {
    const roles: Record<string, typeof target> = { target, context0: context[0]!, context1: context[1]! };
    const feeds = window.inputNames.map((name) => {
      const [role, feature] = name.split('.') as [string, string];
      return [name, roles[role]![feature]!] as const;
    });
    return (await window.run(Object.fromEntries(feeds)))['depth']!.data as Float32Array;
  }

  async function wholeDepth(shifts: readonly number[], camera: readonly number[], rows: number, columns: number) {
    const frames = new Uint8Array(shifts.length * rows * columns * 3);
    for (const [index, shift] of shifts.entries()) {
      frames.set(texture(rows, columns, shift), index * rows * columns * 3);
    }
    const answer = await whole.run({
      frames: new ort.Tensor('uint8', frames, [shifts.length, rows, columns, 3]),
      camera: cameraOf(camera),
    });
    return answer['depth']!.data as Float32Array;
  }

  const sampled = (depth: Float32Array): number[] => reference.pixels.map(([x, y]) => depth[y * width + x]!);

  for (const { camera, normalised, depth: expected } of reference.cases) {
    const [fx, fy, cx, cy] = normalised;
    const pixels = [fx * width, fy * height, cx * width, cy * height];

    it(`gives the depth of all three frames as the published code does, camera ${camera}`, async () => {
      const depth = await wholeDepth(Object.values(reference.shifts), pixels, height, width);
      const area = width * height;
      for (const [i, name] of names.entries()) {
        expect(worst(sampled(depth.subarray(i * area, (i + 1) * area)), expected[name]), name).toBeLessThanOrEqual(
          1e-4,
        );
      }
    });

    it(`gives them from features computed once a frame, no look-ahead included, camera ${camera}`, async () => {
      const features = Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await featuresOf(reference.shifts[name], pixels)] as const)),
      ) as Record<Name, ort.InferenceSession.OnnxValueMapType>;
      // 't' is the middle of its window; 't+1' the newest of the three, as with --causal: (t-2, t-1, t).
      for (const name of names) {
        const others = names.filter((other) => other !== name).map((other) => features[other]);
        const depth = await depthOf(features[name], ...others);
        expect(worst(sampled(depth), expected[name]), name).toBeLessThanOrEqual(1e-4);
        expect(worst(await depthOf(features[name], ...others.reverse()), depth), 'order').toBeLessThanOrEqual(1e-4);
      }
    });
  }

  it('takes the camera of KITTI where none is given, and no other', async () => {
    const [kitti, own] = reference.cases;
    const features = await Promise.all(names.map((name) => featuresOf(reference.shifts[name], none)));
    const depth = sampled(await depthOf(features[0]!, features[1]!, features[2]!));
    expect(worst(depth, kitti!.depth.t)).toBeLessThanOrEqual(1e-4);
    expect(worst(depth, own!.depth.t)).toBeGreaterThan(1e-3);
  });

  it('needs its context: other neighbours give another depth', async () => {
    const [target, one, two] = await Promise.all([0, 7, 300].map((shift) => featuresOf(shift, none)));
    const depth = sampled(await depthOf(target!, one!, two!));
    expect(worst(depth, reference.cases[0]!.depth.t)).toBeGreaterThan(1e-3);
  });

  it('takes other sizes: the streaming form equals the whole window at 96x160', async () => {
    const camera = [120, 118, 75, 52];
    const shifts = [0, 7, -6];
    const expected = await wholeDepth(shifts, camera, 96, 160);
    const features = await Promise.all(shifts.map((shift) => featuresOf(shift, camera, 96, 160)));
    expect(
      worst(await depthOf(features[0]!, features[1]!, features[2]!), expected.subarray(0, 96 * 160)),
    ).toBeLessThanOrEqual(1e-4);
  });

  it('keeps 15.6 MB a frame at this width and size, most of it the distance kernel', async () => {
    const features = await featuresOf(0, none);
    const bytes = Object.values(features).reduce((sum, tensor) => sum + (tensor.data as Float32Array).byteLength, 0);
    const cells = (width / 8) * (height / 8);
    expect((features['f5']!.data as Float32Array).byteLength).toBe(4 * cells * cells);
    expect(bytes).toBe(4 * (cells * cells + cells * (2 * 16 + 4 * 4 + 8 + 32 + 3 * 8)));
  });

  it('runs as any other model of its family, from its card', async () => {
    const card = fileURLToPath(new URL('narrow.json', folder));
    const offsets = [-1, 1];
    const model = await openModel(card, { threads: 1, source: { width, height } });
    try {
      expect([model.kind, model.contextOffsets, model.inputSize({ width: 1226, height: 370 })]).toEqual([
        'relative',
        offsets,
        { width, height },
      ]);
      const [fx, fy, cx, cy] = reference.cases[1]!.normalised;
      const intrinsics = { fx: fx * width, fy: fy * height, cx: cx * width, cy: cy * height, width, height };
      const frames = (['t-1', 't', 't+1'] as const).map((name, index) => {
        const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3));
        pixels.set(texture(height, width, reference.shifts[name]));
        return madeFrame(index, width, height, { pixels, intrinsics });
      });
      const { data } = await model.estimate(windowAt(frames, 1, offsets));
      expect(worst(sampled(data), reference.cases[1]!.depth.t)).toBeLessThanOrEqual(1e-4);
    } finally {
      await model.close();
    }
  });
});
