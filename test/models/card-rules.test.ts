import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCard } from '../../models/card.ts';
import { contentOf } from '../../models/hub/content.ts';
import { openModel } from '../../models/index.ts';
import { inputSize, sizeFault } from '../../models/input-size.ts';
import { madeFrame, windowAt } from './street-frames.ts';
import { float, floatConstant, meanGraph, type TinyGraph, tinyOnnx } from './tiny-onnx.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'depthcast-rules-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const basics = {
  version: 1,
  title: 'made by a test',
  family: 'single-graph',
  parts: { graph: { file: 'graph.onnx', sha256: '0'.repeat(64), bytes: 1 } },
  camera: { rule: 'none' },
  licence: { name: 'none', commercial: true },
  source: 'a test',
  trained: { data: [] },
};
const picture = { tensor: 'picture', layout: 'nchw-float32', size: { rule: 'fixed', width: 96, height: 64 } };
const depth = { tensor: 'depth', kind: 'metric', min: 0.001, max: 1000 };

async function cardWith(id: string, graph: Partial<TinyGraph>, input: object, output: object = {}): Promise<string> {
  const file = `${id}.onnx`;
  await writeFile(join(folder, file), tinyOnnx(meanGraph(graph)));
  const parts = { graph: { file, ...(await contentOf(join(folder, file))) } };
  const card = { ...basics, id, parts, input: { ...picture, ...input }, output: { ...depth, ...output } };
  await writeFile(join(folder, `${id}.json`), JSON.stringify(parseCard(card, id)));
  return join(folder, `${id}.json`);
}

const mean = { op: 'ReduceMean', inputs: ['picture'], outputs: ['mean'], attributes: { axes: [1], keepdims: 1 } };
const greyOf = (pixels: Uint8Array, at: number): number =>
  (pixels[3 * at]! + pixels[3 * at + 1]! + pixels[3 * at + 2]!) / 3;

describe('the rule input.flip', () => {
  it('answers the mean of the picture’s answer and its mirror image’s, mirrored back', async () => {
    // The answer grows to the right whatever the picture, which the mirror image takes back.
    const ramp = Array.from({ length: 96 }, (_, x) => x * 10);
    const graph: Partial<TinyGraph> = {
      nodes: [mean, { op: 'Add', inputs: ['mean', 'ramp'], outputs: ['depth'] }],
      constants: [floatConstant('ramp', [1, 1, 1, 96], ramp)],
    };
    const model = await openModel(await cardWith('flipped', graph, { flip: true }), { deadlineMs: 60_000 });
    const frame = madeFrame(2, 96, 64);
    const { data } = await model.estimate(windowAt([frame], 0, []));
    await model.close();
    for (const at of [0, 95, 96 * 31 + 17, 96 * 63 + 80]) {
      expect(data[at]).toBeCloseTo(greyOf(frame.pixels, at) + (95 * 10) / 2, 2);
    }
  });
});

describe('the rule size.pad', () => {
  const size = { rule: 'fixed', width: 96, height: 64, pad: { mode: 'reflect', factor: 3 } } as const;

  it('makes frames smaller by the margin that ZoeDepth has', () => {
    // A 640x480 picture: 53 pixels left and right of 746, 46 above and below of 572.
    expect(inputSize({ ...size, width: 512, height: 384 }, { width: 640, height: 480 })).toEqual({
      width: 512 - 2 * Math.round((512 * 53) / 746),
      height: 384 - 2 * Math.round((384 * 46) / 572),
    });
  });

  it('refuses frames with odd margins, margins wider than the picture, and larger ones', () => {
    expect(sizeFault(size, { width: 80, height: 50 })).toBeUndefined();
    expect(sizeFault(size, { width: 96, height: 64 })).toBeUndefined();
    for (const wrong of [
      { width: 81, height: 50 },
      { width: 30, height: 50 },
      { width: 98, height: 64 },
    ]) {
      expect(sizeFault(size, wrong)).toContain('at most 96x64');
    }
  });

  it('shows the network the margin mirrored without the edge, and cuts it off the answer', async () => {
    // The answer is the picture moved by 20 places to the left: what stood beyond the right edge comes into view.
    const moved = {
      op: 'Slice',
      inputs: ['mean', 'from', 'to', 'axis'],
      outputs: ['right'],
    };
    const int = (name: string, value: number) => ({
      name,
      type: 7,
      shape: [1],
      raw: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
    });
    const graph: Partial<TinyGraph> = {
      nodes: [
        mean,
        moved,
        { op: 'Slice', inputs: ['mean', 'start', 'from', 'axis'], outputs: ['left'] },
        { op: 'Concat', inputs: ['right', 'left'], outputs: ['depth'], attributes: { axis: 3 } },
      ],
      constants: [int('start', 0), int('from', 8), int('to', 96), int('axis', 3)],
    };
    const model = await openModel(await cardWith('padded', graph, { size }), { deadlineMs: 60_000 });
    const frame = madeFrame(1, 80, 50);
    const { data, width, height } = await model.estimate(windowAt([frame], 0, []));
    await model.close();
    expect([width, height, data.length]).toEqual([80, 50, 4000]);
    for (const y of [0, 49]) {
      expect(data[y * 80 + 10]).toBeCloseTo(greyOf(frame.pixels, y * 80 + 18), 3);
      // Place 79 shows 87, which is 79 - 8 by reflection.
      expect(data[y * 80 + 79]).toBeCloseTo(greyOf(frame.pixels, y * 80 + 71), 3);
    }
  });
});

describe('the rule output.router', () => {
  const twoHeads: Partial<TinyGraph> = {
    nodes: [
      mean,
      { op: 'ReduceMean', inputs: ['picture'], outputs: ['bright'], attributes: { axes: [1, 2, 3], keepdims: 0 } },
      { op: 'Sub', inputs: ['bright', 'half'], outputs: ['over'] },
      { op: 'Mul', inputs: ['over', 'signs'], outputs: ['logits'] },
      { op: 'Mul', inputs: ['mean', 'nothing'], outputs: ['zero'] },
      { op: 'Add', inputs: ['zero', 'one'], outputs: ['inside'] },
      { op: 'Add', inputs: ['zero', 'two'], outputs: ['outside'] },
    ],
    constants: [
      floatConstant('half', [1], [128]),
      floatConstant('signs', [2], [-0.02, 0.02]),
      floatConstant('nothing', [1], [0]),
      floatConstant('one', [1], [5]),
      floatConstant('two', [1], [50]),
    ],
    outputs: [float('inside', 1, 1, 64, 96), float('outside', 1, 1, 64, 96), float('logits', 2)],
  };
  const router = { tensor: 'logits', answers: ['inside', 'outside'], frames: 3 };
  const frameOf = (index: number, grey: number) => {
    const pixels = new Uint8Array(new SharedArrayBuffer(96 * 64 * 3)).fill(grey);
    return madeFrame(index, 96, 64, { pixels });
  };

  it('answers both domains from one graph and keeps a stream’s while it hovers between them', async () => {
    const card = await cardWith('routed', twoHeads, {}, { tensor: 'inside', router });
    const model = await openModel(card, { deadlineMs: 60_000 });
    const answers: number[] = [];
    for (const [at, grey] of [140, 120, 126, 130, 118, 131, 20, 20, 20, 20, 240].entries()) {
      answers.push((await model.estimate(windowAt([frameOf(at, grey)], 0, []))).data[0]!);
    }
    await model.close();
    expect(answers).toEqual([50, 50, 50, 50, 50, 50, 50, 50, 5, 5, 5]);
  });

  it('that names a tensor the graph lacks is of the wrong shape', async () => {
    const card = await cardWith('lacking', twoHeads, {}, { tensor: 'inside', router: { ...router, tensor: 'domain' } });
    await expect(openModel(card, { deadlineMs: 60_000 })).rejects.toMatchObject({ code: 'model-shape' });
  });

  it('whose graph answers fewer logits than it has answers is of the wrong shape', async () => {
    const three = { ...router, answers: ['inside', 'outside', 'mean'] };
    const graph = { ...twoHeads, outputs: [...twoHeads.outputs!, float('mean', 1, 1, 64, 96)] };
    const card = await cardWith('few', graph, {}, { tensor: 'inside', router: three });
    await expect(openModel(card, { deadlineMs: 60_000 })).rejects.toMatchObject({
      code: 'model-shape',
      message: expect.stringContaining('2 logits for 3 answers'),
    });
  });
});

describe('a card with rules of one picture', () => {
  const card = { ...basics, id: 'rules', input: picture, output: depth };
  it.each([
    ['output.tensor', { output: { ...depth, router: { tensor: 'logits', answers: ['a', 'b'] } } }],
    ['output.router.answers', { output: { ...depth, tensor: 'a', router: { tensor: 'logits', answers: ['a', 'a'] } } }],
    ['input.resize', { input: { ...picture, resize: 'nearest' } }],
    ['input.size.pad.mode', { input: { ...picture, size: { ...picture.size, pad: { mode: 'zero', factor: 3 } } } }],
  ])('is refused for a wrong %s', (path, change) => {
    expect(() => parseCard({ ...card, ...change }, 'x')).toThrow(path);
  });

  it('is refused in a family of several pictures', () => {
    const parts = { frame: basics.parts.graph, single: basics.parts.graph };
    const given = { ...card, parts, family: 'features-single', input: { ...picture, flip: true } };
    expect(() => parseCard(given, 'x')).toThrow('input.flip: is for the family single-graph');
  });
});
