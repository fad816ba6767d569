import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../models/index.ts';
import { InferenceClient } from '../../models/inference-client.ts';
import { shippedCard } from '../../models/registry.ts';
import { madeFrame, windowAt } from './street-frames.ts';

const around = [-1, 1];

/** Byte for byte; vitest's own comparison is slow on depth maps. */
const same = (one: Float32Array, other: Float32Array): boolean =>
  Buffer.from(one.buffer).equals(Buffer.from(other.buffer));

describe('the inference worker', () => {
  let model: InferenceClient;
  beforeAll(async () => {
    model = await openModel('tc-depth-lite', { threads: 1, source: { width: 320, height: 96 } });
  });
  afterAll(() => model.close());

  /** What the worker did during `work`. */
  const counted = async (work: () => Promise<unknown>): Promise<{ runs: number; encoded: number }> => {
    const before = model.statistics;
    await work();
    const after = model.statistics;
    return { runs: after.runs - before.runs, encoded: after.encoded - before.encoded };
  };

  it('answers what the graphs answer, run by hand', async () => {
    const frames = [0, 1, 2].map((index) => madeFrame(index));
    const { data, width, height, kind } = await model.estimate(windowAt(frames, 1, around));

    const weights = new URL('../../models/weights/', import.meta.url);
    const session = (part: string): Promise<ort.InferenceSession> =>
      ort.InferenceSession.create(fileURLToPath(new URL(`tc-depth-lite.${part}.onnx`, weights)), {
        intraOpNumThreads: 1,
      });
    const [encoder, head] = [await session('frame'), await session('window')];
    // Without intrinsics: 370 px of focal length at 640 px, so 185 at 320, and the centre in the middle.
    const camera = new ort.Tensor('float32', [185, 185, 159.5, 47.5], [4]);
    const features = [];
    for (const { pixels } of frames) {
      features.push(
        await encoder.run({ frame: new ort.Tensor('uint8', Uint8Array.from(pixels), [96, 320, 3]), camera }),
      );
    }
    const roles: Record<string, Record<string, ort.Tensor>> = {
      target: features[1]!,
      context0: features[0]!,
      context1: features[2]!,
    };
    const feeds = head.inputNames.map((name) => {
      const [role, what] = name.split('.') as [string, string];
      return [name, name === 'camera' ? camera : roles[role]![what]!] as const;
    });
    const { depth } = await head.run(Object.fromEntries(feeds));
    expect([width, height, kind]).toEqual([320, 96, 'metric']);
    const expected = depth!.data as Float32Array;
    let worst = 0;
    for (let at = 0; at < data.length; at++) worst = Math.max(worst, Math.abs(data[at]! / expected[at]! - 1));
    expect(worst).toBeLessThan(1e-5);
    await encoder.release();
    await head.release();
  });

  it('encodes each frame once, also with two windows asked for ahead', async () => {
    const frames = Array.from({ length: 12 }, (_, index) => madeFrame(index + 100));
    const done = await counted(async () => {
      const answers: Promise<unknown>[] = [];
      for (let at = 1; at < 11; at++) {
        answers.push(model.estimate(windowAt(frames, at, around)));
        if (answers.length > model.inFlight) await answers[answers.length - 1 - model.inFlight];
      }
      await Promise.all(answers);
    });
    expect(done).toEqual({ runs: 10, encoded: 12 });
  });

  it('knows a frame by its pixels: a copy that carries a mark is not encoded again', async () => {
    const frames = [0, 1, 2, 3].map((index) => madeFrame(index + 200));
    await model.estimate(windowAt(frames, 1, around));
    const marked = frames.map((frame) => ({ ...frame, segmentStart: 'scene-cut' as const }));
    expect(await counted(() => model.estimate(windowAt(marked, 2, around)))).toEqual({ runs: 1, encoded: 1 });
  });

  it('does not take other pixels with the same index for the same frame', async () => {
    const first = [0, 1, 2].map((index) => madeFrame(index));
    const other = [0, 1, 2].map((index) => madeFrame(index, 320, 96, { pixels: madeFrame(index + 9).pixels }));
    const one = await model.estimate(windowAt(first, 1, around));
    const done = await counted(async () => {
      const two = await model.estimate(windowAt(other, 1, around));
      expect(same(two.data, one.data)).toBe(false);
    });
    expect(done.encoded).toBe(3);
  });

  it('encodes again when the camera changes, since the features depend on it', async () => {
    const frames = [0, 1, 2].map((index) => madeFrame(index + 300));
    await model.estimate(windowAt(frames, 1, around));
    const intrinsics = { width: 320, height: 96, fx: 370, fy: 370, cx: 159.5, cy: 47.5 };
    const zoomed = frames.map((frame) => ({ ...frame, intrinsics }));
    expect((await counted(() => model.estimate(windowAt(zoomed, 1, around)))).encoded).toBe(3);
  });

  it('takes intrinsics that are stated at another size as those of the scaled picture', async () => {
    const frames = [0, 1, 2].map((index) => madeFrame(index + 400));
    const at = (width: number): typeof frames => {
      const s = width / 320;
      const intrinsics = { width, height: 96 * s, fx: 200 * s, fy: 200 * s, cx: 160 * s - 0.5, cy: 48 * s - 0.5 };
      return frames.map((frame) => ({ ...frame, intrinsics }));
    };
    const own = await model.estimate(windowAt(at(320), 1, around));
    const scaled = await model.estimate(windowAt(at(1280), 1, around));
    expect(same(scaled.data, own.data)).toBe(true);
  });

  it('keeps streams apart, so that two cameras do not push each other out', async () => {
    const streams = ['left', 'right', 'rear', 'front'].map((stream) =>
      Array.from({ length: 6 }, (_, index) => madeFrame(index + stream.length * 50, 320, 96, { stream })),
    );
    const done = await counted(async () => {
      for (let at = 1; at < 5; at++) for (const frames of streams) await model.estimate(windowAt(frames, at, around));
    });
    expect(done).toEqual({ runs: 16, encoded: 24 });
  });

  it('starts afresh when a stream changes its size', async () => {
    const small = [0, 1, 2].map((index) => madeFrame(index, 320, 96));
    const large = [0, 1, 2].map((index) => madeFrame(index, 416, 128));
    await model.estimate(windowAt(small, 1, around));
    const { width, height, data } = await model.estimate(windowAt(large, 1, around));
    expect([width, height, data.length]).toEqual([416, 128, 416 * 128]);
    expect((await counted(() => model.estimate(windowAt(small, 1, around)))).encoded).toBe(3);
  });

  it('refuses a window with a gap, frames of two sizes and a size it cannot take, and goes on', async () => {
    const frames = [0, 1, 2].map((index) => madeFrame(index));
    const shape = { code: 'model-shape' };
    await expect(model.estimate(windowAt(frames, 0, around))).rejects.toMatchObject(shape);
    const mixed = [frames[0]!, frames[1]!, madeFrame(2, 416, 128)];
    await expect(model.estimate(windowAt(mixed, 1, around))).rejects.toMatchObject(shape);
    const odd = [0, 1, 2].map((index) => madeFrame(index, 300, 96));
    await expect(model.estimate(windowAt(odd, 1, around))).rejects.toMatchObject(shape);
    await expect(model.estimate(windowAt(frames, 1, around))).resolves.toMatchObject({ width: 320 });
  });
});

describe('without look-ahead', () => {
  it('a window of two past frames costs one encoder pass as well', async () => {
    const model = await openModel('tc-depth-lite', { threads: 1, contextOffsets: [-2, -1] });
    const frames = Array.from({ length: 8 }, (_, index) => madeFrame(index));
    for (let at = 2; at < 8; at++) await model.estimate(windowAt(frames, at, model.contextOffsets));
    expect(model.statistics).toMatchObject({ runs: 6, encoded: 8 });
    await model.close();
  });

  it.each([[[0, -1]], [[-1]], [[-1, -1]], [[-1.5, 1]]])('the offsets %j are refused', async (contextOffsets) => {
    await expect(openModel('tc-depth-lite', { contextOffsets })).rejects.toMatchObject({ code: 'option-invalid' });
  });
});

describe('a worker that dies', { timeout: 120_000 }, () => {
  it('rejects what was under way, and the next estimate starts it again', async () => {
    const model = await openModel('tc-depth-lite', { threads: 1 });
    const frames = [0, 1, 2].map((index) => madeFrame(index));
    const before = await model.estimate(windowAt(frames, 1, around));
    // Again and again, at other moments of a run: to end a thread inside the runtime would end this process.
    let rejected = 0;
    for (const delay of [0, 1, 3, 6, 10]) {
      const outcome = Promise.allSettled([1, 2, 3, 4, 5, 6].map(() => model.estimate(windowAt(frames, 1, around))));
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      await model.interrupt();
      for (const settled of await outcome) {
        // The first ones may have been answered before the thread ended.
        if (settled.status === 'fulfilled') continue;
        expect(settled.reason).toMatchObject({ code: 'model-crashed' });
        rejected++;
      }
      expect(same((await model.estimate(windowAt(frames, 1, around))).data, before.data)).toBe(true);
    }
    expect(rejected).toBeGreaterThan(0);
    await model.close();
  });

  it('is left to itself where its run does not end in time, and another answers in its place', async () => {
    const model = await openModel('tc-depth-lite-single', { threads: 1 });
    // Some seconds of work: longer than an interruption waits.
    const large = model.estimate(windowAt([madeFrame(0, 1920, 1088)], 0, []));
    const outcome = Promise.allSettled([large]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await model.interrupt();
    expect((await outcome)[0]).toMatchObject({ status: 'rejected', reason: { code: 'model-crashed' } });
    const small = windowAt([madeFrame(0)], 0, []);
    await expect(model.estimate(small)).resolves.toMatchObject({ width: 320 });
    // The old one's end is no crash of the new one.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(model.isReady).toBe(true);
    await expect(model.estimate(small)).resolves.toMatchObject({ width: 320 });
    await model.close();
  });

  it('is interrupted where it says nothing for too long', async () => {
    const { card, files } = (await shippedCard('tc-depth-lite-single'))!;
    const order = {
      card,
      files,
      contextOffsets: [],
      threads: 1,
      device: 'cpu',
      trial: { width: 320, height: 96 },
    } as const;
    // A tenth and less of what the picture takes on a fast machine.
    const model = await InferenceClient.open(order, 60_000, undefined, 10);
    const large = windowAt([madeFrame(0, 1920, 1088)], 0, []);
    const [, second] = await Promise.allSettled([model.estimate(large), model.estimate(large)]);
    // The first may be answered while its thread is being ended.
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'model-crashed' } });
    await model.close();
  });

  it('three times in a row without an answer is given up', async () => {
    const model = await openModel('tc-depth-lite-single', { threads: 1 });
    const window = windowAt([madeFrame(0)], 0, []);
    let deaths = 0;
    let reason = '';
    while (!reason.includes('given up')) {
      const outcome = Promise.allSettled([1, 2, 3, 4, 5, 6].map(() => model.estimate(window)));
      // The restart has begun by then, so that the crash hits a worker that is up.
      await Promise.resolve();
      await model.interrupt();
      const settled = await outcome;
      const rejected = settled.find((each) => each.status === 'rejected');
      reason = String(rejected?.reason);
      // A machine that is quick may have answered the first of them: then counting begins again.
      if (settled.some(({ status }) => status === 'fulfilled')) deaths = 1;
      else if (!reason.includes('given up')) {
        expect(rejected?.reason).toMatchObject({ code: 'model-crashed' });
        deaths++;
      }
    }
    expect(deaths).toBeGreaterThanOrEqual(3);
    await expect(model.estimate(window)).rejects.toThrow('given up');
    await model.close();
  });
});

describe('a process that exits while its model runs', () => {
  it('ends with its own code and without a word, time after time', { timeout: 240_000 }, async () => {
    const script = `
      const [{ openModel }, frames] = [await import(${JSON.stringify(new URL('../../dist/models/index.js', import.meta.url).href)}), []];
      for (let index = 0; index < 8; index++) {
        const pixels = new Uint8Array(new SharedArrayBuffer(640 * 192 * 3)).fill(index * 20);
        frames.push({ stream: 's', index, pixels, width: 640, height: 192 });
      }
      const model = await openModel('tc-depth-lite-single');
      for (const target of frames) model.estimate({ target, offsets: [], context: [] }).catch(() => {});
      setTimeout(() => process.exit(3), Number(process.argv[1]));`;
    for (const delay of [0, 3, 7, 12, 20]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, String(delay)], { stdio: 'pipe' });
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      const [code, signal] = await once(child, 'close');
      expect({ code, signal, said }).toEqual({ code: 3, signal: null, said: '' });
    }
  });
});
