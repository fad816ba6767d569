import { createHash } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { type CameraIntrinsics, DepthcastError, type DepthKind, type Size } from '../frames/index.ts';
import { readIntrinsics } from '../pipeline/datasets/intrinsics-text.ts';
import type { EvaluatedFrame } from '../pipeline/evaluation/evaluated-frame.ts';
import { Evaluation } from '../pipeline/evaluation/evaluation.ts';
import { EvaluationJournal } from '../pipeline/evaluation/evaluation-journal.ts';
import { givenPredictions } from '../pipeline/evaluation/given-predictions.ts';
import { counted } from '../pipeline/evaluation/in-words.ts';
import { type Dataset, openDataset } from '../pipeline/evaluation/open-dataset.ts';
import { type Preset, presetInWords, protocolOf } from '../pipeline/evaluation/presets.ts';
import { type EvaluationSummary, refuseOtherReports } from '../pipeline/evaluation/report-files.ts';
import { locateFfmpeg } from '../pipeline/ffmpeg/locate.ts';
import type { Contestant } from './evaluate-contestants.ts';
import { take } from './evaluate-given.ts';
import { presetOf } from './evaluate-options.ts';
import { type Answering, openAnswering, predict } from './evaluate-predicted.ts';
import type { EvaluationTask, Run } from './evaluate-task.ts';
import { Progress } from './progress.ts';
import { contextOffsets, type FoundModels, findModels, identityOf, networkSize, tellGuesses } from './stream-setup.ts';
import { version } from './version.ts';

/** One evaluation, not closed yet: its pictures wait on disk. */
export interface Evaluated {
  readonly summary: EvaluationSummary;
  readonly rows: readonly EvaluatedFrame[];
  readonly evaluation: Evaluation;
  readonly journal: EvaluationJournal | undefined;
  /** Why footage broke off, where it did. */
  readonly failure?: unknown;
}

/**
 * Measures one model or one set of predictions on a data set. The caller closes the evaluation and the journal. Throws
 * `input-empty` where no frame could be measured, and what data set, model and predictions throw.
 */
export async function evaluateOne(task: EvaluationTask): Promise<Evaluated> {
  const { place, contestant, options, report, interruption } = task;
  const began = performance.now();
  const found = contestant.kind === 'model' ? await findModels({ ...options, model: contestant.place }) : undefined;
  if (found) tellGuesses(found, { ...options, model: contestant.place }, report);
  const offsets = found ? contextOffsets(found, options) : [];
  const dataset = await openDataset(place, { ...options, offsets });
  const { info } = dataset.source;
  if (info.live) {
    throw new DepthcastError('option-invalid', 'evaluate is for footage that ends, and this source is live.', {
      advice: 'Record it to a file first.',
    });
  }
  const preset = presetOf(options, dataset.layout);
  const protocol = protocolOf(preset);
  const words = presetInWords(preset.name, protocol);
  report.info(`${contestant.name}: ${dataset.truth.summary}; preset ${words} (${preset.name}: ${preset.summary})`);
  const camera =
    options.intrinsics === undefined
      ? dataset.truth.intrinsics(info.size)
      : await readIntrinsics(options.intrinsics, info.size);
  const given =
    contestant.kind === 'predictions'
      ? await givenPredictions(contestant.place, options.predKind, {
          planes: dataset.planes ?? info.frameCount,
          isList: dataset.planeOf !== undefined,
        })
      : undefined;
  const size = given?.size ?? networkSize(found!, options.size, info.size);
  const identity = identityFor(task, dataset, preset, found, camera, size, given?.kind);
  const identityHash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  if (task.reportFolder !== undefined) await refuseOtherReports(task.reportFolder, identityHash);
  const journal =
    task.progressFolder === undefined
      ? undefined
      : await EvaluationJournal.open({
          folder: task.progressFolder,
          size,
          lookAhead: Math.max(0, ...offsets),
          isWanted: dataset.isWanted,
          identity,
        });
  const evaluation = new Evaluation(preset, dataset.truth, journal);
  const from = journal?.from ?? 0;
  if (from > 0) report.info(`going on at frame ${from}: the ones before it are in ${options.out}`);
  const total = options.maxFrames ?? dataset.wantedCount ?? info.frameCount;
  const progress = report.tells('info')
    ? new Progress({ output: process.stderr, total, done: journal?.entries.length ?? 0 })
    : undefined;
  const run: Run = { dataset, evaluation, camera, from, size, preset, step: () => progress?.step() };
  let failure: unknown;
  let answering: Answering | undefined;
  const look = async (): Promise<void> => {
    if (given) return take(task, run, given);
    answering = await openAnswering(task, run, found!, offsets);
    return predict(task, run, answering);
  };
  try {
    await look().catch((error: unknown) => {
      // What was measured before footage broke off is told all the same.
      if (evaluation.frames === 0) throw error;
      failure = error;
    });
    progress?.end();
    if (failure !== undefined || interruption.isAsked()) await journal?.endEarly();
    interruption.looksAgain();
    const { rows, ...result } = await evaluation.finish(() => interruption.isCut(), answering?.model);
    if (result.frames === 0 && !interruption.isAsked()) throw nothingToMeasure(result.missing.prediction, contestant);
    const summary: EvaluationSummary = {
      ...result,
      missing: { ...result.missing, pictures: dataset.missingPictures ?? [] },
      model: found ? found.model.card.id : 'given',
      dataset: basename(resolve(place)),
      preset: preset.name,
      protocol,
      cardHash: typeof identity['cardHash'] === 'string' ? identity['cardHash'] : null,
      versions: await versions(),
      identity: identityHash,
      durationS: Number(((performance.now() - began) / 1000).toFixed(3)),
    };
    return { summary, rows, evaluation, journal, failure };
  } catch (error) {
    await evaluation.close();
    await journal?.close(false);
    throw error;
  } finally {
    await answering?.close();
  }
}

async function versions(): Promise<Record<string, string>> {
  // Pictures are read without ffmpeg, so none need be there.
  const ffmpeg = await locateFfmpeg().catch(() => undefined);
  return {
    depthcast: version(),
    node: process.versions.node,
    ...(ffmpeg ? { ffmpeg: ffmpeg.version } : {}),
  };
}

function identityFor(
  { place, contestant, options }: EvaluationTask,
  { source, truth, layout }: Dataset,
  preset: Preset,
  found: FoundModels | undefined,
  camera: CameraIntrinsics | undefined,
  size: Size,
  predKind: DepthKind | undefined,
): Record<string, unknown> {
  const of = found
    ? identityOf(place, source, found, { ...options, model: contestant.place }, camera)
    : { predictions: resolve(contestant.place), predKind };
  const { split, gt, poses } = options;
  return {
    ...of,
    dataset: resolve(place),
    frames: source.info.frameCount ?? null,
    layout,
    truth: truth.summary,
    networkSize: size,
    preset,
    given: { split, gt, poses },
  };
}

/** Why an evaluation that looked at frames is none; `undefined` where there is a figure. */
export function whyEmpty({ frames, accuracy, consistency, notes }: EvaluationSummary): DepthcastError | undefined {
  const { tcm, tcmWithin, ...others } = consistency;
  const figures = [accuracy, ...Object.values(tcm), ...Object.values(tcmWithin), ...Object.values(others)];
  if (figures.some((figure) => figure !== null)) return undefined;
  return new DepthcastError('input-empty', `Nothing could be measured on ${counted(frames, 'frame')}.`, {
    advice: `Give measured depth with --gt, or poses: ${notes['accuracy'] ?? 'there is no depth'}; ${notes['selfReprojection'] ?? ''}.`,
    facts: { notes },
  });
}

function nothingToMeasure(missing: readonly string[], { kind, place }: Contestant): DepthcastError {
  return new DepthcastError('input-empty', `None of ${missing.length} frames has a prediction.`, {
    advice:
      kind === 'model'
        ? 'See the warnings above for why the model did not answer.'
        : `Name the files of ${place} like the frames: ${missing[0] ?? '000000'}.npy or .png.`,
    facts: { missing: missing.slice(0, 5) },
  });
}

/** Where an evaluation into `out` writes down how far it came. */
export function progressFolderOf(out: string | undefined, name = ''): string | undefined {
  return out === undefined ? undefined : join(out, '.unfinished', name);
}
