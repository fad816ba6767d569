import { describe, expect, it, onTestFinished } from 'vitest';
import type { DepthMap } from '../../../frames/index.ts';
import { resizeDepth } from '../../../frames/resize-depth.ts';
import { Evaluation, type EvaluationResult } from '../../../pipeline/evaluation/evaluation.ts';
import { PRESETS } from '../../../pipeline/evaluation/presets.ts';
import { type StreetClip, streetClip } from './street-clip.ts';

const preset = (name: string) => PRESETS.find((each) => each.name === name)!;

async function evaluated(
  clip: StreetClip,
  name: string,
  change: (depth: DepthMap, index: number) => DepthMap = (depth) => depth,
): Promise<EvaluationResult> {
  const evaluation = new Evaluation(preset(name), clip.truth);
  onTestFinished(() => evaluation.close());
  for (const [i, frame] of clip.frames.entries()) await evaluation.add(frame, change(clip.depths[i]!, i), 'test');
  return evaluation.finish();
}

const times = (factor: (index: number) => number) => (depth: DepthMap, index: number) => ({
  ...depth,
  data: depth.data.map((z) => z * factor(index)),
});

describe('an evaluation', { timeout: 240_000 }, () => {
  const clip = streetClip(5);

  it('finds no error in the truth, and all figures of consistency near perfect', async () => {
    const found = await evaluated(clip, 'street');
    expect(found.frames).toBe(5);
    expect(found.accuracy).toMatchObject({ absRel: 0, rmse: 0, silog: 0, d1: 1 });
    expect(found.scale).toMatchObject({ mode: 'none', median: 1, std: 0 });
    const { tcm, tae, opw, rtc, selfReprojection } = found.consistency;
    expect(tcm.absErr).toBeLessThan(0.02);
    expect(tae).toBeLessThan(6);
    expect(opw).toBeLessThan(0.4);
    expect(rtc).toBeGreaterThan(0.7);
    expect(selfReprojection).toBeLessThan(0.02);
    expect(Object.keys(found.notes).sort()).toEqual(['opw', 'rtc', 'selfReprojection', 'tae', 'tcm', 'tcmWithin']);
  });

  it('ranks 5 % of flicker below none in every figure of consistency', async () => {
    const steady = (await evaluated(clip, 'street')).consistency;
    const flickering = (
      await evaluated(
        clip,
        'street',
        times((i) => (i % 2 ? 1.05 : 1)),
      )
    ).consistency;
    expect(flickering.tcm.absErr).toBeGreaterThan(steady.tcm.absErr! + 0.1);
    expect(flickering.tae).toBeGreaterThan(steady.tae!);
    expect(flickering.opw).toBeGreaterThan(steady.opw!);
    expect(flickering.rtc).toBeLessThan(steady.rtc! - 0.4);
    expect(flickering.selfReprojection).toBeGreaterThan(0.04);
  });

  it('forgives a wrong scale by median scaling, states it, and does not forgive it in metres', async () => {
    const wrong = times(() => 0.5);
    const median = await evaluated(clip, 'eigen-raw-median', wrong);
    expect(median.accuracy!.absRel).toBeLessThan(1e-5);
    expect(median.scale).toMatchObject({ mode: 'median' });
    expect(median.scale.median).toBeCloseTo(2, 5);
    expect((await evaluated(clip, 'street', wrong)).accuracy!.absRel).toBeCloseTo(0.5, 5);
  });

  it('brings relative depth to one scale for the whole clip before it looks at consistency', async () => {
    const found = await evaluated(clip, 'street', (depth) => ({ ...times(() => 0.1)(depth, 0), kind: 'relative' }));
    const metres = await evaluated(clip, 'street');
    expect(found.scale.mode).toBe('median');
    expect(found.consistency.selfReprojection).toBeLessThan(0.02);
    for (const figure of ['selfReprojection', 'tae', 'opw', 'rtc'] as const) {
      expect(found.consistency[figure]).toBeCloseTo(metres.consistency[figure]!, 3);
    }
  });

  it('fits scale and shift to inverse depth', async () => {
    const found = await evaluated(clip, 'street', (depth) => ({
      ...depth,
      kind: 'inverse',
      data: depth.data.map((z) => 7 / z + 0.5),
    }));
    expect(found.scale.mode).toBe('scale-shift');
    expect(found.accuracy!.absRel).toBeLessThan(1e-3);
    expect(found.consistency.selfReprojection).toBeLessThan(0.02);
  });

  it('fits scale and shift to metres as well where that is asked for, in inverse depth', async () => {
    const asked = { ...preset('street'), scaling: 'scale-shift' } as const;
    const evaluation = new Evaluation(asked, clip.truth);
    onTestFinished(() => evaluation.close());
    for (const [i, frame] of clip.frames.entries()) {
      const data = clip.depths[i]!.data.map((z) => 1 / (0.5 / z + 0.01));
      await evaluation.add(frame, { ...clip.depths[i]!, data }, 'test');
    }
    const found = await evaluation.finish();
    expect(found.scale.mode).toBe('scale-shift');
    expect(found.accuracy!.absRel).toBeLessThan(1e-3);
    expect(found.consistency.selfReprojection).toBeLessThan(0.02);
  });

  it('refuses a preset in metres for depth that is none', async () => {
    await expect(
      evaluated(clip, 'eigen-improved-metric', (depth) => ({ ...depth, kind: 'relative' })),
    ).rejects.toMatchObject({ code: 'option-invalid' });
  });

  it('measures snippets of five frames with tcm-5', async () => {
    const found = await evaluated(clip, 'tcm-5');
    // One target in the middle has two frames on either side: four pairs.
    expect(found.notes['tcm']).toMatch(/^metres, 4 pairs/);
    expect((await evaluated(clip, 'tcm-7')).consistency.tcm).toEqual({ absErr: null, sqErr: null, rmse: null });
  });

  it('names frames without measured depth, and leaves out the pairs that need it', async () => {
    const found = await evaluated(streetClip(4, { without: 1 }), 'street');
    expect(found.missing.truth).toEqual(['000001']);
    expect(found.rows[1]!.accuracy).toBeUndefined();
    expect(found.accuracy!.absRel).toBe(0);
    expect(found.rows.map((row) => row.consistency?.tae !== undefined)).toEqual([false, false, false, true]);
    expect(found.rows.map((row) => row.consistency?.selfReprojection !== undefined)).toEqual([false, true, true, true]);
  });

  it('answers null with the reason where there are no poses', async () => {
    const { consistency, notes } = await evaluated(streetClip(3, { poses: false }), 'street');
    expect(consistency).toEqual({
      ...{ tae: null, opw: null, rtc: null, selfReprojection: null },
      tcm: { absErr: null, sqErr: null, rmse: null },
      tcmWithin: { absErr: null, sqErr: null, rmse: null },
    });
    expect(notes['selfReprojection']).toBe('the data set states no poses');
  });

  /** The nearer half of the truth alone is predicted, and well. */
  const picky = (depth: DepthMap): DepthMap => ({ ...depth, data: depth.data.map((z) => (z < 12 ? z : Number.NaN)) });

  it('states which share of the measured pixels is answered', async () => {
    expect((await evaluated(clip, 'street')).answered).toBe(1);
    const found = await evaluated(clip, 'street', picky);
    expect(found.answered).toBeGreaterThan(0.1);
    expect(found.answered).toBeLessThan(0.9);
    expect(found.accuracy!.absRel).toBe(0);
  });

  it('holds what is left open at the least depth where the Eigen papers do, so that nothing is won by it', async () => {
    for (const name of ['eigen-raw-median', 'eigen-improved-metric']) {
      const found = await evaluated(clip, name, picky);
      const left = 1 - found.answered!;
      expect(left).toBeGreaterThan(0.1);
      expect(found.accuracy!.absRel).toBeCloseTo(left, 1);
      const nothing = await evaluated(clip, name, (depth) => ({ ...depth, data: depth.data.map(() => Number.NaN) }));
      expect(nothing.answered).toBe(0);
      expect(nothing.accuracy!.absRel).toBeGreaterThan(0.99);
    }
  });

  it('does not blame the truth where the prediction knows nothing', async () => {
    for (const kind of ['metric', 'relative'] as const) {
      const found = await evaluated(clip, 'street', (depth) => ({
        ...depth,
        kind,
        data: depth.data.map(() => Number.NaN),
      }));
      expect(found).toMatchObject({ accuracy: null, answered: 0, missing: { truth: [] } });
      expect(found.notes['accuracy']).toMatch(/^the prediction is unknown at all pixels/);
      expect(Object.values(found.notes).join()).not.toMatch(/without measured depth/);
    }
  });

  it('measures predictions of several sizes, each at its own', async () => {
    const found = await evaluated(clip, 'street', (depth, i) =>
      i === 0 ? depth : resizeDepth(depth, { width: 160 + 16 * i, height: 48 }),
    );
    expect(found.frames).toBe(5);
    expect(found.accuracy!.absRel).toBeLessThan(0.05);
    expect(found.consistency.selfReprojection).toBeLessThan(0.05);
  });

  it('answers null for everything where no frame came', async () => {
    const evaluation = new Evaluation(preset('street'), clip.truth);
    const found = await evaluation.finish();
    expect(found).toMatchObject({ frames: 0, accuracy: null, scale: { median: null, std: null } });
  });
});
