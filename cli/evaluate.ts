import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { lastValueFrom, Subject, takeUntil, tap } from 'rxjs';
import { z } from 'zod';
import { type CameraIntrinsics, DepthcastError, type DepthFrame } from '../frames/index.ts';
import { writeTo } from '../operators/index.ts';
import { readIntrinsics } from '../pipeline/datasets/intrinsics-text.ts';
import { depthStream } from '../pipeline/depth-stream.ts';
import { Evaluation } from '../pipeline/evaluation/evaluation.ts';
import { givenPredictions } from '../pipeline/evaluation/given-predictions.ts';
import { htmlReport } from '../pipeline/evaluation/html-report.ts';
import { type Dataset, EVALUATION_LAYOUTS, openDataset } from '../pipeline/evaluation/open-dataset.ts';
import { CROPS, PRESETS, type Preset } from '../pipeline/evaluation/presets.ts';
import { type EvaluationSummary, markdownTable, writeReports } from '../pipeline/evaluation/report-files.ts';
import { framesOf } from '../pipeline/frames-of.ts';
import { onInterrupt } from './interrupt.ts';
import { addStreamOptions, check, oneWindow, streamShape } from './options.ts';
import { Progress } from './progress.ts';
import { errorLine, FailedRun, Report } from './report.ts';
import { findModels, networkSize, openModels } from './stream-setup.ts';

/** Answers that may wait to be measured while the network goes on. */
const AHEAD = 4;

const names = PRESETS.map((preset) => preset.name);
const crops = Object.keys(CROPS) as (keyof typeof CROPS)[];
const oneOf = (list: readonly string[]) => ({ error: `must be one of ${list.join(', ')}` });

const evaluateSchema = z
  .strictObject({
    ...streamShape,
    layout: z.enum(EVALUATION_LAYOUTS, oneOf(EVALUATION_LAYOUTS)).optional(),
    gt: z.string().min(1).optional(),
    poses: z.string().min(1).optional(),
    preset: z.enum(names, oneOf(names)).optional(),
    crop: z.enum(crops, oneOf(crops)).optional(),
    cap: z.coerce.number({ error: 'must be metres' }).positive({ error: 'must be above 0' }).max(1000).optional(),
    scale: z.enum(['none', 'median', 'scale-shift'], oneOf(['none', 'median', 'scale-shift'])).optional(),
    pred: z.string().min(1).optional(),
    predKind: z.enum(['metric', 'relative', 'inverse'], oneOf(['metric', 'relative', 'inverse'])).default('metric'),
    out: z.string().min(1).optional(),
  })
  .superRefine(oneWindow);
type EvaluateOptions = z.infer<typeof evaluateSchema>;

/** `depthcast evaluate`: accuracy and consistency over time against what was measured. */
export function evaluateCommand(done: (exitCode: number) => void): Command {
  const command = addStreamOptions(
    new Command('evaluate')
      .description('Accuracy and consistency over time, against measured depth and poses.')
      .argument('<dataset>', 'KITTI sequence or drive, TUM RGB-D or 7-Scenes folder, or footage with --gt')
      .option('--gt <dir>', 'folder of 16-bit depth PNGs named like the frames (default for KITTI: gt_depth_cam2)')
      .option('--poses <file>', 'KITTI poses, a line a frame, for footage that brings none')
      .option('--preset <name>', `how to measure: ${names.join(', ')} (default: street, indoors rgbd)`)
      .option('--crop <name>', `part of the picture that is measured: ${crops.join(', ')} (default: the preset's)`)
      .option('--cap <metres>', "farthest truth that takes part (default: the preset's)")
      .option('--scale <mode>', "none, median or scale-shift (default: the preset's)")
      .option('--pred <dir>', 'measure these .npy or 16-bit .png files instead of a model')
      .option('--pred-kind <kind>', 'what they mean: metric, relative, inverse (default: metric)')
      .option('--out <dir>', 'write frames.csv, summary.json, table.md, table.tex and report.html there'),
  );
  const layout = command.options.find(({ long }) => long === '--layout');
  if (layout) layout.description = `what DATASET is: ${EVALUATION_LAYOUTS.join(', ')}`;
  return command
    .addHelpText(
      'after',
      `
Presets:
${PRESETS.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}`).join('\n')}

Example:
  $ depthcast evaluate sequences/04 --layout kitti-odometry --gt gt_depth_cam2 --json
`,
    )
    .action(async (dataset: string, given: Record<string, unknown>) => {
      done(await evaluate(dataset, await check(evaluateSchema, given)));
    });
}

async function evaluate(place: string, options: EvaluateOptions): Promise<number> {
  const report = new Report(options.logLevel);
  const dataset = await openDataset(place, options);
  const { info } = dataset.source;
  if (info.live) {
    throw new DepthcastError('option-invalid', 'evaluate is for footage that ends, and this source is live.', {
      advice: 'Record it to a file first.',
    });
  }
  const preset = presetOf(options, dataset);
  report.info(`${dataset.truth.summary}; preset ${preset.name}: ${preset.summary}`);
  const camera =
    options.intrinsics === undefined
      ? dataset.truth.intrinsics(info.size)
      : await readIntrinsics(options.intrinsics, info.size);
  const evaluation = new Evaluation(preset, dataset.truth);
  const progress = report.tells('info')
    ? new Progress({ output: process.stderr, total: options.maxFrames ?? info.frameCount })
    : undefined;
  const run: Run = { dataset, evaluation, camera, report, step: () => progress?.step(), stopped: new Subject<void>() };
  let interrupted = false;
  let looksAgain = false;
  let cut = false;
  const stopListening = onInterrupt(() => {
    interrupted = true;
    // The first look goes on to the second with what it has; the second one ends at once.
    if (looksAgain) cut = true;
    run.stopped.next();
  });
  const began = performance.now();
  try {
    let failure: unknown;
    await (options.pred === undefined ? predict(run, options) : take(run, options.pred, options)).catch(
      (error: unknown) => {
        // What was measured before footage broke off is told all the same.
        if (evaluation.frames === 0) throw error;
        failure = error;
      },
    );
    progress?.end();
    looksAgain = true;
    const { rows, ...result } = await evaluation.finish(() => cut);
    if (result.frames === 0 && !interrupted) throw nothingToMeasure(result.missing.prediction, options);
    const summary: EvaluationSummary = {
      ...result,
      model: options.pred === undefined ? (await findModels(options)).model.card.id : 'given',
      dataset: basename(resolve(place)),
      preset: preset.name,
      durationS: Number(((performance.now() - began) / 1000).toFixed(3)),
    };
    if (options.out !== undefined) {
      const page = htmlReport(summary, rows, evaluation.histogram, await evaluation.worst());
      await writeReports(options.out, summary, rows, page);
      report.info(`reports in ${options.out}`);
    }
    tell(report, summary);
    if (failure !== undefined && !interrupted) throw new FailedRun(failure, summary);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else process.stdout.write(markdownTable(summary));
  } finally {
    stopListening();
    await evaluation.close();
  }
  return interrupted ? 130 : 0;
}

function nothingToMeasure(missing: readonly string[], { pred }: EvaluateOptions): DepthcastError {
  return new DepthcastError('input-empty', `None of ${missing.length} frames has a prediction.`, {
    advice:
      pred === undefined
        ? 'See the warnings above for why the model did not answer.'
        : `Name the files of ${pred} like the frames: ${missing[0] ?? '000000'}.npy or .png.`,
    facts: { missing: missing.slice(0, 5) },
  });
}

interface Run {
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
  readonly camera: CameraIntrinsics | undefined;
  readonly report: Report;
  readonly step: () => void;
  readonly stopped: Subject<void>;
}

/** The stream of `run`, each answer measured while the network works at the next ones. */
async function predict(
  { dataset: { source }, evaluation, camera, report, step, stopped }: Run,
  options: EvaluateOptions,
): Promise<void> {
  const found = await findModels(options);
  const size = networkSize(found, options.size, source.info.size);
  const { model, fallback, close } = await openModels(found, options, source.info.size);
  let failure: unknown;
  try {
    const frames = framesOf(source, { stream: 'evaluate', size, intrinsics: camera, maxFrames: options.maxFrames });
    const answers = depthStream(frames.pipe(takeUntil(stopped)), {
      model,
      fallback,
      offsets: model.contextOffsets,
      cameraHeight: options.cameraHeight,
      onMissed: ({ window, missed, error }) => {
        evaluation.skip(window.target);
        report.warn(
          `frame ${window.target.name} has no depth (${missed})${error === undefined ? '' : `: ${errorLine(error)}`}`,
        );
      },
    });
    const measure = {
      write: ({ frame, depth, estimator }: DepthFrame) => evaluation.add(frame, depth, estimator),
      close: async () => {},
    };
    await lastValueFrom(
      answers.pipe(
        writeTo([measure], {
          ahead: AHEAD,
          onSinkError: (error) => {
            failure ??= error;
          },
        }),
        tap(step),
      ),
      { defaultValue: undefined },
    );
  } catch (error) {
    failure ??= error;
  } finally {
    await close();
  }
  if (failure !== undefined) throw failure;
}

/** Predictions of another program, with the pictures they belong to. */
async function take(run: Run, directory: string, { predKind, maxFrames }: EvaluateOptions): Promise<void> {
  const { dataset, evaluation, camera, step, stopped } = run;
  const given = await givenPredictions(directory, predKind);
  let over = false;
  stopped.subscribe(() => {
    over = true;
  });
  const frames = dataset.source.frames({ stream: 'evaluate', size: given.size, intrinsics: camera, maxFrames });
  for await (const frame of frames) {
    if (over) break;
    const depth = await given.depthOf(frame);
    if (depth) await evaluation.add(frame, depth, 'given');
    else evaluation.skip(frame);
    step();
  }
}

function presetOf({ preset, crop, cap, scale }: EvaluateOptions, { layout }: Dataset): Preset {
  const indoors = layout === 'tum' || layout === '7-scenes';
  const chosen = PRESETS.find(({ name }) => name === (preset ?? (indoors ? 'rgbd' : 'street')))!;
  return {
    ...chosen,
    ...(crop === undefined ? {} : { crop: CROPS[crop] }),
    ...(cap === undefined ? {} : { maxDepth: cap }),
    ...(scale === undefined ? {} : { scaling: scale }),
  };
}

/** What people should know about the figures, on stderr. */
function tell(report: Report, { missing, notes, frames, durationS }: EvaluationSummary): void {
  report.info(`${frames} frames in ${durationS.toFixed(1)} s`);
  const list = (all: readonly string[]): string => `${all.slice(0, 5).join(', ')}${all.length > 5 ? ', …' : ''}`;
  if (missing.truth.length > 0) {
    report.warn(`${missing.truth.length} frames without measured depth: ${list(missing.truth)}`);
  }
  if (missing.prediction.length > 0) {
    report.warn(`${missing.prediction.length} frames without a prediction: ${list(missing.prediction)}`);
  }
  for (const [name, note] of Object.entries(notes)) report.info(`${name}: ${note}`);
}
