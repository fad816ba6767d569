import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findModel, openModel } from '../../models/index.ts';
import { madeFrame, windowAt } from './street-frames.ts';
import { float, floatConstant, meanGraph, type TinyGraph, tinyOnnx } from './tiny-onnx.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'depthcast-models-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const half: Partial<TinyGraph> = {
  nodes: [
    {
      op: 'AveragePool',
      inputs: ['picture'],
      outputs: ['small'],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    },
    { op: 'ReduceMean', inputs: ['small'], outputs: ['depth'], attributes: { axes: [1], keepdims: 1 } },
  ],
};

describe('an ONNX file without a card', () => {
  const guessed = async (name: string, graph: Parameters<typeof meanGraph>[0]): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, tinyOnnx(meanGraph(graph)));
    return path;
  };

  it('is used with a guessed card: size, layout and kind from the graph, never metres', async () => {
    const { card, shipped } = await findModel(await guessed('My Model.onnx', {}));
    expect(shipped).toBe(false);
    expect(card).toMatchObject({
      id: 'my-model',
      family: 'single-graph',
      input: { layout: 'nchw-float32', range: [0, 1], size: { rule: 'fixed', width: 96, height: 64 } },
      output: { tensor: 'depth', kind: 'relative' },
      licence: { commercial: false },
    });
  });

  it('that answers disparity is inverse, and takes the footage’s aspect where its size is free', async () => {
    const graph = {
      nodes: [
        { op: 'ReduceMean', inputs: ['image255'], outputs: ['disparity'], attributes: { axes: [1], keepdims: 1 } },
      ],
      inputs: [float('image255', 1, 3, 'h', 'w')],
      outputs: [float('disparity', 1, 1, 'h', 'w')],
    };
    const { card } = await findModel(await guessed('free.onnx', graph));
    expect(card).toMatchObject({ input: { range: [0, 255], size: { rule: 'aspect' } }, output: { kind: 'inverse' } });
  });

  it('whose every side is free, channels too, takes a picture as any other', async () => {
    const path = await guessed('all-free.onnx', {
      nodes: [
        {
          op: 'ReduceMean',
          inputs: ['pixel_values'],
          outputs: ['predicted_depth'],
          attributes: { axes: [1], keepdims: 0 },
        },
      ],
      inputs: [float('pixel_values', 'batch_size', 'num_channels', 'height', 'width')],
      outputs: [float('predicted_depth', 'batch_size', 'height', 'width')],
    });
    expect((await findModel(path)).card).toMatchObject({
      input: { tensor: 'pixel_values', layout: 'nchw-float32', size: { rule: 'aspect' } },
      output: { tensor: 'predicted_depth', kind: 'relative' },
    });
    const model = await openModel(path, { deadlineMs: 20_000, source: { width: 320, height: 96 } });
    const { width, height } = model.inputSize({ width: 320, height: 96 });
    const map = await model.estimate(windowAt([madeFrame(0, width, height)], 0, []));
    expect(map.data.length).toBe(width * height);
    await model.close();
  });

  it('that cuts the picture into patches gets a size of whole ones', async () => {
    const path = await guessed('patches.onnx', {
      constants: [floatConstant('weights', [1, 3, 14, 14], new Array(588).fill(1))],
      nodes: [
        {
          op: 'Conv',
          inputs: ['picture', 'weights'],
          outputs: ['depth'],
          attributes: { kernel_shape: [14, 14], strides: [14, 14] },
        },
      ],
      inputs: [float('picture', 1, 3, 'h', 'w')],
      outputs: [float('depth', 1, 1, 'h', 'w')],
    });
    expect((await findModel(path)).card.input.size).toMatchObject({ rule: 'aspect', multiple: 14 });
  });

  it('answers at the picture’s size, the mean of the channels being what this one computes', async () => {
    const model = await openModel(await guessed('mean.onnx', half), { deadlineMs: 60_000 });
    const frame = madeFrame(3, 96, 64);
    const { data, kind } = await model.estimate(windowAt([frame], 0, []));
    expect([kind, data.length]).toEqual(['relative', 96 * 64]);
    // Cell centre between four pixels of the picture, away from posts: the mean of the four, up to interpolation.
    const mean = (x: number, y: number): number => {
      const at = (y * 96 + x) * 3;
      return (frame.pixels[at]! + frame.pixels[at + 1]! + frame.pixels[at + 2]!) / 3 / 255;
    };
    let sum = 0;
    for (let y = 4; y < 60; y++) for (let x = 4; x < 92; x++) sum += data[y * 96 + x]! - mean(x, y);
    expect(Math.abs(sum / (56 * 88))).toBeLessThan(0.002);
    await model.close();
  });

  it('that takes two pictures is refused with what to do', async () => {
    const path = await guessed('two.onnx', { inputs: [float('a', 1, 3, 64, 96), float('b', 1, 3, 64, 96)] });
    await expect(findModel(path)).rejects.toMatchObject({
      code: 'model-shape',
      advice: expect.stringContaining('card'),
    });
  });
});

const data = new URL('../../../shared/data/', import.meta.url);
const there = existsSync(new URL('models/rtmonodepth_s_ms_640_192.onnx', data));
if (!there) console.warn('skipped: real networks of ../shared/data/models are not here');

describe('a real network with a card', () => {
  it.skipIf(!there)('RT-MonoDepth-S gives metres that agree with LiDAR on KITTI 04', async () => {
    const model = await openModel(fileURLToPath(new URL('cards/rtmonodepth-s.json', import.meta.url)), {
      deadlineMs: 60_000,
    });
    const errors: number[] = [];
    for (const index of [5, 25, 45]) {
      const name = String(index).padStart(6, '0');
      const sequence = new URL('kitti_odometry/sequences/04/', data);
      const picture = sharp(fileURLToPath(new URL(`image_2/${name}.jpg`, sequence)));
      const pixels = new Uint8Array(new SharedArrayBuffer(640 * 192 * 3));
      pixels.set(await picture.resize(640, 192, { fit: 'fill' }).removeAlpha().raw().toBuffer());
      const { data: depth, kind } = await model.estimate(windowAt([madeFrame(index, 640, 192, { pixels })], 0, []));
      expect(kind).toBe('metric');
      errors.push(await absRel(depth, fileURLToPath(new URL(`gt_depth_cam2/${name}.png`, sequence))));
    }
    expect(errors.reduce((sum, error) => sum + error) / errors.length).toBeLessThan(0.2);
    await model.close();
  });

  it.skipIf(!there)('TCMonoDepth-small answers inverse depth: near road above far road', async () => {
    const model = await openModel(fileURLToPath(new URL('cards/tcmonodepth-small.json', import.meta.url)), {
      deadlineMs: 60_000,
    });
    const sequence = new URL('kitti_odometry/sequences/04/image_2/000010.jpg', data);
    const pixels = new Uint8Array(new SharedArrayBuffer(640 * 192 * 3));
    pixels.set(await sharp(fileURLToPath(sequence)).resize(640, 192, { fit: 'fill' }).raw().toBuffer());
    const { data: values, kind } = await model.estimate(windowAt([madeFrame(0, 640, 192, { pixels })], 0, []));
    expect(kind).toBe('inverse');
    expect(values[185 * 640 + 320]!).toBeGreaterThan(2 * values[105 * 640 + 320]!);
    await model.close();
  });
});

/** Median-scaled mean of |predicted − measured| / measured in Garg's crop (ECCV 2016) below 80 m. */
async function absRel(depth: Float32Array, truthPath: string): Promise<number> {
  const raw = sharp(truthPath).toColourspace('grey16').raw({ depth: 'ushort' });
  const { data: bytes, info } = await raw.toBuffer({ resolveWithObject: true });
  const truth = new Uint16Array(bytes.buffer, bytes.byteOffset, info.width * info.height * info.channels);
  const pairs: [predicted: number, measured: number][] = [];
  for (let y = Math.floor(0.408 * info.height); y < 0.992 * info.height; y++) {
    for (let x = Math.floor(0.036 * info.width); x < 0.964 * info.width; x++) {
      const measured = truth[(y * info.width + x) * info.channels]! / 256;
      if (measured <= 0.001 || measured >= 80) continue;
      const at = Math.floor((y * 192) / info.height) * 640 + Math.floor((x * 640) / info.width);
      pairs.push([depth[at]!, measured]);
    }
  }
  const ratios = pairs.map(([predicted, measured]) => measured / predicted).sort((a, b) => a - b);
  const scale = ratios[ratios.length >> 1]!;
  return pairs.reduce((sum, [p, m]) => sum + Math.abs(p * scale - m) / m, 0) / pairs.length;
}
