import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Consistency, DepthFrame, DepthMap, Frame } from '../../frames/index.ts';
import { measureConsistency } from '../../operators/index.ts';
import { depthFrame, virtualTime } from './frames.ts';
import { noise } from './noise.ts';
import { type DrivenFrame, syntheticDrive } from './synthetic-drive.ts';

const drive = syntheticDrive(12);
const turning = syntheticDrive(8, { forward: 0.3, yaw: 0.03 });

const answer = ({ frame, depth }: DrivenFrame, map: DepthMap = depth): DepthFrame =>
  depthFrame(frame.index, { frame, depth: map });
const scaled = (map: DepthMap, by: number, kind = map.kind): DepthMap => ({
  ...map,
  kind,
  data: map.data.map((value) => value * by),
});
const inverted = (map: DepthMap, by = 1): DepthMap => ({
  ...map,
  kind: 'inverse',
  data: map.data.map((value) => (by * 10) / value + 0.2),
});

function measured(answers: readonly DepthFrame[]): (Consistency | undefined)[] {
  const seen: (Consistency | undefined)[] = [];
  from(answers)
    .pipe(measureConsistency())
    .subscribe(({ consistency }) => seen.push(consistency));
  return seen;
}

const mean = (values: readonly (Consistency | undefined)[]): number => {
  const scores = values.flatMap((one) => (one ? [one.score] : []));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
};

describe('measureConsistency', () => {
  const clean = measured(drive.map((one) => answer(one)));

  it('finds exact depth consistent, driving and turning', () => {
    expect(mean(clean)).toBeGreaterThan(0.97);
    for (const one of clean.slice(1)) expect(Math.abs(one?.flicker ?? 99)).toBeLessThan(0.5);
    expect(mean(measured(turning.map((one) => answer(one))))).toBeGreaterThan(0.97);
  });

  it('does not care for the scale of the world', () => {
    const relative = measured(drive.map((one) => answer(one, scaled(one.depth, 0.01, 'relative'))));
    expect(mean(relative)).toBeCloseTo(mean(clean), 3);
  });

  it('ranks 5 % of random scale noise a frame below the clean drive', () => {
    const noisy = [1, 2, 3, 4, 5].map((seed) => {
      const random = noise(seed);
      return mean(measured(drive.map((one) => answer(one, scaled(one.depth, 1 + 0.05 * random())))));
    });
    for (const score of noisy) expect(score).toBeLessThan(mean(clean));
    expect(noisy.reduce((sum, score) => sum + score) / noisy.length).toBeLessThan(mean(clean) - 0.05);
  });

  it('tells the change of scale as flicker, with its sign', () => {
    const stepped = measured(drive.slice(0, 3).map((one, at) => answer(one, scaled(one.depth, at === 1 ? 1.04 : 1))));
    expect(stepped[1]?.flicker).toBeCloseTo(4, 0);
    expect(stepped[2]?.flicker).toBeCloseTo(-4, 0);
  });

  it('ranks a drive with the depth of two frames swapped below the clean one', () => {
    const swapped = drive.map((one, at) => answer(one, drive[at === 5 ? 6 : at === 6 ? 5 : at]?.depth));
    const scores = measured(swapped);
    expect(mean(scores)).toBeLessThan(mean(clean));
    expect(mean(scores.slice(5, 8))).toBeLessThan(mean(clean) - 0.02);
  });

  it('ranks noise in single pixels below the clean drive', () => {
    const random = noise(5);
    const grainy = drive.slice(0, 5).map((one) => {
      const data = one.depth.data.map((value) => value * (1 + 0.1 * random()));
      return answer(one, { ...one.depth, data });
    });
    expect(mean(measured(grainy))).toBeLessThan(0.8);
  });

  it('fits inverse maps in inverse space', () => {
    const random = noise(4);
    const still = measured(drive.map((one) => answer(one, inverted(one.depth))));
    expect(mean(still)).toBeGreaterThan(0.95);
    const noisy = measured(drive.map((one) => answer(one, inverted(one.depth, 1 + 0.05 * random()))));
    expect(mean(noisy)).toBeLessThan(mean(still) - 0.02);
  });

  it('says nothing on the first frame of a stretch, where kinds differ, and where nothing can be matched', () => {
    const [a, b, c] = drive.map((one) => answer(one)) as [DepthFrame, DepthFrame, DepthFrame];
    const cut: DepthFrame = { ...b, frame: { ...b.frame, segmentStart: 'scene-cut' } };
    expect(measured([a, cut, c]).map((one) => one !== undefined)).toEqual([false, false, true]);
    const relative = answer(drive[1] as DrivenFrame, scaled(b.depth, 1, 'relative'));
    expect(measured([a, relative])[1]).toBeUndefined();
    const unknown = answer(drive[1] as DrivenFrame, scaled(b.depth, Number.NaN));
    expect(measured([a, unknown])[1]).toBeUndefined();
    const black: DepthFrame = { ...b, frame: { ...b.frame, pixels: new Uint8Array(a.frame.pixels).fill(0) as never } };
    expect(measured([a, black])[1]).toBeUndefined();
    expect(measured([depthFrame(0), depthFrame(1)])[1]).toBeUndefined();
  });

  it('scores an answer that stays the same 0 while the camera drives, and perfect while it stands', () => {
    const frozen = measured(drive.map((one) => answer(one, drive[0]!.depth)));
    for (const one of frozen.slice(1)) expect(one?.score).toBe(0);
    const still = measured([0, 1, 2].map((index) => ({ ...answer(drive[0]!), frame: { ...drive[0]!.frame, index } })));
    for (const one of still.slice(1)) {
      expect(one?.score).toBeCloseTo(1, 3);
      expect(one?.flicker).toBeCloseTo(0, 3);
    }
  });

  it('answers for two frames the same whatever came before them, so that a run may go on anywhere', () => {
    const late = measured(drive.slice(4, 8).map((one) => answer(one)));
    expect(late.slice(1)).toEqual(clean.slice(5, 8));
  });

  it('never answers what is not a number, whatever the pictures and maps', () => {
    const random = noise(6);
    const bytes = (value: () => number): Frame['pixels'] => {
      const pixels = new Uint8Array(new SharedArrayBuffer(640 * 192 * 3));
      for (let i = 0; i < pixels.length; i++) pixels[i] = value();
      return pixels;
    };
    const pictures = [bytes(() => 0), bytes(() => 255), bytes(() => 128 + 60 * random()), drive[0]!.frame.pixels];
    const maps = [0, Number.NaN, Number.POSITIVE_INFINITY, -1, 1e-30, 1e30].map((value) =>
      scaled(drive[0]!.depth, value),
    );
    for (const kind of ['metric', 'relative', 'inverse'] as const) {
      const all = pictures.flatMap((pixels) =>
        [...maps, drive[0]!.depth, drive[1]!.depth].map((map, index) =>
          answer({ ...drive[0]!, frame: { ...drive[0]!.frame, index, pixels } }, { ...map, kind }),
        ),
      );
      for (const one of measured(all)) {
        if (!one) continue;
        expect(one.score).toBeGreaterThanOrEqual(0);
        expect(one.score).toBeLessThanOrEqual(1);
        expect(one.flicker).toSatisfy(Number.isFinite);
      }
    }
  });

  it('passes completion, error and unsubscription, and leaves what it cannot measure untouched', () => {
    const values = { a: depthFrame(0), b: depthFrame(1) };
    virtualTime().run(({ hot, expectObservable, expectSubscriptions }) => {
      expectObservable(hot('a-b|', values).pipe(measureConsistency())).toBe('a-b|', values);
      expectObservable(hot('a-#', values).pipe(measureConsistency())).toBe('a-#', values);
      const source = hot('a-b|', values);
      expectObservable(source.pipe(measureConsistency()), '^!').toBe('a', values);
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
  });
});
