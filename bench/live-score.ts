import { Subject } from 'rxjs';
import type { CameraIntrinsics, DepthFrame, Frame } from '../frames/index.ts';
import { openModel } from '../models/index.ts';
import { measureConsistency } from '../operators/index.ts';
import { groundPlane } from '../operators/metrics/ground-plane.ts';
import { readIntrinsics } from '../pipeline/datasets/intrinsics-text.ts';
import { openFootage } from '../pipeline/sources/registry.ts';
import { packageFile } from './package-file.ts';

/** Milliseconds of one core a frame: median and 95th percentile over the frames, by the wall clock. */
export interface LiveTimes {
  readonly p50: number;
  readonly p95: number;
}

/**
 * Time of what a live stream measures of itself, on the sample street at 640×192 with depth of the built-in
 * single-frame network: score and flicker, and the ground plane of `--camera-height`.
 */
export async function liveScoreTimes(frames: number): Promise<{ liveScore: LiveTimes; groundPlane: LiveTimes }> {
  const size = { width: 640, height: 192 };
  const camera = await readIntrinsics(packageFile('samples/street/calib.txt'), size);
  const answers = await answersOf(frames, size, camera);
  const stream = new Subject<DepthFrame>();
  stream.pipe(measureConsistency()).subscribe();
  return {
    liveScore: timesOf(answers, (answer) => stream.next(answer)),
    groundPlane: timesOf(answers, ({ depth }) => groundPlane({ ...depth, kind: 'relative' }, camera)),
  };
}

function timesOf(answers: readonly DepthFrame[], measure: (answer: DepthFrame) => unknown): LiveTimes {
  // Once over all of it first, so that it is compiled.
  for (const answer of answers) measure(answer);
  const times = answers.map((answer) => {
    const start = performance.now();
    measure(answer);
    return performance.now() - start;
  });
  times.sort((a, b) => a - b);
  const quantile = (q: number): number => times[Math.min(times.length - 1, Math.floor(q * times.length))]!;
  return { p50: quantile(0.5), p95: quantile(0.95) };
}

async function answersOf(
  wanted: number,
  size: { readonly width: number; readonly height: number },
  intrinsics: CameraIntrinsics,
): Promise<DepthFrame[]> {
  const source = await openFootage(packageFile('samples/street/street.mp4'));
  const frames: Frame[] = [];
  for await (const frame of source.frames({ stream: 'metrics', size, intrinsics, maxFrames: wanted }))
    frames.push(frame);
  const model = await openModel('tc-depth-lite-single', { source: source.info.size });
  try {
    const answers: DepthFrame[] = [];
    for (const frame of frames) {
      const depth = await model.estimate({ target: frame, offsets: [], context: [] });
      answers.push({ frame, depth, estimator: model.id, latencyMs: 0, inferenceMs: 0 });
    }
    return answers;
  } finally {
    await model.close();
  }
}
