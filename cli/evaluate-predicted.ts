import { filter, lastValueFrom, takeUntil, tap, identity as unchanged } from 'rxjs';
import type { DepthFrame, MissedFrame } from '../frames/index.ts';
import {
  type DepthEstimator,
  estimateDepth,
  fallBack,
  scaleByHeight,
  slidingWindow,
  splitAtCuts,
  writeTo,
} from '../operators/index.ts';
import { flipAveraged } from '../pipeline/evaluation/flip-averaged.ts';
import { framesOf } from '../pipeline/frames-of.ts';
import { leadIn } from '../pipeline/sinks/folder/results-folder.ts';
import { type EvaluationTask, limitOf, type Run } from './evaluate-task.ts';
import { errorLine } from './report.ts';
import { type FoundModels, openModels } from './stream-setup.ts';

/** Answers that may wait to be measured while the network goes on. */
const AHEAD = 4;

/** Who answers in an evaluation, open. */
export interface Answering {
  readonly model: DepthEstimator;
  readonly fallback: DepthEstimator | 'none';
  /** How the model wants its pictures resized. */
  readonly resize: FoundModels['model']['card']['input']['resize'];
  readonly offsets: readonly number[];
  close(): Promise<void>;
}

/** Opens the models of an evaluation, each averaged with its mirror image where the preset says so. */
export async function openAnswering(
  { contestant, options }: EvaluationTask,
  { dataset, preset }: Pick<Run, 'dataset' | 'preset'>,
  found: FoundModels,
  offsets: readonly number[],
): Promise<Answering> {
  const { size } = dataset.source.info;
  const { model, fallback, close } = await openModels(found, { ...options, model: contestant.place }, size);
  return {
    model: flipAveraged(model, preset.flip),
    fallback: fallback === 'none' ? 'none' : flipAveraged(fallback, preset.flip),
    resize: model.card.input.resize,
    offsets,
    close,
  };
}

/** The stream of `run` without its score, each answer measured while the network works at the next ones. */
export async function predict(
  { options, report, interruption }: EvaluationTask,
  { dataset, evaluation, camera, from, size, step }: Run,
  { model, fallback, resize, offsets }: Answering,
): Promise<void> {
  const { source, isWanted } = dataset;
  let failure: unknown;
  const onMissed = ({ window, missed, error }: MissedFrame): void => {
    evaluation.skip(window.target).catch((reason: unknown) => {
      failure ??= reason;
    });
    report.warn(
      `frame ${window.target.name} has no depth (${missed})${error === undefined ? '' : `: ${errorLine(error)}`}`,
    );
  };
  const { read } = leadIn(from, offsets);
  const left = limitOf(options, dataset, read);
  if (left !== undefined && left <= 0) return;
  const frames = framesOf(source, {
    stream: 'evaluate',
    size,
    resize,
    intrinsics: camera,
    from: read,
    maxFrames: left,
  });
  const answers = frames.pipe(
    takeUntil(interruption.stopped),
    splitAtCuts(),
    slidingWindow({ offsets }),
    from > 0 || isWanted
      ? filter(({ target: { index } }) => index >= from && (!isWanted || isWanted(index)))
      : unchanged,
    estimateDepth(model),
    fallBack(fallback, { onDropped: onMissed }),
    options.cameraHeight === undefined ? unchanged : scaleByHeight(options.cameraHeight),
  );
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
  ).catch((error: unknown) => {
    failure ??= error;
  });
  if (failure !== undefined) throw failure;
}
