import { describe, expect, it } from 'vitest';
import { accuracy } from '../../../operators/metrics/accuracy.ts';
import { benchmarkCrop, eigenCrop, gargCrop, gargInBenchmarkCrop } from '../../../operators/metrics/crop.ts';
import { depthPairs, scaledPairs } from '../../../operators/metrics/depth-pairs.ts';
import { meanMedian, middleValues } from '../../../operators/metrics/middle-values.ts';

function pairs(truth: number[], predicted: number[]) {
  return { truth: Float64Array.from(truth), predicted: Float64Array.from(predicted), count: truth.length };
}

describe('accuracy', () => {
  it('is perfect for the truth itself', () => {
    const found = accuracy(pairs([1, 20, 79], [1, 20, 79]));
    expect(found).toEqual({ absRel: 0, sqRel: 0, rmse: 0, rmseLog: 0, silog: 0, log10: 0, d1: 1, d2: 1, d3: 1 });
  });

  it('has the values of closed form for depth that is a fifth too large everywhere', () => {
    const truth = [2, 10, 40];
    const found = accuracy(
      pairs(
        truth,
        truth.map((z) => 1.2 * z),
      ),
    );
    expect(found.absRel).toBeCloseTo(0.2, 12);
    expect(found.sqRel).toBeCloseTo((0.04 * (2 + 10 + 40)) / 3, 12);
    expect(found.rmse).toBeCloseTo(0.2 * Math.sqrt((4 + 100 + 1600) / 3), 12);
    expect(found.rmseLog).toBeCloseTo(Math.log(1.2), 12);
    expect(found.log10).toBeCloseTo(Math.log10(1.2), 12);
    expect(found.silog).toBeCloseTo(0, 5);
    expect(found.d1).toBe(1);
  });

  it('has the silog of two errors of opposite sign', () => {
    expect(accuracy(pairs([10, 10], [10 * Math.E ** 0.1, 10 * Math.E ** -0.1])).silog).toBeCloseTo(10, 9);
  });

  it('counts a ratio of exactly 1.25 as beyond the first threshold', () => {
    expect(accuracy(pairs([4, 5, 4], [5, 4, 4.9]))).toMatchObject({ d1: 1 / 3, d2: 1, d3: 1 });
  });

  it('is NaN without pairs, never a perfect 0', () => {
    expect(Object.values(accuracy(pairs([], [])))).toEqual(new Array(9).fill(Number.NaN));
  });
});

describe('pairs of depth', () => {
  it('takes truth strictly inside the range and the crop, and counts what the prediction leaves open', () => {
    const truth = [0, 1e-3, 5, 80, 6, 7, Number.NaN, 8];
    const predicted = [1, 1, 2, 1, Number.NaN, 0, 1, Number.POSITIVE_INFINITY];
    const found = depthPairs(truth, predicted, { width: 4, height: 2 }, { minDepth: 1e-3, maxDepth: 80 });
    expect([...found.truth.slice(0, found.count)]).toEqual([5]);
    expect(found.unanswered).toBe(3);
    const crop = { top: 1, bottom: 2, left: 0, right: 4 };
    expect(depthPairs(truth, predicted, { width: 4, height: 2 }, { minDepth: 0, maxDepth: 80, crop }).count).toBe(0);
  });

  it('are scaled before they are held inside the range', () => {
    expect([...scaledPairs(pairs([1, 1, 1], [0.0001, 10, 50]), 2, 1e-3, 80).predicted]).toEqual([1e-3, 20, 80]);
  });
});

describe('crops', () => {
  const at = (height: number, width: number) => ({ width, height });
  const rows = ({ top, bottom, left, right }: ReturnType<typeof gargCrop>) => [top, bottom, left, right];

  it('cut as the KITTI protocol does, for all of its picture sizes', () => {
    expect(rows(gargCrop(at(375, 1242)))).toEqual([153, 371, 44, 1197]);
    expect(rows(gargCrop(at(370, 1226)))).toEqual([151, 366, 44, 1181]);
    expect(rows(gargCrop(at(374, 1238)))).toEqual([152, 370, 44, 1193]);
    expect(rows(gargCrop(at(376, 1241)))).toEqual([153, 372, 44, 1196]);
    expect(rows(gargCrop(at(352, 1216)))).toEqual([143, 349, 43, 1172]);
    expect(rows(eigenCrop(at(375, 1242))).slice(0, 2)).toEqual([124, 342]);
  });

  it('put the benchmark crop at the bottom and in the middle, and Garg inside it', () => {
    expect(rows(benchmarkCrop(at(375, 1242)))).toEqual([23, 375, 13, 1229]);
    expect(rows(gargInBenchmarkCrop(at(375, 1242)))).toEqual([23 + 143, 23 + 349, 13 + 43, 13 + 1172]);
    expect(rows(benchmarkCrop(at(192, 640)))).toEqual([0, 192, 0, 640]);
  });
});

describe('middle values', () => {
  it('are those of NumPy and of PyTorch, which differ for even counts', () => {
    expect(middleValues(Float64Array.of(9, 1, 5, 3))).toEqual({ lower: 3, upper: 5 });
    expect(meanMedian(Float64Array.of(9, 1, 5, 3))).toBe(4);
    expect(meanMedian(Float64Array.of(9, 1, 5))).toBe(5);
    expect(meanMedian(new Float64Array(0))).toBeNaN();
  });
});
