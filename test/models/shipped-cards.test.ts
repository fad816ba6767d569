import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardParts, type ModelCard, parseCard } from '../../models/card.ts';
import { contentOf } from '../../models/hub/content.ts';
import { openModel } from '../../models/index.ts';
import { shippedCard } from '../../models/registry.ts';
import { madeFrame, windowAt } from './street-frames.ts';
import { float, floatConstant, meanGraph, type TinyGraph, tinyOnnx } from './tiny-onnx.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'depthcast-cards-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The rules of a shipped card with a made-up graph of the form the card describes. */
async function standIn(id: string, graph: Partial<TinyGraph>, changes: object = {}): Promise<string> {
  const { card } = (await shippedCard(id))!;
  const rules = { ...card, parts: { graph: { file: `${id}.onnx` } }, obtain: 'made by a test', ...changes };
  await writeFile(join(folder, `${id}.onnx`), tinyOnnx(meanGraph(graph)));
  const path = join(folder, `${id}.json`);
  const parts = { graph: { file: `${id}.onnx`, ...(await contentOf(join(folder, `${id}.onnx`))) } };
  await writeFile(path, JSON.stringify(parseCard({ ...rules, parts }, path)));
  return path;
}

async function firstValue(path: string, width: number, height: number): Promise<{ value: number; pixel: number[] }> {
  const model = await openModel(path, { deadlineMs: 60_000 });
  const frame = madeFrame(0, width, height);
  const { data, kind } = await model.estimate(windowAt([frame], 0, []));
  await model.close();
  expect(['metric', 'relative', 'inverse']).toContain(kind);
  return { value: data[0]!, pixel: [frame.pixels[0]! / 255, frame.pixels[1]! / 255, frame.pixels[2]! / 255] };
}

const mean = ([r, g, b]: number[]): number => (r! + g! + b!) / 3;

/** Squeezed answers, as transformers gives them: [B,H,W]. */
const squeezed = (input: string, output: string, height: number | string, width: number | string) => ({
  nodes: [{ op: 'ReduceMean', inputs: [input], outputs: [output], attributes: { axes: [1], keepdims: 0 } }],
  inputs: [float(input, 'batch', 3, height, width)],
  outputs: [float(output, 'batch', height, width)],
});

describe('the rules of a shipped card', () => {
  it('of GLPDepth KITTI: sides of 32, picture 0..1 without mean, squeezed answer, times 8', async () => {
    const path = await standIn('glp-depth-kitti', squeezed('pixel_values', 'predicted_depth', 'height', 'width'));
    const { value, pixel } = await firstValue(path, 640, 192);
    expect(value).toBeCloseTo(8 * mean(pixel), 4);
  });

  it('of Depth Anything: sides of 14, ImageNet mean and deviation, inverse depth', async () => {
    const path = await standIn(
      'depth-anything-v2-small',
      squeezed('pixel_values', 'predicted_depth', 'height', 'width'),
    );
    const model = await openModel(path, { deadlineMs: 60_000 });
    const wanted = model.inputSize({ width: 1242, height: 375 });
    await model.close();
    expect([wanted.width % 14, wanted.height % 14]).toEqual([0, 0]);
    const { value, pixel } = await firstValue(path, 56 * 14, 14 * 14);
    const [r, g, b] = pixel;
    const normal = ((r! - 0.485) / 0.229 + (g! - 0.456) / 0.224 + (b! - 0.406) / 0.225) / 3;
    expect(value).toBeCloseTo(Math.max(0, normal), 4);
  });

  it('of ZoeDepth K: what the graph answers as 0.001..10 becomes 0.001..80', async () => {
    const tensors = { input: { tensor: 'image' }, output: { tensor: 'depth' } };
    const { card } = (await shippedCard('zoe-depth-k'))!;
    for (const [raw, metres] of [
      [0.001, 0.001],
      [4.87, 38.957],
      [10, 80],
    ]) {
      const graph = {
        nodes: [
          { op: 'ReduceMean', inputs: ['image'], outputs: ['grey'], attributes: { axes: [1], keepdims: 1 } },
          { op: 'Mul', inputs: ['grey', 'zero'], outputs: ['nothing'] },
          { op: 'Add', inputs: ['nothing', 'raw'], outputs: ['depth'] },
        ],
        inputs: [float('image', 1, 3, 384, 768)],
        outputs: [float('depth', 1, 1, 384, 768)],
        constants: [floatConstant('zero', [1], [0]), floatConstant('raw', [1], [raw!])],
      };
      const path = await standIn('zoe-depth-k', graph, {
        input: { ...card.input, ...tensors.input },
        output: { ...card.output, ...tensors.output },
      });
      expect((await firstValue(path, 768, 384)).value).toBeCloseTo(metres!, 2);
    }
  });
});

describe('the cards of the field', () => {
  const wanted = [
    ...['glp-depth-kitti', 'glp-depth-nyu', 'zoe-depth-n', 'zoe-depth-k', 'zoe-depth-nk', 'diffnet-640x192'],
    ...['diffnet-1024x320', 'monodepth2-640x192', 'manydepth-640x192', 'tc-depth', 'depth-anything-v2-small'],
    ...[
      'depth-anything-v2-metric-outdoor-small',
      'depth-anything-v2-metric-indoor-small',
      'midas-v2.1-small',
      'lite-mono',
    ],
  ];

  it.each(wanted)('%s ships, under its id, with its weights to be pulled or brought', async (id) => {
    const found = await shippedCard(id);
    const card = found?.card as ModelCard;
    expect(card.id).toBe(id);
    expect(found!.shipped).toBe(false);
    for (const [, part] of cardParts(card)) expect(part.url ?? card.obtain).toBeDefined();
    const how = card.convert ? `depthcast models import ${id} FOLDER` : `depthcast models import FILE --as ${id}`;
    if (card.obtain) expect(card.obtain).toContain(how);
  });

  it.each(['glp-depth-kitti', 'diffnet-640x192', 'monodepth2-640x192', 'manydepth-640x192', 'tc-depth'])(
    '%s says that commercial use is not allowed',
    async (id) => {
      expect((await shippedCard(id))!.card.licence).toMatchObject({ commercial: false });
    },
  );
});
