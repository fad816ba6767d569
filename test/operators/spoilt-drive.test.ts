import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { delay, map, of, throwError } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DepthFrame, type DepthMap, Flow, type Frame, type FrameWindow } from '../../frames/index.ts';
import { type InferenceClient, openModel } from '../../models/index.ts';
import {
  type DepthEstimator,
  estimateDepth,
  fallBack,
  measureConsistency,
  slidingWindow,
  splitAtCuts,
} from '../../operators/index.ts';
import { median } from '../../operators/metrics/median.ts';
import { openFootage } from '../../pipeline/sources/registry.ts';
import { virtualTime } from './frames.ts';

const street = fileURLToPath(new URL('../../samples/street/street.mp4', import.meta.url));
const kitti = fileURLToPath(new URL('../../../shared/data/kitti_odometry/sequences/04', import.meta.url));
if (!existsSync(kitti)) console.warn('skipped: no footage at ../shared/data/kitti_odometry, so it is not spoilt');

/** Both models' answers for each frame of a clip. */
interface Answered {
  readonly frames: readonly Frame[];
  readonly multi: readonly DepthMap[];
  readonly single: readonly DepthMap[];
}

let multi: InferenceClient;
let single: InferenceClient;

async function answered(frames: readonly Frame[]): Promise<Answered> {
  const found = { frames, multi: [] as DepthMap[], single: [] as DepthMap[] };
  for (const [i, target] of frames.entries()) {
    const window: FrameWindow = {
      target,
      offsets: [-1, 1],
      context: [frames[i - 1] ?? target, frames[i + 1] ?? target],
    };
    found.multi.push(await multi.estimate(window));
    found.single.push(await single.estimate(window));
  }
  return found;
}

async function clip(source: string, count: number): Promise<Frame[]> {
  const opened = await openFootage(source);
  const size = multi.inputSize(opened.info.size);
  const frames: Frame[] = [];
  for await (const frame of opened.frames({ stream: source, size, maxFrames: count })) frames.push(frame);
  return frames;
}

/** A failure of the multi-frame model, by the frame it happens at. */
type Fault = 'error' | 'late';

/** Plays a clip in virtual time: cuts, a gap in time, errors and late answers, all put in. */
function play(clip: Answered, faults: Readonly<Record<number, Fault>>, cuts: readonly number[], gap?: number) {
  const flow = new Flow();
  const frames = clip.frames.map((frame, i): Frame => {
    const timestamp = i / 10 + (gap !== undefined && i >= gap ? 5 : 0);
    return { ...frame, timestamp, flow, arrivedAt: 50 * i, ...(cuts.includes(i) && { segmentStart: 'scene-cut' }) };
  });
  const soon = (maps: readonly DepthMap[], { index }: Frame) => of(maps[index]!).pipe(delay(10));
  const spoilt: DepthEstimator = {
    id: 'multi',
    contextOffsets: [-1, 1],
    inFlight: 2,
    estimate: ({ target }) => {
      const fault = faults[target.index];
      if (fault === 'error') return throwError(() => new Error('put in'));
      return fault === 'late' ? of(clip.multi[target.index]!).pipe(delay(220)) : soon(clip.multi, target);
    },
  };
  const fallback: DepthEstimator = {
    id: 'single',
    contextOffsets: [],
    inFlight: 2,
    estimate: ({ target }) => soon(clip.single, target),
  };
  const shown: DepthFrame[] = [];
  const scheduler = virtualTime();
  scheduler.run(({ cold, flush }) => {
    const now = (): number => scheduler.now();
    const values = Object.fromEntries(frames.map((frame, i) => [String.fromCodePoint(0x4e00 + i), frame]));
    cold(`${Object.keys(values).join(' 49ms ')}|`, values)
      .pipe(
        splitAtCuts({ sceneCuts: false }),
        slidingWindow({ offsets: [-1, 1] }),
        estimateDepth(spoilt, { budgetMs: 100, now }),
        fallBack(fallback, { now }),
        measureConsistency(),
        map((answer) => shown.push(answer)),
      )
      .subscribe();
    flush();
  });
  return shown;
}

/** Median ratio of two maps over about 4,000 pixels. */
function ratio(a: DepthMap, b: DepthMap): number {
  const ratios: number[] = [];
  for (let i = 0; i < a.data.length; i += 31) ratios.push(a.data[i]! / b.data[i]!);
  return median(Float64Array.from(ratios));
}

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

describe('a drive whose windows are spoilt on purpose', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    const source = { width: 1226, height: 370 };
    [multi, single] = await Promise.all([
      openModel('tc-depth-lite', { source }),
      openModel('tc-depth-lite-single', { source }),
    ]);
  });
  afterAll(() => Promise.all([multi.close(), single.close()]));

  const faults: Record<number, Fault> = { 13: 'error', 14: 'error', 22: 'late', 34: 'error', 36: 'error', 38: 'late' };

  it.skipIf(!existsSync(kitti)).each([['KITTI 04', kitti] as const])('keeps the scale of %s', (name, source) =>
    spoilt(name, source),
  );
  it('keeps the scale of the sample street', () => spoilt('the sample street', street));

  async function spoilt(name: string, source: string): Promise<void> {
    const both = await answered(await clip(source, 50));
    const shown = play(both, faults, [8, 45], 29);
    expect(shown.map(({ frame }) => frame.index)).toEqual(both.frames.map((_, i) => i));
    const reasons = new Set(shown.map(({ fallbackReason }) => fallbackReason));
    for (const reason of ['window-not-full', 'scene-cut', 'time-gap', 'inference-error', 'over-budget'] as const) {
      expect(reasons).toContain(reason);
    }
    // How far what is shown is from the multi-frame model's own answer for the same picture: no motion is in it.
    const scales = shown.map(({ depth }, i) => ratio(depth, both.multi[i]!));
    const jumps = scales.slice(1).map((scale, i) => scale / scales[i]! - 1);
    const plain = both.single.map((map, i) => ratio(map, both.multi[i]!));
    console.info(
      `${name}: ${shown.filter(({ fallbackReason }) => fallbackReason).length} of ${shown.length} frames from the fallback, largest jump ${(100 * largest(jumps)).toFixed(2)} %, furthest from the model's own scale ${(100 * largest(scales.map((one) => one - 1))).toFixed(2)} %; the two models differ by up to ${(100 * largest(plain.map((one) => one - 1))).toFixed(2)} %`,
    );
    expect(largest(jumps)).toBeLessThan(0.03);
    expect(largest(scales.map((one) => one - 1))).toBeLessThan(0.05);
    for (const { consistency } of shown) if (consistency) expect(Number.isFinite(consistency.flicker)).toBe(true);
  }

  it('keeps the scale where the fallback is a model that sees everything 40 % too far', async () => {
    const both = await answered(await clip(street, 50));
    const far = both.single.map((map) => ({ ...map, data: map.data.map((value) => 1.4 * value) }));
    const shown = play({ ...both, single: far }, faults, [8, 45], 29);
    const scales = shown.map(({ depth }, i) => ratio(depth, both.multi[i]!));
    // Before the first comparison there is nothing to carry over.
    const jumps = scales.slice(2).map((scale, i) => scale / scales[i + 1]! - 1);
    expect(largest(jumps)).toBeLessThan(0.03);
    expect(scales[0]).toBeGreaterThan(1.3);
  });

  it('shows a still scene without a jump, where the network looks at three equal pictures or at one', async () => {
    const [picture] = await clip(existsSync(kitti) ? kitti : street, 1);
    const still = Array.from({ length: 40 }, (_, index) => ({ ...picture!, index }));
    const both = await answered(still);
    const shown = play(both, faults, [8], 29);
    const jumps = shown.slice(1).map(({ depth }, i) => ratio(depth, shown[i]!.depth) - 1);
    console.info(`a picture held still: largest jump ${(100 * largest(jumps)).toFixed(2)} %`);
    expect(largest(jumps)).toBeLessThan(0.03);
    // Standing still is no reason to fall back.
    expect(shown.slice(2, 7).every(({ fallbackReason }) => fallbackReason === undefined)).toBe(true);
  });
});
