import { readdirSync, readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { filledSkeleton, skeletons } from '../../bench/filled-skeleton.ts';

// The authors' code answered a test picture with weights by seed (models/training/published/make_golden.py); the
// graphs are this project's own export of its own definitions, in full size, and get the same weights here.
const folder = new URL('../golden/published/', import.meta.url);

interface Golden {
  readonly size: readonly [height: number, width: number];
  /** Each so many pixels one is kept. */
  readonly every: number;
  readonly answer: readonly number[];
}

/** The test picture of make_golden.py as [1,3,H,W] in 0..1. */
function picture(height: number, width: number, shift = 0): ort.Tensor {
  const values = new Float32Array(3 * height * width);
  for (let y = 0; y < height; y++) {
    for (let column = 0; column < width; column++) {
      const x = column + shift;
      for (let c = 0; c < 3; c++) {
        const block = Math.floor(x / 12) * 73 + Math.floor(y / 8) * 151 + c * 199;
        const hashed = (block * block * 31 + block * 17) % 251;
        const stripe = ((x % 12) + 12) % 12;
        const value = Math.floor((hashed * 3 + Math.floor((y * 255) / height) + stripe * 4) / 4) % 256;
        values[(c * height + y) * width + column] = value / 255;
      }
    }
  }
  return new ort.Tensor('float32', values, [1, 3, height, width]);
}

/** Largest |found - expected| / |expected|; NaN where one is not a number, so that no comparison passes. */
function worst(found: ArrayLike<number>, golden: Golden): number {
  expect(Math.ceil(found.length / golden.every)).toBe(golden.answer.length);
  let most = 0;
  for (const [i, expected] of golden.answer.entries()) {
    const off = Math.abs(found[i * golden.every]! - expected) / Math.abs(expected);
    if (!(off <= most)) most = off;
  }
  return most;
}

const open = async (graph: string): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(await filledSkeleton(graph), { intraOpNumThreads: 1 });

async function pictureAnswer(id: string, { size }: Golden): Promise<Float32Array> {
  const session = await open(`${id}.graph`);
  const answers = await session.run({ [session.inputNames[0]!]: picture(...size) });
  const answer = answers[session.outputNames[0]!]!.data as Float32Array;
  await session.release();
  return answer;
}

/** Of a network cut in two, as the family `windowed-features` runs it: this frame, and the one before 5 pixels on. */
async function pairAnswer(id: string, { size: [height, width] }: Golden): Promise<Float32Array> {
  const [frame, window] = [await open(`${id}.frame`), await open(`${id}.window`)];
  const roles: Record<string, ort.InferenceSession.OnnxValueMapType> = {
    target: await frame.run({ [frame.inputNames[0]!]: picture(height, width) }),
    context0: await frame.run({ [frame.inputNames[0]!]: picture(height, width, 5) }),
  };
  const camera = new ort.Tensor('float32', [0.58 * width, 1.92 * height, width / 2, height / 2], [4]);
  const feeds = window.inputNames.map((name) => {
    const [role, feature] = name.split('.') as [string, string | undefined];
    return [name, feature === undefined ? camera : roles[role]![feature]!] as const;
  });
  const answer = (await window.run(Object.fromEntries(feeds)))[window.outputNames[0]!]!.data as Float32Array;
  await Promise.all([frame.release(), window.release()]);
  return answer;
}

describe('a published network in full size, weights by seed', { timeout: 240_000 }, () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const id = file.slice(0, -5);
    it(`answers what the authors’ code does: ${id}`, async () => {
      const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
      const listed = await skeletons();
      const answer = `${id}.window` in listed ? await pairAnswer(id, golden) : await pictureAnswer(id, golden);
      // Different enough over the picture that agreement means something.
      expect(Math.max(...golden.answer) - Math.min(...golden.answer)).toBeGreaterThan(0.05);
      expect(worst(answer, golden)).toBeLessThanOrEqual(1e-4);
    });
  }
});
