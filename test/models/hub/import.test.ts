import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { importModel, stateOf } from '../../../models/hub/index.ts';
import { findModel, listCards, openModel } from '../../../models/index.ts';
import { shippedCard } from '../../../models/registry.ts';
import { madeFrame, windowAt } from '../street-frames.ts';
import { float, meanGraph, tinyOnnx } from '../tiny-onnx.ts';
import { hubFolders } from './hub-folders.ts';

const folders = hubFolders();

async function file(graph: Parameters<typeof meanGraph>[0] = {}): Promise<string> {
  const path = join(folders.root, 'some.onnx');
  await writeFile(path, tinyOnnx(meanGraph(graph)));
  return path;
}

/** A graph of a shipped card's size whose tensors have names of their own. */
const disparity = {
  nodes: [{ op: 'ReduceMean', inputs: ['rgb'], outputs: ['answer'], attributes: { axes: [1], keepdims: 1 } }],
  inputs: [float('rgb', 1, 3, 192, 640)],
  outputs: [float('answer', 1, 1, 192, 640)],
};

describe('importing a model', () => {
  it('makes it one of the models by its new name, with a card to edit', async () => {
    const { card, path, missing } = await importModel({ file: await file(), name: 'mine' });
    expect(missing).toEqual([]);
    expect(path).toBe(join(folders.own, 'mine/card.json'));
    expect(card).toMatchObject({ id: 'mine', parts: { graph: { file: 'graph.onnx' } }, output: { kind: 'relative' } });
    expect((await listCards()).map(({ card: { id } }) => id)).toContain('mine');

    const edited = JSON.parse(await readFile(path, 'utf8'));
    edited.output = { tensor: 'depth', kind: 'metric', scale: 10, offset: 1, min: 0.1, max: 100 };
    await writeFile(path, JSON.stringify(edited));
    const found = await findModel('mine');
    expect(await stateOf(found)).toBe('ready');
    const model = await openModel(found, { deadlineMs: 60_000 });
    const frame = madeFrame(0, 96, 64);
    const { data, kind } = await model.estimate(windowAt([frame], 0, []));
    expect(kind).toBe('metric');
    expect(data[0]).toBeCloseTo((10 * (frame.pixels[0]! + frame.pixels[1]! + frame.pixels[2]!)) / 3 / 255 + 1, 3);
    await model.close();
  });

  it('under the name of a shipped card without a URL brings that card’s weights', async () => {
    const shipped = (await shippedCard('monodepth2-640x192'))!.card;
    expect(await stateOf(await findModel('monodepth2-640x192'))).toBe('import');
    await expect(openModel('monodepth2-640x192')).rejects.toMatchObject({
      code: 'model-not-found',
      advice: expect.stringContaining('models import'),
    });
    await importModel({ file: await file(disparity), name: 'monodepth2-640x192', shipped });
    const found = await findModel('monodepth2-640x192');
    expect(await stateOf(found)).toBe('ready');
    expect(found.card).toMatchObject({
      input: { tensor: 'rgb', range: [0, 1] },
      output: { tensor: 'answer', kind: 'sigmoid-disparity', a: 0.01, b: 9.99 },
      licence: { commercial: false },
    });
    const model = await openModel(found, { deadlineMs: 60_000 });
    const frame = madeFrame(0, 640, 192);
    const { data, kind } = await model.estimate(windowAt([frame], 0, []));
    const disp = (frame.pixels[0]! + frame.pixels[1]! + frame.pixels[2]!) / 3 / 255;
    expect(kind).toBe('relative');
    expect(data[0]).toBeCloseTo(1 / (0.01 + 9.99 * disp), 4);
    await model.close();
  });

  it('of a card with two graphs wants to know which, and is ready with both', async () => {
    const shipped = (await shippedCard('tc-depth'))!.card;
    const path = await file({ inputs: [float('frame', 1, 3, 192, 640)] });
    await expect(importModel({ file: path, name: 'tc-depth', shipped })).rejects.toMatchObject({
      code: 'option-invalid',
      advice: expect.stringContaining('--part frame | window'),
    });
    expect(await importModel({ file: path, name: 'tc-depth', part: 'frame', shipped })).toMatchObject({
      missing: ['window'],
    });
    expect(await stateOf(await findModel('tc-depth'))).toBe('import');
    await importModel({ file: path, name: 'tc-depth', part: 'window', shipped });
    expect(await stateOf(await findModel('tc-depth'))).toBe('ready');
    await expect(importModel({ file: path, name: 'tc-depth', part: 'frame', shipped })).rejects.toMatchObject({
      code: 'output-exists',
    });
  });

  it('brings TC-Depth as its converter writes it, and it runs on three frames', async () => {
    const shipped = (await shippedCard('tc-depth'))!.card;
    for (const part of ['frame', 'window']) {
      const graph = fileURLToPath(new URL(`../../golden/tc-depth/narrow.${part}.onnx`, import.meta.url));
      await importModel({ file: graph, name: 'tc-depth', part, shipped });
    }
    const model = await openModel('tc-depth', { deadlineMs: 60_000, source: { width: 96, height: 64 } });
    expect([model.kind, model.contextOffsets]).toEqual(['relative', [-1, 1]]);
    const frames = [0, 1, 2].map((index) => madeFrame(index, 96, 64));
    const { data } = await model.estimate(windowAt(frames, 1, [-1, 1]));
    expect(data.every((depth) => depth >= 0.1 && depth <= 100)).toBe(true);
    await model.close();
  });

  it('whose graph does not fit the card is refused', async () => {
    const shipped = (await shippedCard('lite-mono'))!.card;
    const path = await file({ inputs: [float('a', 1, 1, 64, 96)] });
    await expect(importModel({ file: path, name: 'lite-mono', shipped })).rejects.toMatchObject({
      code: 'model-shape',
    });
    expect(existsSync(join(folders.own, 'lite-mono'))).toBe(false);
  });

  // findModel takes the last two for paths, and leaves out those with dots that end or double.
  it.each([...['', '../up', 'A B', '.hidden', 'x'.repeat(65)], ...['dot.', 'two..dots', 'mine.onnx', 'mine.json']])(
    'under the name %j is refused',
    async (name) => {
      await expect(importModel({ file: await file(), name })).rejects.toMatchObject({ code: 'option-invalid' });
    },
  );

  it('under the name of a model that ships, or of one that is there, is refused', async () => {
    const shipped = (await shippedCard('tc-depth-lite'))!.card;
    await expect(importModel({ file: await file(), name: 'tc-depth-lite', shipped })).rejects.toMatchObject({
      code: 'option-invalid',
    });
    await importModel({ file: await file(), name: 'mine' });
    await expect(importModel({ file: await file(), name: 'mine' })).rejects.toMatchObject({ code: 'output-exists' });
  });

  it('into a folder that cannot be written says so', async () => {
    await writeFile(folders.own, 'a file where a folder should be');
    await expect(importModel({ file: await file(), name: 'mine' })).rejects.toMatchObject({ code: 'output-failed' });
  });

  it('leaves the other models alone when its card is broken by hand', async () => {
    const { path } = await importModel({ file: await file(), name: 'mine' });
    await writeFile(path, '{ "version": 1,');
    await expect(findModel('mine')).rejects.toMatchObject({ code: 'model-invalid' });
    const faults: unknown[] = [];
    const ids = (await listCards((cause) => void faults.push(cause))).map(({ card }) => card.id);
    expect(ids).toContain('tc-depth-lite');
    expect(ids).not.toContain('mine');
    expect(faults).toMatchObject([{ code: 'model-invalid' }]);
  });
});

const data = new URL('../../../../shared/data/', import.meta.url);
const there = existsSync(new URL('models/rtmonodepth_s_ms_640_192.onnx', data));
if (!there) console.warn('skipped: real networks of ../shared/data/models are not here');

describe.skipIf(!there)('a real network imported with one line', { timeout: 240_000 }, () => {
  it.each([
    ['RT-MonoDepth-S', 'rtmonodepth_s_ms_640_192.onnx', 'median', 0.135],
    ['TCMonoDepth-small', 'tcmonodepth_small_192x640.onnx', 'scale and shift', 0.18],
  ] as const)('%s gives inverse depth that agrees with LiDAR on KITTI 04', async (name, onnx, alignment, most) => {
    await importModel({ file: fileURLToPath(new URL(`models/${onnx}`, data)), name: 'brought' });
    const model = await openModel('brought', { deadlineMs: 60_000 });
    expect(model.kind).toBe('inverse');
    const errors: number[] = [];
    for (let index = 5; index < 50; index += 10) {
      const id = String(index).padStart(6, '0');
      const sequence = new URL('kitti_odometry/sequences/04/', data);
      const pixels = new Uint8Array(new SharedArrayBuffer(640 * 192 * 3));
      const picture = sharp(fileURLToPath(new URL(`image_2/${id}.jpg`, sequence)));
      pixels.set(await picture.resize(640, 192, { fit: 'fill' }).removeAlpha().raw().toBuffer());
      const map = await model.estimate(windowAt([madeFrame(index, 640, 192, { pixels })], 0, []));
      const truth = fileURLToPath(new URL(`gt_depth_cam2/${id}.png`, sequence));
      errors.push(await alignedError(map.data, truth, alignment));
    }
    const mean = errors.reduce((sum, error) => sum + error) / errors.length;
    expect(mean, `AbsRel of ${name}, aligned by ${alignment}`).toBeLessThan(most);
    await model.close();
  });
});

/** Mean of |predicted − measured| / measured in Garg's crop below 80 m; scale and shift by least squares of 1 / depth. */
async function alignedError(
  inverse: Float32Array,
  truthPath: string,
  alignment: 'median' | 'scale and shift',
): Promise<number> {
  const raw = sharp(truthPath).toColourspace('grey16').raw({ depth: 'ushort' });
  const { data: bytes, info } = await raw.toBuffer({ resolveWithObject: true });
  const truth = new Uint16Array(bytes.buffer, bytes.byteOffset, info.width * info.height * info.channels);
  const pairs: [inverse: number, measured: number][] = [];
  for (let y = Math.floor(0.408 * info.height); y < 0.992 * info.height; y++) {
    for (let x = Math.floor(0.036 * info.width); x < 0.964 * info.width; x++) {
      const measured = truth[(y * info.width + x) * info.channels]! / 256;
      if (measured <= 0.001 || measured >= 80) continue;
      pairs.push([inverse[Math.floor((y * 192) / info.height) * 640 + Math.floor((x * 640) / info.width)]!, measured]);
    }
  }
  const [scale, shift] = alignment === 'median' ? [1 / medianRatio(pairs), 0] : leastSquares(pairs);
  const depth = (x: number): number => 1 / Math.max(scale * x + shift, 1 / 80);
  return pairs.reduce((sum, [x, measured]) => sum + Math.abs(depth(x) - measured) / measured, 0) / pairs.length;
}

/** Median of measured / (1 / inverse). */
function medianRatio(pairs: readonly (readonly [number, number])[]): number {
  return pairs.map(([x, measured]) => measured * x).sort((a, b) => a - b)[pairs.length >> 1]!;
}

function leastSquares(pairs: readonly (readonly [number, number])[]): readonly [scale: number, shift: number] {
  let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
  for (const [x, measured] of pairs) {
    sx += x;
    sy += 1 / measured;
    sxx += x * x;
    sxy += x / measured;
  }
  const scale = (pairs.length * sxy - sx * sy) / (pairs.length * sxx - sx * sx);
  return [scale, (sy - scale * sx) / pairs.length];
}
