import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { from } from 'rxjs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CameraIntrinsics, Consistency, DepthFrame, DepthMap, Frame } from '../../frames/index.ts';
import { type InferenceClient, openModel } from '../../models/index.ts';
import { measureConsistency } from '../../operators/index.ts';
import { median } from '../../operators/metrics/median.ts';
import { selfReprojection } from '../../operators/metrics/self-reprojection.ts';
import { openFootage } from '../../pipeline/sources/registry.ts';
import { inverseMotion, relativeMotion } from './metrics/motions.ts';

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const there = existsSync(`${data}kitti_odometry`) && existsSync(`${data}rgbd_redkitchen`);
if (!there) console.warn('skipped: no footage with poses at ../shared/data, so the live score is not compared with it');

/** A run of successive answers with their true poses, in the depth's unit. */
interface Run {
  readonly answers: readonly DepthFrame[];
  readonly poses: readonly (readonly number[])[];
}

let model: InferenceClient;

/** Depth of the built-in network for runs of frames, each window whole. */
async function runs(
  source: string,
  ranges: readonly (readonly [first: number, last: number])[],
  given: {
    camera?: CameraIntrinsics;
    poseOf?: (index: number) => number[];
    scaleOf?: (frames: Run) => Promise<number>;
  },
): Promise<Run[]> {
  const found: Run[] = [];
  for (const [first, last] of ranges) {
    const opened = await openFootage(source);
    const size = model.inputSize(opened.info.size);
    const read = { stream: source, size, intrinsics: given.camera, from: first - 1, maxFrames: last - first + 3 };
    const frames: Frame[] = [];
    for await (const frame of opened.frames(read)) frames.push(frame);
    const answers: DepthFrame[] = [];
    for (let i = 1; i < frames.length - 1; i++) {
      const context = [frames[i - 1], frames[i + 1]];
      const depth = await model.estimate({ target: frames[i]!, offsets: [-1, 1], context });
      answers.push({ frame: frames[i]!, depth, estimator: model.id, latencyMs: 0, inferenceMs: 0 });
    }
    const poses = answers.map(({ frame }) => given.poseOf?.(frame.index) ?? frame.pose!.worldFromCamera);
    const scale = (await given.scaleOf?.({ answers, poses })) ?? 1;
    found.push({ answers, poses: poses.map((pose) => pose.map((v, k) => (k % 4 === 3 ? v / scale : v))) });
  }
  return found;
}

function scored(answers: readonly DepthFrame[]): (Consistency | undefined)[] {
  const seen: (Consistency | undefined)[] = [];
  from(answers)
    .pipe(measureConsistency())
    .subscribe(({ consistency }) => seen.push(consistency));
  return seen;
}

/** Live score and error under the true poses of each pair of a run that has both. */
function pairs({ answers, poses }: Run): { score: number; error: number }[] {
  return scored(answers).flatMap((one, i) => {
    if (!one) return [];
    const [a, b] = [answers[i - 1]!, answers[i]!];
    const there = relativeMotion(poses[i]!, poses[i - 1]!);
    const found = selfReprojection(a.depth.data, b.depth.data, b.frame.intrinsics!, there, inverseMotion(there));
    return found ? [{ score: one.score, error: found.error }] : [];
  });
}

function spearman(points: readonly { score: number; error: number }[]): number {
  const ranks = (values: number[]): number[] => {
    const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
    const rank: number[] = [];
    for (const [at, i] of order.entries()) rank[i] = at;
    return rank;
  };
  const x = ranks(points.map(({ score }) => score));
  const y = ranks(points.map(({ error }) => -error));
  const middle = (points.length - 1) / 2;
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xx += (x[i]! - middle) ** 2;
    yy += (y[i]! - middle) ** 2;
    xy += (x[i]! - middle) * (y[i]! - middle);
  }
  return xy / Math.sqrt(xx * yy);
}

const mean = (all: readonly (Consistency | undefined)[], of: (one: Consistency) => number): number => {
  const values = all.flatMap((one) => (one ? [of(one)] : []));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};

/** Normally distributed, seeded. */
function noise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

describe.skipIf(!there)('the live score on real footage', { timeout: 240_000 }, () => {
  const sets: Record<string, Run[]> = {};
  const kitchen = { width: 640, height: 480, fx: 585, fy: 585, cx: 320, cy: 240 };

  beforeAll(async () => {
    model = await openModel('tc-depth-lite', { source: { width: 1226, height: 370 } });
    const sequences = `${data}kitti_odometry/sequences/`;
    sets['KITTI 04'] = await runs(`${sequences}04`, [[1, 49]], {});
    const stretches = [20, 150, 280, 410, 540, 670].map((first) => [first, first + 10] as const);
    sets['KITTI 00'] = await runs(`${sequences}00`, stretches, {});
    const folder = `${data}rgbd_redkitchen/frame-`;
    const file = (index: number): string => `${folder}${String(index).padStart(6, '0')}`;
    sets['redkitchen'] = await runs(`${folder}*.color.jpg`, [[40, 100]], {
      camera: kitchen,
      poseOf: (index) =>
        readFileSync(`${file(index)}.pose.txt`, 'utf8')
          .trim()
          .split(/\s+/)
          .map(Number)
          .slice(0, 12),
      // The network is not made for rooms: one scale for the run, from the sensor, brings its depth to the poses' metres.
      scaleOf: async ({ answers }) => {
        const ratios: number[] = [];
        for (let i = 0; i < answers.length; i += 10)
          ratios.push(await ratioTo(file(answers[i]!.frame.index), answers[i]!));
        return median(Float64Array.from(ratios));
      },
    });
  }, 180_000);
  afterAll(() => model.close());

  it('agrees with self-reprojection under the true poses: rank correlation of 0.9 and more', () => {
    const all = Object.entries(sets).map(([name, found]) => ({ name, points: found.flatMap(pairs) }));
    const pooled = spearman(all.flatMap(({ points }) => points));
    const told = all.map(({ name, points }) => `${name} ${spearman(points).toFixed(3)} (${points.length} windows)`);
    console.info(`rank correlation of the live score: ${told.join(', ')}, all together ${pooled.toFixed(3)}`);
    for (const { points } of all) {
      expect(points.length).toBeGreaterThanOrEqual(48);
      expect(spearman(points)).toBeGreaterThan(0.9);
    }
    expect(pooled).toBeGreaterThan(0.95);
  });

  it('ranks scale noise of 5 %, shuffled frames and a frozen answer below the network as it is', () => {
    const random = noise(3);
    const withDepth = (one: DepthFrame, depth: DepthMap): DepthFrame => ({ ...one, depth });
    for (const [name, found] of Object.entries(sets)) {
      const { answers } = found[0]!;
      const at = (i: number): DepthMap => answers[Math.min(i, answers.length - 1)]!.depth;
      const scale = answers.map(() => 1 + 0.05 * random());
      const scaled = (map: DepthMap, by: number): DepthMap => ({ ...map, data: map.data.map((value) => by * value) });
      const scores = {
        clean: scored(answers),
        noise: scored(answers.map((one, i) => withDepth(one, scaled(one.depth, scale[i]!)))),
        shuffled: scored(answers.map((one, i) => withDepth(one, at(i % 2 === 0 ? i + 1 : i - 1)))),
        frozen: scored(answers.map((one) => withDepth(one, at(0)))),
      };
      const [clean, noisy, shuffled, frozen] = Object.values(scores).map((all) => mean(all, ({ score }) => score)) as [
        number,
        number,
        number,
        number,
      ];
      const flicker = [scores.clean, scores.noise].map((all) => mean(all, (one) => Math.abs(one.flicker))) as [
        number,
        number,
      ];
      console.info(
        `${name}: score ${clean.toFixed(3)}, with noise ${noisy.toFixed(3)}, shuffled ${shuffled.toFixed(3)}, frozen ${frozen.toFixed(3)}; flicker ${flicker[0].toFixed(2)} %, with noise ${flicker[1].toFixed(2)} %`,
      );
      expect(noisy).toBeLessThan(clean - 0.05);
      expect(shuffled).toBeLessThan(clean - 0.02);
      expect(frozen).toBeLessThan(0.2 * clean);
      expect(flicker[1]).toBeGreaterThan(flicker[0] + 2);
      // What is put in comes out, frame by frame.
      const off = scores.noise.flatMap((one, i) => {
        const before = scores.clean[i];
        return one && before ? [Math.abs(one.flicker - before.flicker - 100 * (scale[i]! / scale[i - 1]! - 1))] : [];
      });
      expect(median(Float64Array.from(off))).toBeLessThan(0.5);
    }
  });
});

/** Median of the sensor's depth over the median of the network's. */
async function ratioTo(file: string, { depth }: DepthFrame): Promise<number> {
  const { width, height } = depth;
  const grey = await sharp(`${file}.depth.png`)
    .resize(width, height, { kernel: 'nearest', fit: 'fill' })
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer();
  const sensor = new Uint16Array(grey.buffer, grey.byteOffset, width * height);
  const known = [...sensor.keys()].filter((i) => sensor[i]! > 0 && sensor[i]! < 65_535);
  const middle = (of: (i: number) => number): number => median(Float64Array.from(known, of));
  return middle((i) => sensor[i]! / 1000) / middle((i) => depth.data[i]!);
}
