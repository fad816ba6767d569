import { describe, expect, it, onTestFinished } from 'vitest';
import type { DepthMap, FrameWindow } from '../../../frames/index.ts';
import type { DepthEstimator } from '../../../operators/index.ts';
import { Evaluation, type EvaluationResult } from '../../../pipeline/evaluation/evaluation.ts';
import { PRESETS } from '../../../pipeline/evaluation/presets.ts';
import { SnippetAnswers, type SnippetFrame, windowsInside } from '../../../pipeline/evaluation/snippet-answers.ts';
import { type StreetClip, streetClip } from './street-clip.ts';

/** Answers the truth times what `scale` says of the numbers of the frames it is given, and writes those down. */
function network(clip: StreetClip, contextOffsets: readonly number[], scale: (seen: readonly number[]) => number) {
  const asked: number[][] = [];
  const model: DepthEstimator = {
    id: 'network',
    contextOffsets,
    inFlight: 2,
    async estimate({ target, context }: FrameWindow): Promise<DepthMap> {
      const seen = [target, ...context].map((frame) => frame!.index);
      asked.push(seen);
      const factor = scale(seen);
      const depth = clip.depths[target.index]!;
      return { ...depth, data: depth.data.map((z) => z * factor) };
    },
  };
  return { model, asked };
}

/** A stream's answers, each by the window around its frame, then both looks over time. */
async function evaluated(clip: StreetClip, model: DepthEstimator, name = 'tcm-3'): Promise<EvaluationResult> {
  const evaluation = new Evaluation(PRESETS.find((preset) => preset.name === name)!, clip.truth);
  onTestFinished(() => evaluation.close());
  for (const [i, target] of clip.frames.entries()) {
    const context = model.contextOffsets.map((offset) => clip.frames[i + offset] ?? target);
    const depth = (await model.estimate({ target, offsets: model.contextOffsets, context })) as DepthMap;
    await evaluation.add(target, depth, model.id);
  }
  return evaluation.finish(undefined, model);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

describe('windows inside a snippet', () => {
  it('are one window for each of its frames where it has as many as that', () => {
    expect(windowsInside(3, [-1, 1])).toEqual([
      [1, 2],
      [-1, 1],
      [-2, -1],
    ]);
    expect(windowsInside(5, [-2, -1, 1, 2])).toEqual([
      [1, 2, 3, 4],
      [-1, 1, 2, 3],
      [-2, -1, 1, 2],
      [-3, -2, -1, 1],
      [-4, -3, -2, -1],
    ]);
  });

  it('are moved at its ends alone where it is longer, and never look out of it', () => {
    expect(windowsInside(5, [-1, 1])).toEqual([
      [1, 2],
      [-1, 1],
      [-1, 1],
      [-1, 1],
      [-2, -1],
    ]);
    for (const frames of [3, 5, 7]) {
      for (const [target, offsets] of Object.entries(windowsInside(frames, [-1, 1]))) {
        for (const offset of offsets as readonly number[]) {
          expect(Number(target) + offset).toBeGreaterThanOrEqual(0);
          expect(Number(target) + offset).toBeLessThan(frames);
        }
      }
    }
  });

  it('are none for a window that leaves out frames, looks one way or is too long, with the reason', () => {
    expect(windowsInside(7, [-2, 2])).toBe('the window -2, 0, 2 leaves out frames of a snippet');
    expect(windowsInside(3, [-2, -1])).toMatch(/^the window -2, -1, 0 looks one way/);
    expect(windowsInside(3, [-2, -1, 1, 2])).toMatch(/is longer than a snippet of 3 frames$/);
  });
});

describe('snippets by themselves', { timeout: 60_000 }, () => {
  const clip = streetClip(8);
  const frames: readonly SnippetFrame[] = clip.frames.map((frame) => ({
    pixels: frame.pixels,
    at: {
      row: { ...frame, estimator: 'network', pixels: 0, unanswered: 0 },
      frame,
      camera: frame.intrinsics,
      kind: 'metric',
      starts: false,
    },
  }));

  it('are answered frame by frame in their order, and what a window answered is not asked again', async () => {
    const { model, asked } = network(clip, [-1, 1], () => 1);
    const answers = new SnippetAnswers(model, clip.camera, windowsInside(5, [-1, 1]) as number[][]);
    const first = await answers.ask(frames.slice(0, 5));
    expect(first!.map(({ data }) => data[7000])).toEqual(clip.depths.slice(0, 5).map(({ data }) => data[7000]));
    expect(asked).toEqual([
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 3],
      [3, 2, 4],
      [4, 2, 3],
    ]);
    asked.length = 0;
    await answers.ask(frames.slice(1, 6));
    expect(asked).toEqual([
      [1, 2, 3],
      [4, 3, 5],
      [5, 3, 4],
    ]);
  });

  it('are left out and counted where the model fails', async () => {
    const { model } = network(clip, [-1, 1], (seen) => {
      if (seen[0] === 2) throw new Error('no');
      return 1;
    });
    const answers = new SnippetAnswers(model, clip.camera, windowsInside(3, [-1, 1]) as number[][]);
    expect(await answers.ask(frames.slice(0, 3))).toBeUndefined();
    expect(await answers.ask(frames.slice(3, 6))).toHaveLength(3);
    expect(answers.failed).toBe(1);
  });

  it('hide what jumps from window to window, which TCM across windows sees', async () => {
    // All frames of a window have one scale, and each window another one than the next.
    const { model } = network(clip, [-1, 1], (seen) => (sum(seen) % 2 ? 1.1 : 1));
    const found = await evaluated(clip, model);
    const steady = await evaluated(clip, network(clip, [-1, 1], () => 1).model);
    expect(found.consistency.tcm.absErr).toBeGreaterThan(steady.consistency.tcm.absErr! + 0.2);
    expect(found.consistency.tcmWithin.absErr).toBeCloseTo(steady.consistency.tcmWithin.absErr!, 5);
    expect(found.notes['tcmWithin']).toBe(
      'metres, 12 pairs; each snippet of 3 frames answered from its own frames alone, by one window',
    );
    expect(found.rows.map(({ consistency }) => consistency?.tcmWithin !== undefined)).toEqual(
      found.rows.map((_, i) => i > 0 && i < 7),
    );
  });

  it('score as the stream does where a model answers the same in every window', async () => {
    const { model } = network(clip, [-1, 1], (seen) => 1 + 0.02 * (seen[0]! % 3));
    for (const name of ['tcm-3', 'tcm-5', 'tcm-7', 'street']) {
      const { tcm, tcmWithin } = (await evaluated(clip, model, name)).consistency;
      expect(tcm.absErr).toBeGreaterThan(0);
      expect(tcmWithin).toEqual(tcm);
    }
  });

  it('are the same thing for a model of one frame, which is not asked again', async () => {
    const { model, asked } = network(clip, [], (seen) => 1 + 0.02 * (seen[0]! % 3));
    const found = await evaluated(clip, model, 'tcm-5');
    expect(asked).toHaveLength(8);
    expect(found.consistency.tcmWithin).toEqual(found.consistency.tcm);
    expect(found.notes['tcmWithin']).toMatch(/the same as across windows, since the model looks at one frame$/);
  });

  it('say by how many windows they were answered where they are longer than one', async () => {
    const found = await evaluated(clip, network(clip, [-1, 1], () => 1).model, 'tcm-7');
    expect(found.notes['tcmWithin']).toMatch(
      /^metres, 12 pairs; each snippet of 7 frames .* by windows of 3 inside it$/,
    );
  });

  it('are null with the reason where no window lies inside them, and for predictions from files', async () => {
    const { model } = network(clip, [-2, -1], () => 1);
    const causal = await evaluated(clip, model);
    expect(causal.consistency.tcmWithin).toEqual({ absErr: null, sqErr: null, rmse: null });
    expect(causal.consistency.tcm.absErr).not.toBeNull();
    expect(causal.notes['tcmWithin']).toMatch(/^not measured: the window -2, -1, 0 looks one way/);
    const evaluation = new Evaluation(PRESETS.find(({ name }) => name === 'tcm-3')!, clip.truth);
    onTestFinished(() => evaluation.close());
    for (const [i, frame] of clip.frames.entries()) await evaluation.add(frame, clip.depths[i]!, 'given');
    const { notes, consistency } = await evaluation.finish();
    expect(consistency.tcmWithin.absErr).toBeNull();
    expect(notes['tcmWithin']).toMatch(/^not measured: which frames a prediction from a file looked at/);
  });
});
