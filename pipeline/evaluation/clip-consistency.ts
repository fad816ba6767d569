import { type CameraIntrinsics, type DepthMap, type Size, scaleIntrinsics } from '../../frames/index.ts';
import { fillSparseDepth } from '../../operators/metrics/fill-sparse-depth.ts';
import { flowDepths } from '../../operators/metrics/flow-pairs.ts';
import { inducedFlow } from '../../operators/metrics/induced-flow.ts';
import { opwOf } from '../../operators/metrics/opw.ts';
import { rtcOf } from '../../operators/metrics/rtc.ts';
import type { ScaleShift } from '../../operators/metrics/scale-shift-fit.ts';
import { selfReprojection } from '../../operators/metrics/self-reprojection.ts';
import { taeDepth, taePair } from '../../operators/metrics/tae.ts';
import { tcm } from '../../operators/metrics/tcm.ts';
import type { GroundTruth, TrueDepth } from '../datasets/ground-truth.ts';
import { compose, invert, type RigidTransform } from '../datasets/rigid-transform.ts';
import { type ClipScale, depthAt, disparityOf } from './depth-scaling.ts';
import type { ClipFrame } from './evaluated-frame.ts';
import type { FrameSpool } from './frame-spool.ts';
import type { Preset } from './presets.ts';
import { seenFlow } from './seen-flow.ts';

/** Means over pairs of successive frames, TCM's over all pairs of its snippets; `null` where there was none. */
export interface ClipConsistency {
  readonly means: {
    readonly tcm: { readonly absErr: number | null; readonly sqErr: number | null; readonly rmse: number | null };
    readonly tae: number | null;
    readonly opw: number | null;
    readonly rtc: number | null;
    readonly selfReprojection: number | null;
  };
  readonly notes: Readonly<Record<string, string>>;
}

/** What is measured. */
export interface ClipToMeasure {
  readonly clip: readonly ClipFrame[];
  readonly spool: FrameSpool | undefined;
  readonly truth: GroundTruth;
  readonly preset: Preset;
  readonly scale: ClipScale;
  /** False where the prediction's scale could not be told from any truth. */
  readonly scaleKnown: boolean;
  /** Fit of inverse depth over the whole clip. */
  readonly taeLine: ScaleShift | undefined;
  /** Asked before each frame; true ends the look. */
  readonly stopped?: (() => boolean) | undefined;
}

/** A frame as the pairs look at it. */
interface Looked {
  readonly at: ClipFrame;
  readonly pixels: Uint8Array;
  /** At the network's size, one scale for the whole clip. */
  readonly depth: DepthMap;
  readonly truth: TrueDepth | undefined;
  /** The truth with its small holes filled. */
  readonly filled: Float32Array | undefined;
  /** At the truth's size. */
  readonly wide: DepthMap | undefined;
  /** Aligned by the clip's one scale and shift in inverse depth, at the truth's size. */
  readonly aligned: Float32Array | undefined;
}

/** Looks at a clip a second time, in order, holding as many frames as a snippet of TCM has. */
export async function measureClip(task: ClipToMeasure): Promise<ClipConsistency> {
  const { clip, preset, scaleKnown, stopped } = task;
  const sums = new Sums();
  const before = -Math.min(...preset.snippet);
  const after = Math.max(...preset.snippet);
  const window: Looked[] = [];
  for (let i = 0; i < clip.length && !stopped?.(); i++) {
    const looked = await look(task, i);
    if (looked.at.starts) window.length = 0;
    const previous = window.at(-1);
    window.push(looked);
    if (window.length > before + 1 + after) window.shift();
    if (previous && scaleKnown) pairFigures(previous, looked, sums);
    if (window.length === before + 1 + after) snippetFigures(window, before, preset.snippet, sums);
    // Gives the event loop a turn, so that Ctrl-C is heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { means: sums.means(), notes: notesOf(task, sums) };
}

async function look({ clip, spool, truth, scale, taeLine, preset }: ClipToMeasure, i: number): Promise<Looked> {
  const at = clip[i]!;
  const { depth: data, pixels } = await spool!.read(i);
  const raw: DepthMap = { kind: at.kind, ...spool!.size, data };
  const depth = depthAt(raw, raw, 'depth', scale.line);
  if (scale.factor !== 1) for (let k = 0; k < depth.data.length; k++) depth.data[k]! *= scale.factor;
  const measured = await truth.depthOf(at.frame);
  if (!measured) return { at, pixels, depth, truth: undefined, filled: undefined, wide: undefined, aligned: undefined };
  let aligned: Float32Array | undefined;
  if (taeLine) {
    const disparity = depthAt({ ...disparityOf(raw), kind: 'metric' }, measured, 'depth').data;
    aligned = disparity.map((value) => taeDepth(value, taeLine, preset.maxDepth));
  }
  return {
    at,
    pixels,
    depth,
    truth: measured,
    filled: fillSparseDepth(measured.data, measured),
    wide: depthAt({ ...depth, kind: 'metric' }, measured, 'depth'),
    aligned,
  };
}

function pairFigures(a: Looked, b: Looked, sums: Sums): void {
  const camera = a.at.camera;
  if (!camera || !a.at.pose || !b.at.pose) return;
  const bFromA = motion(b.at, a.at);
  const aFromB = invert(bFromA);
  const figures: NonNullable<ClipFrame['row']['consistency']> = {};
  const self = selfReprojection(a.depth.data, b.depth.data, camera, bFromA, aFromB);
  figures.selfReprojection = sums.add('selfReprojection', self?.error);
  if (a.aligned && b.aligned && a.truth && b.truth && same(a.truth, b.truth)) {
    const wide = scaleIntrinsics(camera, a.truth);
    figures.tae = sums.add('tae', taePair(a.aligned, b.aligned, wide, bFromA, aFromB));
  }
  if (a.truth && b.truth && b.filled) {
    const flow = seenFlow(a.truth, { ...b.truth, data: b.filled }, camera, bFromA);
    const points = flowDepths({
      width: camera.width,
      height: camera.height,
      depth0: a.depth.data,
      depth1: b.depth.data,
      picture0: a.pixels,
      picture1: b.pixels,
      flow,
      motion: { camera, oneFromZero: bFromA },
    });
    sums.flowPoints += points.count;
    figures.opw = sums.add('opw', opwOf(points));
    figures.rtc = sums.add('rtc', rtcOf(points));
  }
  b.at.row.consistency = figures;
}

function snippetFigures(window: readonly Looked[], middle: number, offsets: readonly number[], sums: Sums): void {
  const target = window[middle]!;
  const { truth, wide, at } = target;
  if (!truth || !wide || !at.pose || !at.camera) return;
  const camera: CameraIntrinsics = scaleIntrinsics(at.camera, truth);
  const sources = offsets.map((offset) => {
    const other = window[middle + offset]!;
    if (!other.filled || !other.wide || !other.at.pose || !same(other.truth, truth)) return undefined;
    const sourceFromTarget = motion(other.at, at);
    const flow = inducedFlow(truth.data, camera, sourceFromTarget);
    return { truth: other.filled, predicted: other.wide.data, sourceFromTarget, flow };
  });
  if (sources.some((source) => source === undefined)) return;
  const pairs = tcm({
    camera,
    truth: truth.data,
    predicted: wide.data,
    sources: sources.filter((source) => source !== undefined),
  });
  const found = pairs.filter((pair) => pair !== undefined);
  for (const pair of found) {
    sums.add('absErr', pair.absErr);
    sums.add('sqErr', pair.sqErr);
    sums.add('rmse', pair.rmse);
  }
  if (found.length > 0) {
    at.row.consistency = {
      ...at.row.consistency,
      tcm: found.reduce((sum, { absErr }) => sum + absErr, 0) / found.length,
    };
  }
}

function motion(to: ClipFrame, from: ClipFrame): RigidTransform {
  return compose(invert(to.pose!.worldFromCamera), from.pose!.worldFromCamera);
}

function same(a: Size | undefined, b: Size): boolean {
  return a?.width === b.width && a.height === b.height;
}

class Sums {
  readonly #sums = new Map<string, { sum: number; count: number }>();
  flowPoints = 0;

  add(name: string, value: number | undefined): number | undefined {
    if (value === undefined || !Number.isFinite(value)) return undefined;
    const entry = this.#sums.get(name) ?? { sum: 0, count: 0 };
    this.#sums.set(name, { sum: entry.sum + value, count: entry.count + 1 });
    return value;
  }

  count(name: string): number {
    return this.#sums.get(name)?.count ?? 0;
  }

  means(): ClipConsistency['means'] {
    const mean = (name: string): number | null => {
      const entry = this.#sums.get(name);
      return entry ? entry.sum / entry.count : null;
    };
    return {
      tcm: { absErr: mean('absErr'), sqErr: mean('sqErr'), rmse: mean('rmse') },
      tae: mean('tae'),
      opw: mean('opw'),
      rtc: mean('rtc'),
      selfReprojection: mean('selfReprojection'),
    };
  }
}

function notesOf({ clip, preset, scaleKnown }: ClipToMeasure, sums: Sums): Record<string, string> {
  const posed = clip.filter(({ pose }) => pose).length;
  const lack =
    clip.length < 2
      ? 'there are fewer than two frames'
      : posed < 2
        ? 'the data set states no poses'
        : clip.every(({ camera }) => !camera)
          ? 'the camera is not known; give --intrinsics'
          : undefined;
  const notes: Record<string, string> = {};
  const say = (name: string, count: number, otherwise: string, measured: string): void => {
    notes[name] = count > 0 ? measured : (lack ?? otherwise);
  };
  const noTruth = 'no pair of successive frames has enough depth, measured and predicted, to be compared';
  const flow = `flow from measured depth and true poses, ${Math.round(sums.flowPoints / Math.max(1, sums.count('opw')))} pixels a pair`;
  say(
    'tcm',
    sums.count('absErr'),
    `no ${preset.snippet.length + 1} successive frames have enough depth, measured and predicted, to be compared`,
    `metres, ${sums.count('absErr')} pairs; across successive windows, one prediction a window; flow from measured depth and true poses; within one window it is the same for a single-frame model and not measured for others, which answer for one frame a window`,
  );
  say('tae', sums.count('tae'), noTruth, `percent, ${sums.count('tae')} pairs; one scale and shift for the clip`);
  const unscaled = scaleKnown
    ? noTruth
    : 'the scale of the prediction cannot be told: no pixel has both measured and predicted depth';
  say('opw', sums.count('opw'), unscaled, `metres, ${flow}, camera motion taken out`);
  say('rtc', sums.count('rtc'), unscaled, `share within 1 %, ${flow}, camera motion taken out`);
  say(
    'selfReprojection',
    sums.count('selfReprojection'),
    unscaled,
    'relative, true poses, both ways, hidden pixels left out',
  );
  return notes;
}
