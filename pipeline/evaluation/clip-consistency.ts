import { type CameraIntrinsics, type DepthMap, type Size, scaleIntrinsics } from '../../frames/index.ts';
import type { DepthEstimator } from '../../operators/index.ts';
import { fillSparseDepth } from '../../operators/metrics/fill-sparse-depth.ts';
import { flowDepths } from '../../operators/metrics/flow-pairs.ts';
import { inducedFlow } from '../../operators/metrics/induced-flow.ts';
import { opwOf } from '../../operators/metrics/opw.ts';
import { rtcOf } from '../../operators/metrics/rtc.ts';
import type { ScaleShift } from '../../operators/metrics/scale-shift-fit.ts';
import { selfReprojection } from '../../operators/metrics/self-reprojection.ts';
import { taeDepth, taePair } from '../../operators/metrics/tae.ts';
import { type TcmSnippet, tcm } from '../../operators/metrics/tcm.ts';
import type { GroundTruth, TrueDepth } from '../datasets/ground-truth.ts';
import { compose, invert, type RigidTransform } from '../datasets/rigid-transform.ts';
import { type ClipConsistency, ConsistencyFigures, type LookedAtClip } from './consistency-figures.ts';
import { type ClipScale, depthAt, disparityOf } from './depth-scaling.ts';
import type { ClipFrame } from './evaluated-frame.ts';
import type { FrameSpool } from './frame-spool.ts';
import { seenFlow } from './seen-flow.ts';
import { SnippetAnswers, type SnippetFrame, windowsInside } from './snippet-answers.ts';

/** What is measured. */
export interface ClipToMeasure extends LookedAtClip {
  readonly spool: FrameSpool | undefined;
  readonly truth: GroundTruth;
  readonly scale: ClipScale;
  /** Fit of inverse depth over the whole clip. */
  readonly taeLine: ScaleShift | undefined;
  /** Who answered; absent where predictions came from files. It is asked again about snippets by themselves. */
  readonly model?: DepthEstimator | undefined;
  /** Asked before each frame; true ends the look. */
  readonly stopped?: (() => boolean) | undefined;
}

/** A frame as the pairs look at it. */
interface Looked extends SnippetFrame {
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
  const { clip, preset, scale, scaleKnown, stopped } = task;
  const figures = new ConsistencyFigures();
  const within = withinSnippets(task);
  const before = -Math.min(...preset.snippet);
  const after = Math.max(...preset.snippet);
  const window: Looked[] = [];
  for (let i = 0; i < clip.length && !stopped?.(); i++) {
    const looked = await look(task, i);
    if (looked.at.starts) window.length = 0;
    const previous = window.at(-1);
    window.push(looked);
    if (window.length > before + 1 + after) window.shift();
    const snippet = window.length === before + 1 + after ? snippetOf(window, before, preset.snippet) : undefined;
    // The model works while the figures that need no further answer are made.
    const asked = snippet && within.answers?.ask(window);
    await turn();
    if (previous && scaleKnown) pairFigures(previous, looked, figures);
    await turn();
    if (!snippet) continue;
    const wide = window.map((each) => each.wide!.data);
    const { row } = window[before]!.at;
    snippetFigures(snippet, wide, row, within.same ? ['tcm', 'tcmWithin'] : ['tcm'], figures);
    const answers = (await asked)?.map((depth, k) => wideAnswer(depth, window[k]!, scale));
    if (answers) snippetFigures(snippet, answers, row, ['tcmWithin'], figures);
  }
  return {
    means: figures.means(),
    notes: figures.notes(task, { words: within.words, failed: within.answers?.failed ?? 0 }),
  };
}

/** Gives the event loop a turn, so that Ctrl-C is heard and answers of a model are taken in. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Within {
  readonly words: string;
  /** True where every prediction is of one frame, so that each is what it would be inside a snippet. */
  readonly same?: boolean;
  readonly answers?: SnippetAnswers;
}

/** How the frames of a snippet are predicted from that snippet alone. */
function withinSnippets({ model, preset, spool }: ClipToMeasure): Within {
  if (!model || !spool) return { words: 'not measured: which frames a prediction from a file looked at is not known' };
  if (model.contextOffsets.length === 0)
    return { words: 'the same as across windows, since the model looks at one frame', same: true };
  const frames = preset.snippet.length + 1;
  const windows = windowsInside(frames, model.contextOffsets);
  if (typeof windows === 'string') return { words: `not measured: ${windows}` };
  const seen = model.contextOffsets.length + 1;
  const how = seen < frames ? `windows of ${seen} inside it` : 'one window';
  return {
    words: `each snippet of ${frames} frames answered from its own frames alone, by ${how}`,
    answers: new SnippetAnswers(model, spool.size, windows),
  };
}

async function look({ clip, spool, truth, scale, taeLine, preset }: ClipToMeasure, i: number): Promise<Looked> {
  const at = clip[i]!;
  const { depth: data, pixels } = await spool!.read(i);
  const raw: DepthMap = { kind: at.kind, ...spool!.size, data };
  const depth = scaled(raw, scale);
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

/** The depth of a map by the clip's one scale; the map stays as it is, for TAE has a fit of its own to it. */
function scaled(raw: DepthMap, { factor, line }: ClipScale): DepthMap {
  const depth = depthAt(raw, raw, 'depth', line);
  return factor === 1 ? depth : { ...depth, data: depth.data.map((z) => z * factor) };
}

/** An answer for a frame of a snippet at the size of its truth. */
function wideAnswer(answer: DepthMap, { at, truth }: Looked, scale: ClipScale): Float32Array {
  // The line belongs to depth as the clip has it; metres by the camera's height have another scale than the model's own.
  const line = answer.kind === at.kind ? scale.line : undefined;
  return depthAt({ ...scaled(answer, { ...scale, line }), kind: 'metric' }, truth!, 'depth').data;
}

function pairFigures(a: Looked, b: Looked, sums: ConsistencyFigures): void {
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

/** A snippet without predictions; `undefined` where truth, pose or camera of a frame is missing. */
interface Snippet {
  readonly target: number;
  readonly camera: CameraIntrinsics;
  readonly truth: Float32Array;
  readonly sources: readonly (Omit<TcmSnippet['sources'][number], 'predicted'> & { readonly frame: number })[];
}

function snippetOf(window: readonly Looked[], target: number, offsets: readonly number[]): Snippet | undefined {
  const { truth, at } = window[target]!;
  if (!truth || !at.pose || !at.camera) return undefined;
  const camera = scaleIntrinsics(at.camera, truth);
  const sources = offsets.flatMap((offset) => {
    const frame = target + offset;
    const other = window[frame]!;
    if (!other.filled || !other.at.pose || !same(other.truth, truth)) return [];
    const sourceFromTarget = motion(other.at, at);
    const flow = inducedFlow(truth.data, camera, sourceFromTarget);
    return { frame, truth: other.filled, sourceFromTarget, flow };
  });
  return sources.length === offsets.length ? { target, camera, truth: truth.data, sources } : undefined;
}

/** Adds TCM of a snippet whose frames are predicted so to the figures, and to its target's row, under these names. */
function snippetFigures(
  { target, camera, truth, sources }: Snippet,
  predicted: readonly Float32Array[],
  row: ClipFrame['row'],
  names: readonly ('tcm' | 'tcmWithin')[],
  sums: ConsistencyFigures,
): void {
  const pairs = tcm({
    camera,
    truth,
    predicted: predicted[target]!,
    sources: sources.map((source) => ({ ...source, predicted: predicted[source.frame]! })),
  });
  const found = pairs.filter((pair) => pair !== undefined);
  if (found.length === 0) return;
  const mean = found.reduce((sum, { absErr }) => sum + absErr, 0) / found.length;
  for (const name of names) {
    for (const { absErr, sqErr, rmse } of found) {
      sums.add(`${name} absErr`, absErr);
      sums.add(`${name} sqErr`, sqErr);
      sums.add(`${name} rmse`, rmse);
    }
    row.consistency = { ...row.consistency, [name]: mean };
  }
}

function motion(to: ClipFrame, from: ClipFrame): RigidTransform {
  return compose(invert(to.pose!.worldFromCamera), from.pose!.worldFromCamera);
}

function same(a: Size | undefined, b: Size): boolean {
  return a?.width === b.width && a.height === b.height;
}
