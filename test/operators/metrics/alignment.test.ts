import { describe, expect, it } from 'vitest';
import type { DepthKind, DepthMap } from '../../../frames/index.ts';
import { aligned, alignmentOf } from '../../../operators/metrics/alignment.ts';

const map = (kind: DepthKind, value: (at: number) => number): DepthMap => ({
  width: 64,
  height: 32,
  kind,
  data: Float32Array.from({ length: 64 * 32 }, (_, at) => value(at)),
});
const metric = map('metric', (at) => 2 + (at % 61));

describe('alignmentOf and aligned', () => {
  it('scale depth to depth by the median ratio, through a quarter of outliers and holes', () => {
    const other = map('relative', (at) => (at % 8 === 0 ? Number.NaN : at % 8 === 1 ? 999 : (2 + (at % 61)) / 5));
    const alignment = alignmentOf(metric, other);
    expect(alignment).toMatchObject({ from: 'relative', to: 'metric', space: 'depth', shift: 0 });
    expect(alignment?.scale).toBeCloseTo(5, 4);
  });

  it.each<[DepthKind, DepthKind]>([
    ['metric', 'inverse'],
    ['inverse', 'metric'],
    ['inverse', 'inverse'],
  ])('bring %s to the like of %s', (of, like) => {
    const reference = like === 'metric' ? metric : map('inverse', (at) => 3 / (2 + (at % 61)) + 0.1);
    const other = of === 'metric' ? metric : map('inverse', (at) => 7 / (2 + (at % 61)) - 1);
    const alignment = alignmentOf(reference, other);
    const result = alignment && aligned(other, alignment);
    expect(result?.kind).toBe(like);
    for (const at of [0, 30, 60]) expect(result?.data[at]).toBeCloseTo(reference.data[at] as number, 3);
  });

  it('make not positive depth unknown', () => {
    const alignment = { from: 'inverse', to: 'metric', space: 'inverse', scale: 1, shift: -0.5 } as const;
    const result = aligned(
      map('inverse', (at) => at / 1000),
      alignment,
    );
    expect(result.data[100]).toBeNaN();
    expect(result.data[1000]).toBeCloseTo(2, 4);
  });

  it('say nothing where there is nothing to compare', () => {
    expect(
      alignmentOf(
        metric,
        map('relative', () => Number.NaN),
      ),
    ).toBeUndefined();
    expect(
      alignmentOf(
        metric,
        map('inverse', () => 1),
      ),
    ).toBeUndefined();
    expect(alignmentOf(metric, { ...metric, width: 32, height: 64 })).toBeUndefined();
  });
});
