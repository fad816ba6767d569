import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCard } from '../../models/card.ts';
import { contentOf } from '../../models/hub/content.ts';
import { openModel } from '../../models/index.ts';
import { madeFrame, windowAt } from './street-frames.ts';
import { float, floatConstant, meanGraph, type TinyGraph, tinyOnnx } from './tiny-onnx.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'depthcast-window-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const mean = (from: string, to: string) => ({
  op: 'ReduceMean',
  inputs: [from],
  outputs: [to],
  attributes: { axes: [1], keepdims: 1 },
});

/** target · 100 + before · 10 + behind, of the mean of each picture's channels, so that each shows where it went. */
const graph: Partial<TinyGraph> = {
  constants: [floatConstant('hundred', [], [100]), floatConstant('ten', [], [10])],
  nodes: [
    mean('now', 'a'),
    mean('before', 'b'),
    mean('behind', 'c'),
    { op: 'Mul', inputs: ['a', 'hundred'], outputs: ['aa'] },
    { op: 'Mul', inputs: ['b', 'ten'], outputs: ['bb'] },
    { op: 'Add', inputs: ['aa', 'bb'], outputs: ['ab'] },
    { op: 'Add', inputs: ['ab', 'c'], outputs: ['depth'] },
  ],
  inputs: [float('now', 1, 3, 64, 96), float('before', 1, 3, 64, 96), float('behind', 1, 3, 64, 96)],
};

const card = {
  version: 1,
  id: 'window',
  title: 'made by a test',
  family: 'window-graph',
  parts: { graph: { file: 'window.onnx', sha256: '0'.repeat(64), bytes: 1 } },
  window: { offsets: [-1, 0, 1], tensors: ['before', 'behind'] },
  input: {
    tensor: 'now',
    layout: 'nchw-float32',
    range: [0, 1],
    size: { rule: 'fixed', width: 96, height: 64 },
  },
  output: { tensor: 'depth', kind: 'relative', min: 0, max: 1000 },
  camera: { rule: 'none' },
  licence: { name: 'none', commercial: true },
  source: 'a test',
  trained: { data: [] },
};

async function saved(id: string, changes: Partial<TinyGraph> = {}, other: object = {}): Promise<string> {
  const file = `${id}.onnx`;
  await writeFile(join(folder, file), tinyOnnx(meanGraph({ ...graph, ...changes })));
  const parts = { graph: { file, ...(await contentOf(join(folder, file))) } };
  await writeFile(join(folder, `${id}.json`), JSON.stringify({ ...card, id, parts, ...other }));
  return join(folder, `${id}.json`);
}

describe('a network of one graph over a window', () => {
  it('gets each frame of the window at its own input', async () => {
    const model = await openModel(await saved('window'), { deadlineMs: 20_000 });
    expect(model.contextOffsets).toEqual([-1, 1]);
    const frames = [10, 20, 30].map((value, index) => {
      const frame = madeFrame(index, 96, 64);
      frame.pixels.fill(value);
      return frame;
    });
    const { data, kind } = await model.estimate(windowAt(frames, 1, [-1, 1]));
    expect(kind).toBe('relative');
    for (const at of [0, 17, data.length - 1]) expect(data[at]).toBeCloseTo((20 * 100 + 10 * 10 + 30) / 255, 4);
    await expect(model.estimate(windowAt(frames, 0, [-1, 1]))).rejects.toMatchObject({ code: 'model-shape' });
    await model.close();
  });

  it('may look at past frames only', async () => {
    const model = await openModel(await saved('past'), { deadlineMs: 20_000, contextOffsets: [-2, -1] });
    expect(model.contextOffsets).toEqual([-2, -1]);
    await model.close();
  });

  it.each([
    ['lacks a tensor of its card', { inputs: graph.inputs!.slice(0, 2), nodes: [mean('now', 'depth')] }, 'behind'],
    [
      'has an input that nothing feeds',
      { inputs: [...graph.inputs!, float('pose', 1, 6)], nodes: graph.nodes! },
      'pose',
    ],
  ])('that %s is of the wrong shape', async (_what, changes, name) => {
    await expect(openModel(await saved('unfit', changes), { deadlineMs: 20_000 })).rejects.toMatchObject({
      code: 'model-shape',
      message: expect.stringContaining(`"${name}"`),
    });
  });
});

describe('its card', () => {
  it.each([
    ['names as many tensors as it has context frames', { offsets: [-1, 0, 1], tensors: ['before'] }],
    ['names no tensor twice', { offsets: [-1, 0, 1], tensors: ['before', 'before'] }],
    ['does not name the target’s again', { offsets: [-1, 0, 1], tensors: ['now', 'before'] }],
  ])('%s', (_what, window) => {
    expect(() => parseCard({ ...card, window }, 'x')).toThrow('window.tensors: must');
  });

  it('is sound as it is', () => {
    expect(parseCard(card, 'x')).toMatchObject({ family: 'window-graph', window: { alternatives: [] } });
  });
});
