import type { Size } from '../frames/index.ts';
import type { GivenPredictions } from '../pipeline/evaluation/given-predictions.ts';
import { isStretched, laidInCrop } from '../pipeline/evaluation/laid-in-crop.ts';
import { type EvaluationTask, limitOf, type Run } from './evaluate-task.ts';

/** Predictions of another program, with the pictures they belong to. */
export async function take(
  { options, report, interruption }: EvaluationTask,
  { dataset, evaluation, camera, from, size, step }: Run,
  given: GivenPredictions,
): Promise<void> {
  const { source, isWanted, planeOf } = dataset;
  const left = limitOf(options, dataset, from);
  if (left !== undefined && left <= 0) return;
  const told = new Set<string>();
  const frames = source.frames({ stream: 'evaluate', size, intrinsics: camera, from, maxFrames: left });
  for await (const frame of frames) {
    if (interruption.isAsked()) break;
    if (isWanted && !isWanted(frame.index)) continue;
    const found = await given.depthOf(frame, planeOf?.(frame));
    if (found) {
      const depth = laidInCrop(found, frame.sourceSize);
      const sizes = `${sizeOf(found)}, the picture ${sizeOf(frame.sourceSize)}`;
      if (!told.has(sizes) && (depth !== found || isStretched(depth, frame.sourceSize))) {
        told.add(sizes);
        if (depth !== found) report.info(`the prediction has ${sizes}: it is laid into the benchmark crop`);
        else report.warn(`the prediction has ${sizes}: other proportions, so it is stretched`);
      }
      await evaluation.add(frame, depth, 'given');
    } else await evaluation.skip(frame);
    step();
  }
}

function sizeOf({ width, height }: Size): string {
  return `${width}x${height}`;
}
