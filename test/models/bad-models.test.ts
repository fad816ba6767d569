import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findModel, listCards, openModel } from '../../models/index.ts';
import { madeFrame, windowAt } from './street-frames.ts';
import { endlessGraph, float, floatConstant, intConstant, meanGraph, type TinyGraph, tinyOnnx } from './tiny-onnx.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'depthcast-models-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** With time enough for a machine that is busy with other tests. */
const opened = (model: Parameters<typeof openModel>[0]): ReturnType<typeof openModel> =>
  openModel(model, { deadlineMs: 60_000 });

async function saved(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** A card beside a model file, correct but for `changes`. */
async function cardFor(name: string, bytes: Uint8Array, changes: Record<string, unknown> = {}): Promise<string> {
  await saved(`${name}.onnx`, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const card = {
    version: 1,
    id: name,
    title: name,
    family: 'single-graph',
    parts: { graph: { file: `${name}.onnx`, sha256, bytes: bytes.length } },
    input: { tensor: 'picture', layout: 'nchw-float32', size: { rule: 'fixed', width: 96, height: 64 } },
    output: { tensor: 'depth', kind: 'metric', min: 0.1, max: 1000 },
    camera: { rule: 'none' },
    licence: { name: 'none', commercial: true },
    source: 'a test',
    trained: { data: [] },
    ...changes,
  };
  return saved(`${name}.json`, JSON.stringify(card));
}

const good = tinyOnnx(meanGraph());
const graph = (changes: Partial<TinyGraph>): Uint8Array => tinyOnnx(meanGraph(changes));

describe('a file that is no model', () => {
  it.each([
    ['empty', new Uint8Array(0), 'is empty'],
    ['random', Uint8Array.from({ length: 20_000 }, (_, at) => (at * 2654435761) >>> 13), 'not a whole ONNX model'],
    ['text', 'this is not the model you are looking for', 'not a whole ONNX model'],
    ['truncated', good.subarray(0, good.length - 20), 'not a whole ONNX model'],
  ])('because it is %s is refused in words', async (name, bytes, words) => {
    const path = await saved(`${name}.onnx`, bytes);
    await expect(opened(path)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining(words),
    });
  });

  it('because it is a folder is refused', async () => {
    await expect(openModel(`${folder}/../${folder.split('/').at(-1)}/x.onnx`)).rejects.toMatchObject({
      code: 'model-not-found',
    });
  });

  it('because it is larger than ONNX can be is refused without reading it', async () => {
    const path = join(folder, 'sparse.onnx');
    const file = await open(path, 'w');
    await file.truncate(3 * 2 ** 30);
    await file.close();
    await expect(opened(path)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('2 GiB'),
    });
  });
});

describe('a model that keeps data outside its file', () => {
  it.each(['../../../etc/hostname', '/etc/hostname', 'beside.bin'])('in %s is refused', async (location) => {
    const constants = [{ name: 'w', type: 1, shape: [1], location }];
    await expect(opened(await saved('outside.onnx', graph({ constants })))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('another file'),
      facts: { location },
    });
  });
});

describe('a model that is not what its card says', () => {
  it('by its bytes is refused, one changed bit being enough', async () => {
    const card = await cardFor('bits', good);
    const changed = good.slice();
    changed[changed.length - 3] = changed[changed.length - 3]! ^ 1;
    await saved('bits.onnx', changed);
    await expect(opened(card)).rejects.toMatchObject({ code: 'model-hash' });
  });

  it.each([
    ['another input name', graph({ inputs: [float('image', 1, 3, 64, 96)] }), 'has no input "picture"'],
    ['another output name', graph({ outputs: [float('disp', 1, 1, 64, 96)] }), 'has no output "depth"'],
    ['another rank', graph({ inputs: [float('picture', 3, 64, 96)] }), 'of rank 4 is needed'],
    ['another type', graph({ inputs: [{ name: 'picture', type: 2, shape: [1, 3, 64, 96] }] }), 'float32'],
    ['another size', graph({ inputs: [float('picture', 1, 3, 128, 96)] }), 'not [1,3,64,96]'],
    ['one channel', graph({ inputs: [float('picture', 1, 1, 64, 96)] }), 'not [1,3,64,96]'],
    ['a second input', graph({ inputs: [float('picture', 1, 3, 64, 96), float('mask', 1)] }), '"mask"'],
  ])('by %s is of the wrong shape', async (name, bytes, words) => {
    const card = await cardFor(`shape-${name.replaceAll(' ', '-')}`, bytes);
    await expect(opened(card)).rejects.toMatchObject({
      code: 'model-shape',
      message: expect.stringContaining(words),
    });
  });

  it('by a fixed size where the card allows any is of the wrong shape', async () => {
    const size = { rule: 'aspect', area: 6144, multiple: 32, minimumSide: 64 };
    const card = await cardFor('any-size', good, { input: { tensor: 'picture', layout: 'nchw-float32', size } });
    await expect(opened(card)).rejects.toMatchObject({ code: 'model-shape' });
  });

  it.each([
    ['larger than the picture', 'Concat', ['depth'], { axis: 2 }],
    ['of three channels', 'Identity', ['picture'], {}],
  ])('by an answer %s is of the wrong shape', async (name, op, from, attributes) => {
    const nodes = [
      { op: 'ReduceMean', inputs: ['picture'], outputs: ['depth'], attributes: { axes: [1], keepdims: 1 } },
      { op, inputs: op === 'Concat' ? ['depth', 'depth'] : from, outputs: ['answer'], attributes },
    ];
    const bytes = graph({ nodes, outputs: [float('answer', 'a', 'b', 'c', 'd')] });
    const output = { tensor: 'answer', kind: 'metric', min: 0.1, max: 100 };
    const card = await cardFor(`answer-${op.toLowerCase()}`, bytes, { output });
    await expect(opened(card), name).rejects.toMatchObject({ code: 'model-shape' });
  });

  it('with a window graph that wants a feature the frame graph lacks is of the wrong shape', async () => {
    const [lite] = (await listCards()).filter(({ card }) => card.id === 'tc-depth-lite');
    const swapped = { ...lite!, files: { frame: lite!.files['frame']!, window: lite!.files['frame']! } };
    if (swapped.card.family !== 'windowed-features') throw new Error('tc-depth-lite changed its family');
    const { frame } = swapped.card.parts;
    const card = { ...swapped.card, parts: { frame, window: frame } };
    await expect(opened({ ...swapped, card })).rejects.toMatchObject({ code: 'model-shape' });
  });
});

describe('a model that the runtime cannot live with', () => {
  it('because of an operator nobody knows is refused', async () => {
    const bytes = graph({ nodes: [{ op: 'Clairvoyance', inputs: ['picture'], outputs: ['depth'] }] });
    await expect(opened(await saved('unknown-op.onnx', bytes))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('onnxruntime cannot load'),
    });
  });

  it('because it fails on its first picture is refused', async () => {
    const bytes = graph({
      constants: [intConstant('shape', [2], [7, 11])],
      nodes: [{ op: 'Reshape', inputs: ['picture', 'shape'], outputs: ['depth'] }],
      outputs: [float('depth', 'a', 'b')],
    });
    await expect(opened(await saved('fails.onnx', bytes))).rejects.toMatchObject({
      code: expect.stringMatching(/^model-(shape|invalid)$/),
    });
  });

  it('because it never answers is ended when its time is up, and this process lives on', async () => {
    const path = await saved('endless.onnx', tinyOnnx(endlessGraph()));
    await expect(openModel(path, { deadlineMs: 2000 })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('within 2.0 s'),
    });
  });

  it('because it asks for 400 GB is refused', async () => {
    const bytes = graph({
      constants: [intConstant('shape', [4], [1, 1, 320_000, 320_000])],
      nodes: [
        { op: 'ReduceMean', inputs: ['picture'], outputs: ['mean'], attributes: { axes: [1, 2, 3], keepdims: 1 } },
        { op: 'Expand', inputs: ['mean', 'shape'], outputs: ['depth'] },
      ],
      outputs: [float('depth', 1, 1, 'h', 'w')],
    });
    await expect(opened(await saved('huge.onnx', bytes))).rejects.toMatchObject({
      code: expect.stringMatching(/^model-(shape|invalid)$/),
    });
  });

  it('because no answer of it is a number is refused', async () => {
    const bytes = graph({
      constants: [floatConstant('nan', [], [Number.NaN])],
      nodes: [
        { op: 'ReduceMean', inputs: ['picture'], outputs: ['mean'], attributes: { axes: [1], keepdims: 1 } },
        { op: 'Mul', inputs: ['mean', 'nan'], outputs: ['depth'] },
      ],
    });
    await expect(opened(await saved('nan.onnx', bytes))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('no number'),
    });
  });
});

describe('a model that answers no number on some frames', () => {
  it('fails on those alone', async () => {
    // The root of less than nothing where the picture is white; the picture of the trial has no white.
    const bytes = graph({
      constants: [floatConstant('most', [], [0.9])],
      nodes: [
        { op: 'ReduceMean', inputs: ['picture'], outputs: ['mean'], attributes: { axes: [1], keepdims: 1 } },
        { op: 'Sub', inputs: ['most', 'mean'], outputs: ['left'] },
        { op: 'Sqrt', inputs: ['left'], outputs: ['depth'] },
      ],
    });
    const model = await opened(await saved('sometimes-nan.onnx', bytes));
    const frame = madeFrame(0, 96, 64);
    const white = madeFrame(1, 96, 64);
    white.pixels.fill(255);
    await expect(model.estimate(windowAt([white], 0, []))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('no number'),
    });
    await expect(model.estimate(windowAt([frame], 0, []))).resolves.toMatchObject({ width: 96 });
    await model.close();
  });
});

describe('a card file', () => {
  it.each([
    ['no JSON', '{"version": 1,', 'not JSON'],
    ['far too long', `"${'x'.repeat(2_000_000)}"`, 'not JSON'],
  ])('that is %s is refused', async (name, text) => {
    await expect(findModel(await saved(`${name.replaceAll(' ', '-')}.json`, text))).rejects.toMatchObject({
      code: 'model-invalid',
    });
  });

  it('whose model is missing says so', async () => {
    const card = await cardFor('missing', good);
    await rm(join(folder, 'missing.onnx'));
    await expect(opened(card)).rejects.toMatchObject({ code: 'model-not-found' });
  });
});

describe('an option of openModel', () => {
  it.each([{ threads: 0 }, { threads: 1.5 }, { threads: Number.NaN }, { device: 'tpu' as 'cpu' }])(
    'that makes no sense is refused: %j',
    async (options) => {
      await expect(openModel('tc-depth-lite', options)).rejects.toMatchObject({ code: 'option-invalid' });
    },
  );
});
