import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { fill, filledSkeleton } from '../../bench/filled-skeleton.ts';

// transformers' own forward answered a test picture with weights by seed; the graphs are what `models import` exports of
// the same networks (models/training/published/make_zoe_golden.py), narrow ones, and get the same weights here.
const folder = new URL('../golden/zoe-depth/', import.meta.url);

interface Golden {
  readonly size: readonly [height: number, width: number];
  /** Each so many values of a depth map one is kept. */
  readonly every: number;
  readonly answers: Readonly<Record<string, readonly number[]>>;
}

/** The test picture of make_golden.py as [1,3,H,W] in -1..1. */
function picture(height: number, width: number): ort.Tensor {
  const values = new Float32Array(3 * height * width);
  for (let at = 0; at < values.length; at++) {
    const [x, y, c] = [at % width, Math.floor(at / width) % height, Math.floor(at / width / height)];
    const block = Math.floor(x / 12) * 73 + Math.floor(y / 8) * 151 + c * 199;
    const hashed = (block * block * 31 + block * 17) % 251;
    const value = Math.floor((hashed * 3 + Math.floor((y * 255) / height) + (x % 12) * 4) / 4) % 256;
    values[at] = (value / 255 - 0.5) / 0.5;
  }
  return new ort.Tensor('float32', values, [1, 3, height, width]);
}

/** Every answer of a graph beside the reference's; each depth map spreads over at least `spread`. */
async function compare(graph: Uint8Array, { size, every, answers }: Golden, spread = 0): Promise<void> {
  const session = await ort.InferenceSession.create(graph, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  expect([...session.outputNames]).toEqual(Object.keys(answers));
  const given = await session.run({ pixel_values: picture(...size) });
  await session.release();
  for (const [name, expected] of Object.entries(answers)) {
    const found = given[name]!.data as Float32Array;
    const step = name === 'domain_logits' ? 1 : every;
    expect(Math.ceil(found.length / step)).toBe(expected.length);
    // Different enough over the picture that agreement means something.
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(spread);
    const off = expected.map((value, at) => Math.abs(found[at * step]! - value) / Math.abs(value));
    expect(Math.max(...off), name).toBeLessThanOrEqual(1e-4);
  }
}

const full = process.env['DEPTHCAST_FULL_SIZE'] !== undefined;
if (!full) console.warn('skipped: ZoeDepth in full size (5 GB of memory, minutes); DEPTHCAST_FULL_SIZE=1 runs it');

describe('ZoeDepth in full size, weights by seed', { timeout: 900_000 }, () => {
  it.skipIf(!full).each(['n', 'k', 'nk'])(
    'answers what transformers does: %s, every head and logit',
    async (variant) => {
      const golden = JSON.parse(readFileSync(new URL(`${variant}-full.json`, folder), 'utf8')) as Golden;
      await compare(await filledSkeleton(`zoe-depth-${variant}.graph`), golden);
    },
  );
});

describe('a narrow ZoeDepth, weights by seed', { timeout: 240_000 }, () => {
  it.each(['n', 'k', 'nk'])('answers what transformers does: %s, every head and logit', async (variant) => {
    const golden = JSON.parse(readFileSync(new URL(`${variant}.json`, folder), 'utf8')) as Golden;
    await compare(fill(readFileSync(new URL(`${variant}.onnx`, folder))), golden, 0.5);
  });
});
