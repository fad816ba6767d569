import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Evaluation, type EvaluationResult } from '../../../pipeline/evaluation/evaluation.ts';
import { EvaluationJournal, type JournalOptions } from '../../../pipeline/evaluation/evaluation-journal.ts';
import { PRESETS } from '../../../pipeline/evaluation/presets.ts';
import { temporaryFolder } from './kitti-tree.ts';
import { streetClip } from './street-clip.ts';

const preset = PRESETS.find(({ name }) => name === 'eigen-raw-median')!;
const clip = streetClip(6, { without: 1 });
/** A prediction that is wrong by another factor in each frame; frame 3 has none. */
const predicted = clip.depths.map((depth, i) => ({ ...depth, data: depth.data.map((z) => z * (1 + 0.1 * i)) }));

const options = (folder: string, change: Partial<JournalOptions> = {}): JournalOptions => ({
  ...{ folder, identity: { model: 'm', preset: 'p' }, size: clip.depths[0]!, lookAhead: 1 },
  ...change,
});

async function add(evaluation: Evaluation, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    if (i === 3) await evaluation.skip(clip.frames[i]!);
    else await evaluation.add(clip.frames[i]!, predicted[i]!, 'm');
  }
}

/** Measures up to frame `until` and lets go as a kill would. */
async function killedAt(folder: string, until: number): Promise<void> {
  const journal = await EvaluationJournal.open(options(folder));
  const evaluation = new Evaluation(preset, clip.truth, journal);
  await add(evaluation, 0, until);
  await evaluation.close();
  await journal.close(false);
}

async function goesOn(folder: string): Promise<{ from: number; result: EvaluationResult; histogram: unknown }> {
  const journal = await EvaluationJournal.open(options(folder));
  onTestFinished(() => journal.close(true));
  const evaluation = new Evaluation(preset, clip.truth, journal);
  onTestFinished(() => evaluation.close());
  await add(evaluation, journal.from, 6);
  const result = await evaluation.finish();
  return { from: journal.from, result, histogram: evaluation.histogram.state };
}

async function never(): Promise<{ result: EvaluationResult; histogram: unknown }> {
  const evaluation = new Evaluation(preset, clip.truth);
  onTestFinished(() => evaluation.close());
  await add(evaluation, 0, 6);
  const result = await evaluation.finish();
  return { result, histogram: evaluation.histogram.state };
}

describe('an evaluation that was killed', { timeout: 240_000 }, () => {
  it('goes on behind its last frame, and ends with the very figures of one that never was', async () => {
    const whole = await never();
    for (const until of [0, 1, 4, 6]) {
      const folder = await temporaryFolder();
      await killedAt(folder, until);
      const { from, result, histogram } = await goesOn(folder);
      expect(from).toBe(until);
      expect(result).toEqual(whole.result);
      expect(histogram).toEqual(whole.histogram);
    }
  });

  it('in the middle of a line or of a picture, does that frame again', async () => {
    const whole = await never();
    const folder = await temporaryFolder();
    await killedAt(folder, 3);
    await appendFile(path.join(folder, 'journal.jsonl'), '{"clip":{"row"');
    const first = await goesOn(folder);
    expect([first.from, first.result]).toEqual([3, whole.result]);
    const other = await temporaryFolder();
    await killedAt(other, 3);
    const file = path.join(other, 'frames.bin');
    await truncate(file, (await stat(file)).size - 1);
    const second = await goesOn(other);
    expect([second.from, second.result]).toEqual([2, whole.result]);
  });

  it('does the last frames again after an end in order, which had none after them to look at', async () => {
    const folder = await temporaryFolder();
    const journal = await EvaluationJournal.open(options(folder));
    const evaluation = new Evaluation(preset, clip.truth, journal);
    await add(evaluation, 0, 3);
    await journal.endEarly();
    await evaluation.close();
    await journal.close(false);
    const { from, result } = await goesOn(folder);
    expect(from).toBe(2);
    expect(result).toEqual((await never()).result);
  });

  it('never skips a frame that still waited to be measured when a later one was known to have no answer', async () => {
    const folder = await temporaryFolder();
    await killedAt(folder, 2);
    const journal = await EvaluationJournal.open(options(folder));
    await journal.add({ skipped: { name: '000003', index: 3 } });
    await journal.close(false);
    expect((await goesOn(folder)).from).toBe(2);
  });

  it('leaves what is not wanted out of the count', async () => {
    const folder = await temporaryFolder();
    await killedAt(folder, 3);
    const journal = await EvaluationJournal.open(options(folder, { isWanted: (index) => index !== 4 }));
    onTestFinished(() => journal.close(true));
    expect(journal.from).toBe(3);
  });

  it('does not go on with another model or preset, nor beside a run that is under way', async () => {
    const folder = await temporaryFolder();
    await killedAt(folder, 2);
    const other = options(folder, { identity: { model: 'n', preset: 'p' } });
    await expect(EvaluationJournal.open(other)).rejects.toMatchObject({
      code: 'output-exists',
      message: expect.stringMatching(/another model/) as string,
    });
    await writeFile(path.join(folder, '.running'), `${process.ppid} `);
    await expect(EvaluationJournal.open(options(folder))).rejects.toMatchObject({ code: 'output-exists' });
  });

  it('holds a line a frame and nothing when it is done', async () => {
    const folder = path.join(await temporaryFolder(), 'unfinished');
    await killedAt(folder, 4);
    expect((await readFile(path.join(folder, 'journal.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(1 + 4);
    const journal = await EvaluationJournal.open(options(folder));
    await journal.close(true);
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
