import { describe, expect, it } from 'vitest';
import type { DepthKind, DepthMap } from '../../../frames/index.ts';
import { DepthContinuity } from '../../../operators/metrics/depth-continuity.ts';

const map = (scale: number, kind: DepthKind = 'metric'): DepthMap => ({
  width: 32,
  height: 8,
  kind,
  data: Float32Array.from({ length: 256 }, (_, i) =>
    kind === 'inverse' ? scale / (2 + (i % 31)) : scale * (2 + (i % 31)),
  ),
});
const scaleOf = (depth: DepthMap): number => depth.data[40]! / map(1, depth.kind).data[40]!;
const both = (multi: number, single: number) => ({ multi: map(multi), single: map(single) });

describe('continuity of depth from model to model', () => {
  it('shows the single-frame answers on the scale of the multi-frame ones', () => {
    const continuity = new DepthContinuity();
    expect(continuity.single(map(2)).data).toEqual(map(2).data);
    expect(scaleOf(continuity.single(map(2), both(1, 2)))).toBeCloseTo(1, 5);
    expect(scaleOf(continuity.single(map(3)))).toBeCloseTo(1.5, 5);
  });

  it('lets a difference of up to 1.5 % be, so that metres stay the model’s own', () => {
    const continuity = new DepthContinuity();
    continuity.single(map(1), both(1, 1));
    const own = map(1);
    expect(continuity.multi(own, both(1, 1.014))).toBe(own);
  });

  it('bridges a larger one, which is gone after some frames', () => {
    const continuity = new DepthContinuity();
    continuity.single(map(1), both(1, 1));
    let before = scaleOf(continuity.single(map(1.08)));
    const shown = [scaleOf(continuity.multi(map(1), both(1, 1.08)))];
    for (let i = 0; i < 9; i++) shown.push(scaleOf(continuity.multi(map(1))));
    for (const scale of shown) {
      expect(Math.abs(scale / before - 1)).toBeLessThan(0.02);
      before = scale;
    }
    expect(shown[0]).toBeGreaterThan(1.05);
    expect(shown.at(-1)).toBe(1);
  });

  it('does not bridge more than 10 %, nor a cut, nor another kind', () => {
    const continuity = new DepthContinuity();
    continuity.single(map(1), both(1, 1));
    expect(scaleOf(continuity.multi(map(1), both(1, 1.2)))).toBe(1);
    continuity.single(map(1), both(1, 1));
    expect(scaleOf(continuity.multi(map(1), both(1, 1.08)))).toBeGreaterThan(1.05);
    continuity.cut();
    expect(scaleOf(continuity.multi(map(1)))).toBe(1);
    const fresh = new DepthContinuity();
    fresh.single(map(1, 'relative'));
    expect(scaleOf(fresh.multi(map(1), { multi: map(1), single: map(1.05, 'relative') }))).toBe(1);
    const inverse = new DepthContinuity();
    const answer = map(1, 'inverse');
    expect(inverse.multi(answer, { multi: answer, single: map(1.05, 'inverse') })).toBe(answer);
  });

  it('says nothing of depth it cannot compare', () => {
    const continuity = new DepthContinuity();
    const nowhere: DepthMap = { ...map(1), data: new Float32Array(256).fill(Number.NaN) };
    expect(continuity.single(map(2), { multi: nowhere, single: nowhere }).data).toEqual(map(2).data);
    expect(scaleOf(continuity.multi(map(1), { multi: map(1), single: nowhere }))).toBe(1);
  });
});
