import { Subject } from 'rxjs';
import type { CameraIntrinsics, DepthFrame, Frame } from '../frames/index.ts';
import { openModel } from '../models/index.ts';
import { measureConsistency } from '../operators/index.ts';
import { accuracy } from '../operators/metrics/accuracy.ts';
import { depthPairs } from '../operators/metrics/depth-pairs.ts';
import { groundPlane } from '../operators/metrics/ground-plane.ts';
import { inducedFlow } from '../operators/metrics/induced-flow.ts';
import { opw } from '../operators/metrics/opw.ts';
import { rtc } from '../operators/metrics/rtc.ts';
import { selfReprojection } from '../operators/metrics/self-reprojection.ts';
import { taePair } from '../operators/metrics/tae.ts';
import { tcm } from '../operators/metrics/tcm.ts';
import { readIntrinsics } from '../pipeline/datasets/intrinsics-text.ts';
import { readKittiPoses } from '../pipeline/datasets/kitti-poses.ts';
import { compose, invert } from '../pipeline/datasets/rigid-transform.ts';
import { openSource } from '../pipeline/sources/registry.ts';
import { packageFile } from './package-file.ts';

/** What {@link metricTimes} found: milliseconds of one core a frame, or a pair of successive frames. */
export interface MetricTimes {
  readonly suite: 'metrics';
  readonly frames: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly metrics: readonly {
    readonly name: string;
    /** Median and 95th percentile over the frames, by the wall clock. */
    readonly p50Ms: number;
    readonly p95Ms: number;
    /** Processor time of the whole process over the frames: steadier where other work runs beside it. */
    readonly cpuMs: number;
  }[];
}

/**
 * Time of each metric on the sample street at 640×192 with depth of the built-in single-frame network. Those that want
 * measured depth are given the network's own in its place, dense, which is the most there can be.
 */
export async function metricTimes({
  frames: wanted = 60,
}: {
  readonly frames?: number | undefined;
} = {}): Promise<MetricTimes> {
  const size = { width: 640, height: 192 };
  const camera = await readIntrinsics(packageFile('samples/street/calib.txt'), size);
  const poses = await readKittiPoses(packageFile('samples/street/poses.txt'));
  const answers = await answersOf(wanted, size, camera);
  const rounds = <Result>(name: string, measure: (b: DepthFrame, a: DepthFrame) => Result) => {
    // Once over all of it first, so that it is compiled.
    for (let i = 1; i < answers.length; i++) measure(answers[i]!, answers[i - 1]!);
    const times: number[] = [];
    const began = process.cpuUsage();
    for (let i = 1; i < answers.length; i++) {
      const start = performance.now();
      measure(answers[i]!, answers[i - 1]!);
      times.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(began);
    times.sort((a, b) => a - b);
    const quantile = (q: number): number => times[Math.min(times.length - 1, Math.floor(q * times.length))]!;
    return { name, p50Ms: quantile(0.5), p95Ms: quantile(0.95), cpuMs: (user + system) / 1000 / times.length };
  };

  const motion = ({ frame }: DepthFrame): readonly number[] =>
    compose(invert(poses[frame.index]!), poses[frame.index - 1]!);
  const stream = new Subject<DepthFrame>();
  stream.pipe(measureConsistency()).subscribe();
  const flows = answers.map((b, i) =>
    i === 0 ? new Float32Array(0) : inducedFlow(answers[i - 1]!.depth.data, camera, motion(b)),
  );
  const pairOf = (b: DepthFrame, a: DepthFrame) => ({
    ...size,
    depth0: a.depth.data,
    depth1: b.depth.data,
    picture0: a.frame.pixels,
    picture1: b.frame.pixels,
    flow: flows[b.frame.index]!,
    motion: { camera, oneFromZero: motion(b) },
  });
  const metrics = [
    rounds('live consistency (score, flicker)', (b) => stream.next(b)),
    rounds('ground plane (camera height)', (b) => groundPlane({ ...b.depth, kind: 'relative' }, camera)),
    rounds('accuracy (all nine)', (b, a) =>
      accuracy(depthPairs(a.depth.data, b.depth.data, size, { minDepth: 1e-3, maxDepth: 80 })),
    ),
    rounds('self-reprojection', (b, a) =>
      selfReprojection(a.depth.data, b.depth.data, camera, motion(b), invert(motion(b))),
    ),
    rounds('TAE', (b, a) => taePair(a.depth.data, b.depth.data, camera, motion(b), invert(motion(b)))),
    rounds('TCM', (b, a) =>
      tcm({
        camera,
        truth: a.depth.data,
        predicted: a.depth.data,
        sources: [
          {
            truth: b.depth.data,
            predicted: b.depth.data,
            sourceFromTarget: motion(b),
            flow: flows[b.frame.index]!,
          },
        ],
      }),
    ),
    rounds('OPW', (b, a) => opw(pairOf(b, a))),
    rounds('rTC', (b, a) => rtc(pairOf(b, a))),
  ];
  return { suite: 'metrics', frames: answers.length, size, metrics };
}

async function answersOf(
  wanted: number,
  size: { readonly width: number; readonly height: number },
  intrinsics: CameraIntrinsics,
): Promise<DepthFrame[]> {
  const source = await openSource(packageFile('samples/street/street.mp4'));
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
