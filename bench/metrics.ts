import type { CameraIntrinsics, DepthMap } from '../frames/index.ts';
import { resizeDepth } from '../frames/resize-depth.ts';
import { absRel } from '../operators/metrics/abs-rel.ts';
import { gargCrop } from '../operators/metrics/crop.ts';
import { deltaAccuracy } from '../operators/metrics/delta-accuracy.ts';
import { depthPairs } from '../operators/metrics/depth-pairs.ts';
import { fillSparseDepth } from '../operators/metrics/fill-sparse-depth.ts';
import { inducedFlow } from '../operators/metrics/induced-flow.ts';
import { log10 } from '../operators/metrics/log10.ts';
import { opw } from '../operators/metrics/opw.ts';
import { rmse } from '../operators/metrics/rmse.ts';
import { rmseLog } from '../operators/metrics/rmse-log.ts';
import { rtc } from '../operators/metrics/rtc.ts';
import { selfReprojection } from '../operators/metrics/self-reprojection.ts';
import { silog } from '../operators/metrics/silog.ts';
import { sqRel } from '../operators/metrics/sq-rel.ts';
import { taePair } from '../operators/metrics/tae.ts';
import { tcm } from '../operators/metrics/tcm.ts';
import { seenFlow } from '../pipeline/evaluation/seen-flow.ts';
import { type LiveTimes, liveScoreTimes } from './live-score.ts';

/** How long each metric is measured. */
export interface MetricsOptions {
  /** Frames of each metric a round; default 20. */
  readonly frames?: number | undefined;
  /** Rounds, of which the median counts; default 3. */
  readonly rounds?: number | undefined;
}

/** What {@link metrics} found. */
export interface MetricsResult {
  readonly suite: 'metrics';
  /** Size of the measured depth, how many of its pixels have some, and the network's size. */
  readonly truth: { readonly width: number; readonly height: number; readonly measured: number };
  readonly network: { readonly width: number; readonly height: number };
  readonly frames: number;
  /** Milliseconds a frame (for those over time: a pair of frames; TCM: a snippet of three), one core. */
  readonly ms: Readonly<Record<string, number>>;
  /** What a stream measures of itself, on the sample street. */
  readonly live: { readonly liveScore: LiveTimes; readonly groundPlane: LiveTimes };
}

const NETWORK = { width: 640, height: 192 };
const TRUTH = { width: 1226, height: 370 };
/** KITTI odometry 04. */
const CAMERA: CameraIntrinsics = { ...TRUTH, fx: 707.0912, fy: 707.0912, cx: 601.8873, cy: 183.1104 };
const NARROW: CameraIntrinsics = { ...NETWORK, fx: 369.1, fy: 366.9, cx: 314, cy: 94.8 };
/** Metres that the camera moves from frame to frame. */
const STEP = 1.3;

/**
 * Time of each metric on one core, on a made-up road at the sizes of a KITTI frame: measured depth as sparse as a laser
 * scan's at 1226×370, predicted depth at 640×192. Everything before a metric, such as resizing, is a line of its own.
 */
export async function metrics({ frames = 20, rounds = 3 }: MetricsOptions = {}): Promise<MetricsResult> {
  const forward = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -STEP];
  const back = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, STEP];
  const scan = road(CAMERA, 0).map((z, i) => (isMeasured(i) ? z : 0));
  const nextScan = road(CAMERA, STEP).map((z, i) => (isMeasured(i) ? z : 0));
  // Wrong by a few percent in a pattern, so that nothing is 0.
  const predicted = (at: number): Float32Array => road(NARROW, at).map((z, i) => z * (1 + 0.05 * Math.sin(i / 7 + at)));
  const [a, b] = [predicted(0), predicted(STEP)];
  const map: DepthMap = { kind: 'metric', ...NETWORK, data: a };
  const wide = [a, b].map((data) => resizeDepth({ ...map, data }, TRUTH).data) as [Float32Array, Float32Array];
  const filled = fillSparseDepth(nextScan, TRUTH);
  const mask = { minDepth: 1e-3, maxDepth: 80, crop: gargCrop(TRUTH) };
  const pairs = depthPairs(scan, wide[0], TRUTH, mask);
  const grey = new Uint8Array(NETWORK.width * NETWORK.height * 3).fill(100);
  const flow = seenFlow({ ...TRUTH, data: scan }, { ...TRUTH, data: filled }, NARROW, forward);
  const seen = {
    ...NETWORK,
    depth0: a,
    depth1: b,
    picture0: grey,
    picture1: grey,
    flow,
    motion: { camera: NARROW, oneFromZero: forward },
  };
  const other = {
    truth: filled,
    predicted: wide[1],
    sourceFromTarget: forward,
    flow: inducedFlow(scan, CAMERA, forward),
  };

  const measured: Readonly<Record<string, () => unknown>> = {
    'resize to the truth': () => resizeDepth(map, TRUTH),
    'mask and pairs': () => depthPairs(scan, wide[0], TRUTH, mask),
    absRel: () => absRel(pairs),
    sqRel: () => sqRel(pairs),
    rmse: () => rmse(pairs),
    rmseLog: () => rmseLog(pairs),
    silog: () => silog(pairs),
    log10: () => log10(pairs),
    'd1, d2, d3': () => deltaAccuracy(pairs),
    'fill sparse depth': () => fillSparseDepth(scan, TRUTH),
    'flow from depth and poses': () => seenFlow({ ...TRUTH, data: scan }, { ...TRUTH, data: filled }, NARROW, forward),
    opw: () => opw(seen),
    rtc: () => rtc(seen),
    tcm: () => tcm({ camera: CAMERA, truth: scan, predicted: wide[0], sources: [other, other] }),
    tae: () => taePair(wide[0], wide[1], CAMERA, forward, back),
    selfReprojection: () => selfReprojection(a, b, NARROW, forward, back),
  };
  const ms: Record<string, number> = {};
  for (const [name, run] of Object.entries(measured)) ms[name] = timeOf(run, frames, rounds);
  return {
    suite: 'metrics',
    truth: { ...TRUTH, measured: scan.filter((z) => z > 0).length },
    network: NETWORK,
    frames: frames * rounds,
    ms,
    live: await liveScoreTimes(frames * rounds),
  };
}

/** Milliseconds of one call: the median of the rounds. */
function timeOf(run: () => unknown, frames: number, rounds: number): number {
  // The first calls are compiled while they run.
  for (let i = 0; i < 3; i++) run();
  const found: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    for (let i = 0; i < frames; i++) run();
    found.push((performance.now() - began) / frames);
  }
  return found.sort((x, y) => x - y)[rounds >> 1]!;
}

/** A flat road 1.65 m below the camera between houses 60 m ahead of where the drive began. */
function road({ width, height, fy, cy }: CameraIntrinsics, driven: number): Float32Array {
  const depth = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const ground = y > cy ? (fy * 1.65) / (y - cy) : Number.POSITIVE_INFINITY;
    depth.fill(Math.min(ground, 60 - driven), y * width, (y + 1) * width);
  }
  return depth;
}

/** About every twentieth pixel of the lower two thirds, in rows, as a scanner of 64 beams has them. */
function isMeasured(i: number): boolean {
  const y = Math.floor(i / TRUTH.width);
  return y > TRUTH.height / 3 && y % 5 === 0 && i % 3 === 0;
}
