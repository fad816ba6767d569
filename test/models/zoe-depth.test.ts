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

const full = process.env['DEPTHCAST_FULL_SIZE'] !== undefined;
if (!full) console.warn('skipped: ZoeDepth in full size (5 GB of memory, minutes); DEPTHCAST_FULL_SIZE=1 runs it');

describe('ZoeDepth N in full size, weights by seed', { timeout: 600_000 }, () => {
  it.skipIf(!full)('answers what transformers does', async () => {
    const golden = JSON.parse(readFileSync(new URL('n-full.json', folder), 'utf8')) as Golden;
    const graph = await filledSkeleton('zoe-depth-n.graph');
    const session = await ort.InferenceSession.create(graph, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    const found = (await session.run({ pixel_values: picture(...golden.size) }))['predicted_depth']!
      .data as Float32Array;
    await session.release();
    const expected = golden.answers['predicted_depth']!;
    const off = expected.map((value, at) => Math.abs(found[at * golden.every]! - value) / value);
    expect(Math.max(...off)).toBeLessThanOrEqual(1e-4);
  });
});

describe('a narrow ZoeDepth, weights by seed', { timeout: 240_000 }, () => {
  it.each(['n', 'k', 'nk'])('answers what transformers does: %s, every head and logit', async (variant) => {
    const golden = JSON.parse(readFileSync(new URL(`${variant}.json`, folder), 'utf8')) as Golden;
    const graph = fill(readFileSync(new URL(`${variant}.onnx`, folder)));
    const session = await ort.InferenceSession.create(graph, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    expect([...session.outputNames]).toEqual(Object.keys(golden.answers));
    const answers = await session.run({ pixel_values: picture(...golden.size) });
    await session.release();
    for (const [name, expected] of Object.entries(golden.answers)) {
      const found = answers[name]!.data as Float32Array;
      const every = name === 'domain_logits' ? 1 : golden.every;
      expect(Math.ceil(found.length / every)).toBe(expected.length);
      // Different enough over the picture that agreement means something.
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.5);
      const off = expected.map((value, at) => Math.abs(found[at * every]! - value) / Math.abs(value));
      expect(Math.max(...off), name).toBeLessThanOrEqual(1e-4);
    }
  });
});
