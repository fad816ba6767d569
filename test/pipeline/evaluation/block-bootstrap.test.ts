import { describe, expect, it } from 'vitest';
import { blockIntervals, blockLengthFor } from '../../../pipeline/evaluation/block-bootstrap.ts';

/** Normal numbers that remember the one before them with weight `rho`; always the same ones. */
function walk(count: number, rho: number, seed: number): Float64Array {
  // xorshift32 of a mixed seed, so that walks of neighbouring seeds are strangers.
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  for (let i = 0; i < 20; i++) uniform();
  let x = normal() / Math.sqrt(1 - rho * rho);
  return Float64Array.from({ length: count }, () => {
    x = rho * x + normal();
    return x;
  });
}

/** Share of 300 walks whose interval holds the true mean, 0. */
function coverage(count: number, rho: number, block: number): number {
  let held = 0;
  for (let i = 0; i < 300; i++) {
    const [found] = blockIntervals([walk(count, rho, i)], { block, resamples: 400, seed: i });
    if (found!.low < 0 && found!.high > 0) held++;
  }
  return held / 300;
}

describe('intervals of the circular block bootstrap', () => {
  it('hold the true mean in nearly all walks where frames resemble their neighbours, as single frames do not', () => {
    for (const [count, rho] of [
      [51, 0.5],
      [160, 0.5],
      [700, 0.8],
    ] as const) {
      expect(coverage(count, rho, blockLengthFor(count))).toBeGreaterThanOrEqual(0.87);
      expect(coverage(count, rho, 1)).toBeLessThan(0.82);
    }
  });

  it('are those of the textbook for independent frames: the mean ± 1.96 standard errors', () => {
    const x = walk(400, 0, 3);
    const mean = x.reduce((sum, value) => sum + value, 0) / 400;
    const spread = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400);
    const [found] = blockIntervals([x], { block: 1, resamples: 20_000, seed: 1 });
    expect(found!.value).toBeCloseTo(mean, 12);
    expect(found!.high - mean).toBeCloseTo((1.96 * spread) / 20, 2);
    expect(mean - found!.low).toBeCloseTo((1.96 * spread) / 20, 2);
  });

  it('draw the same blocks for all series, so that the difference of two is as narrow as it should be', () => {
    const a = walk(100, 0.8, 5);
    const b = a.map((value) => value + 0.1);
    const options = { block: 13, resamples: 500, seed: 1 };
    const [first, , difference] = blockIntervals([a, b, b.map((value, i) => value - a[i]!)], options);
    expect(first!.high - first!.low).toBeGreaterThan(0.3);
    expect(difference!.low).toBeCloseTo(0.1, 9);
    expect(difference!.high).toBeCloseTo(0.1, 9);
  });

  it('are the same for the same seed, others for another one, and pass over frames without a figure', () => {
    const a = walk(60, 0.5, 9);
    const options = { block: 8, resamples: 300, seed: 4 };
    expect(blockIntervals([a], options)).toEqual(blockIntervals([a], options));
    expect(blockIntervals([a], { ...options, seed: 5 })).not.toEqual(blockIntervals([a], options));
    const holes = a.map((value, i) => (i % 7 === 3 ? Number.NaN : value));
    const known = holes.filter((value) => !Number.isNaN(value));
    const [found] = blockIntervals([holes], options);
    expect(found!.value).toBeCloseTo(known.reduce((sum, value) => sum + value, 0) / known.length, 12);
    expect(found!.low).toBeLessThan(found!.value);
  });

  it('hold 0 where one frame alone is not 0, wherever it is', () => {
    for (const frames of [51, 160]) {
      for (let at = 0; at < frames; at += at < 12 || at >= frames - 13 ? 1 : 9) {
        const one = new Float64Array(frames);
        one[at] = 1;
        for (const block of [1, blockLengthFor(frames)]) {
          const [found] = blockIntervals([one], { block, resamples: 2000, seed: 1 });
          expect([at, found!.low <= 0, found!.high > found!.value]).toEqual([at, true, true]);
        }
      }
    }
  });

  it('are none with fewer than two frames', () => {
    const one = Float64Array.of(Number.NaN, 1, Number.NaN);
    expect(blockIntervals([one], { block: 2, resamples: 50, seed: 1 })).toEqual([undefined]);
    expect(blockIntervals([new Float64Array(0)], { block: 2, resamples: 50, seed: 1 })).toEqual([undefined]);
  });

  it('take blocks of 1.3 times the root of the frames', () => {
    expect([1, 4, 51, 697].map(blockLengthFor)).toEqual([1, 3, 10, 35]);
  });
});
