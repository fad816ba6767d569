import { DepthcastError, type DepthMap, type Frame, type Size } from '../../frames/index.ts';
import { resizeDepth } from '../../frames/resize-depth.ts';
import type { DepthEstimator } from '../../operators/index.ts';
import { type Accuracy, accuracy } from '../../operators/metrics/accuracy.ts';
import { type DepthPairs, depthPairs, scaledPairs } from '../../operators/metrics/depth-pairs.ts';
import { meanMedian } from '../../operators/metrics/middle-values.ts';
import { ScaleShiftFit } from '../../operators/metrics/scale-shift-fit.ts';
import type { GroundTruth, TrueDepth } from '../datasets/ground-truth.ts';
import { measureClip } from './clip-consistency.ts';
import type { ClipConsistency } from './consistency-figures.ts';
import { DepthErrorHistogram } from './depth-error-histogram.ts';
import { type ClipScale, depthAt, disparityOf, fitDisparity } from './depth-scaling.ts';
import { answeredShare, type ClipFrame, type EvaluatedFrame } from './evaluated-frame.ts';
import type { EvaluationJournal, JournalEntry } from './evaluation-journal.ts';
import { FrameSpool } from './frame-spool.ts';
import { CROPS, type Preset, type Scaling, scalingFor } from './presets.ts';
import { type WorstFrame, worstFrames } from './worst-frames.ts';

/** What an evaluation found. */
export interface EvaluationResult {
  readonly frames: number;
  /** Mean over images; `null` where no image had truth. */
  readonly accuracy: Accuracy | null;
  /**
   * Share of the pixels with truth, inside the mask, that have a prediction; `null` without truth. Below 1 the figures
   * say nothing of the others, which may well be the hard ones.
   */
  readonly answered: number | null;
  /** `median` of the ratios truth / prediction of the images, `std` of the ratios over their median. */
  readonly scale: { readonly mode: Scaling; readonly median: number | null; readonly std: number | null };
  readonly consistency: ClipConsistency['means'];
  /** Why a figure is null, or what it was measured on, by its name. */
  readonly notes: Readonly<Record<string, string>>;
  /** Names of frames without depth from the data set, or without prediction. */
  readonly missing: { readonly truth: readonly string[]; readonly prediction: readonly string[] };
  readonly rows: readonly EvaluatedFrame[];
}

/**
 * Measures a clip frame by frame as answers come, and over time at the end. Memory holds a row a frame; pictures and
 * depth wait on disk.
 */
export class Evaluation {
  readonly #preset: Preset;
  readonly #truth: GroundTruth;
  readonly #clip: ClipFrame[] = [];
  readonly #missing = { truth: [] as string[], prediction: [] as string[] };
  readonly #journal: EvaluationJournal | undefined;
  readonly #clipFit: ScaleShiftFit;
  readonly #histogram: DepthErrorHistogram;
  #spool: FrameSpool | undefined;

  /** With a journal it goes on behind the frames of that, and writes down those that come. */
  constructor(preset: Preset, truth: GroundTruth, journal?: EvaluationJournal) {
    this.#preset = preset;
    this.#truth = truth;
    this.#journal = journal;
    let last: Extract<JournalEntry, { clip: ClipFrame }> | undefined;
    for (const entry of journal?.entries ?? []) {
      if (!('clip' in entry)) {
        this.#missing.prediction.push(entry.skipped.name);
        continue;
      }
      last = entry;
      this.#clip.push(entry.clip);
      if (entry.withoutTruth) this.#missing.truth.push(entry.clip.frame.name);
    }
    this.#clipFit = new ScaleShiftFit(last?.fit);
    this.#histogram = new DepthErrorHistogram(preset.maxDepth, undefined, last?.histogram);
  }

  /** Frames measured so far. */
  get frames(): number {
    return this.#clip.length;
  }

  /** Error by depth, over all frames so far. */
  get histogram(): DepthErrorHistogram {
    return this.#histogram;
  }

  /** A frame for which there is no prediction. */
  async skip({ name, index }: Frame): Promise<void> {
    this.#missing.prediction.push(name);
    await this.#journal?.add({ skipped: { name, index } });
  }

  /**
   * Takes one answer in. Its accuracy is measured at its own size; over time it is looked at in the size of the first one,
   * which all pictures have. Throws `option-invalid` for depth of a kind that the preset does not measure.
   */
  async add(frame: Frame, depth: DepthMap, estimator: string): Promise<void> {
    this.#spool ??= await this.#openSpool(frame);
    const mode = scalingFor(this.#preset, depth.kind);
    if (mode === undefined) {
      throw new DepthcastError(
        'option-invalid',
        `--preset ${this.#preset.name} needs metres, not ${depth.kind} depth.`,
        {
          advice: 'Choose eigen-raw-median, or a model that answers in metres.',
        },
      );
    }
    await this.#spool.add({ depth: resizeDepth(depth, this.#spool.size).data, pixels: frame.pixels });
    const row = await this.#accuracy(frame, depth, mode, estimator);
    const before = this.#clip.at(-1);
    const clip: ClipFrame = {
      row,
      frame: { name: frame.name, index: frame.index, timestamp: frame.timestamp },
      camera: frame.intrinsics,
      pose: (await this.#truth.poseOf(frame)) ?? frame.pose,
      kind: depth.kind,
      starts: before === undefined || frame.segmentStart !== undefined || before.frame.index + 1 !== frame.index,
    };
    this.#clip.push(clip);
    const withoutTruth = this.#missing.truth.at(-1) === frame.name;
    const { state: fit } = this.#clipFit;
    await this.#journal?.add({ clip, withoutTruth, fit, histogram: this.#histogram.state });
  }

  #openSpool(size: Size): Promise<FrameSpool> {
    const journal = this.#journal;
    return FrameSpool.open(size, journal && { folder: journal.folder, frames: journal.spooled });
  }

  /**
   * Measures over time, and sums up; once `stopped` says so, over the frames looked at until then.
   *
   * @param model who answered, still open: a multi-frame one is asked again about snippets by themselves
   */
  async finish(stopped?: () => boolean, model?: DepthEstimator): Promise<EvaluationResult> {
    // A run that goes on may find nothing left to add.
    if (this.#spool === undefined && this.#journal && this.#clip.length > 0) {
      this.#spool = await this.#openSpool(this.#journal.size);
    }
    const rows = this.#clip.map(({ row }) => row);
    const measured = rows.filter((row) => row.accuracy !== undefined);
    const kind = this.#clip[0]?.kind ?? 'metric';
    const mode = scalingFor(this.#preset, kind) ?? 'none';
    const ratios = Float64Array.from(measured.flatMap(({ ratio }) => ratio ?? []));
    const median = ratios.length === 0 ? null : meanMedian(ratios.slice());
    const line = this.#clipFit.solve();
    const scale: ClipScale = {
      mode,
      factor: mode === 'median' ? (median ?? 1) : 1,
      line: mode === 'scale-shift' ? line : undefined,
    };
    const { means, notes } = await measureClip({
      clip: this.#clip,
      spool: this.#spool,
      truth: this.#truth,
      preset: this.#preset,
      scale,
      scaleKnown: mode === 'none' || ratios.length > 0,
      taeLine: line,
      model,
      stopped,
    });
    return {
      frames: rows.length,
      accuracy: meanAccuracy(measured.map((row) => row.accuracy!)),
      answered: answeredShare(rows),
      scale: { mode, median, std: median === null ? null : spread(ratios.map((ratio) => ratio / median)) },
      consistency: means,
      notes: measured.length > 0 ? notes : { accuracy: whyNone(rows), ...notes },
      missing: this.#missing,
      rows,
    };
  }

  /** Pictures of the frames with the largest error; none where none was measured. */
  async worst(): Promise<WorstFrame[]> {
    const kind = this.#clip[0]?.kind;
    return this.#spool && kind
      ? worstFrames(
          this.#clip.map(({ row }) => row),
          kind,
          this.#spool,
        )
      : [];
  }

  /** Removes what waits on disk, unless it is a journal's; to be called however the evaluation ended. */
  async close(): Promise<void> {
    await this.#spool?.close();
  }

  async #accuracy(frame: Frame, depth: DepthMap, mode: Scaling, estimator: string): Promise<EvaluatedFrame> {
    const { name, index, timestamp } = frame;
    const row = { name, index, timestamp, estimator };
    const truth = await this.#truth.depthOf(frame);
    if (!truth) {
      this.#missing.truth.push(name);
      return { ...row, pixels: 0, unanswered: 0 };
    }
    const preset = this.#preset;
    const disparity = depthAt({ ...disparityOf(depth), kind: 'metric' }, truth, 'depth');
    const line = fitDisparity(disparity, truth, preset, this.#clipFit);
    const wide = depthAt(depth, truth, preset.resize, mode === 'scale-shift' ? line : undefined);
    const pairs = depthPairs(truth.data, wide.data, truth, { ...preset, crop: CROPS[preset.crop](truth) });
    const { count, unanswered } = pairs;
    const taking = preset.unknown === 'held' && unanswered > 0 ? this.#held(wide, truth) : pairs;
    if (taking.count === 0) return { ...row, pixels: 0, unanswered };
    const ratio =
      count === 0 ? undefined : meanMedian(pairs.truth.slice(0, count)) / meanMedian(pairs.predicted.slice(0, count));
    const scaled = scaledPairs(taking, (mode === 'median' ? ratio : 1) ?? 1, preset.minDepth, preset.maxDepth);
    for (let i = 0; i < taking.count; i++) this.#histogram.add(scaled.truth[i]!, scaled.predicted[i]!);
    return { ...row, accuracy: accuracy(scaled), pixels: count, unanswered, ratio };
  }

  /** All pixels of the mask, with next to nothing where the prediction is unknown: `scaledPairs` holds it at the least. */
  #held(wide: DepthMap, truth: TrueDepth): DepthPairs {
    const data = wide.data.map((value) => (value > 0 && value < Number.POSITIVE_INFINITY ? value : 1e-30));
    return depthPairs(truth.data, data, truth, { ...this.#preset, crop: CROPS[this.#preset.crop](truth) });
  }
}

function whyNone(rows: readonly EvaluatedFrame[]): string {
  return rows.some(({ unanswered }) => unanswered > 0)
    ? 'the prediction is unknown at all pixels with measured depth inside the mask'
    : 'no frame has measured depth inside the mask';
}

function meanAccuracy(all: readonly Accuracy[]): Accuracy | null {
  const first = all[0];
  if (!first) return null;
  const means = Object.keys(first).map((key) => [
    key,
    all.reduce((sum, one) => sum + one[key as keyof Accuracy], 0) / all.length,
  ]);
  return Object.fromEntries(means) as Accuracy;
}

/** Standard deviation, divided by n as `numpy.std` does. */
function spread(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
