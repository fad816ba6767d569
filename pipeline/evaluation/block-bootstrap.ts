/** Numbers of one figure, an entry a frame in their order in time; NaN where a frame has none. */
export type FrameSeries = Float64Array;

/** How means are drawn again. */
export interface BlockBootstrapOptions {
  /** Frames of a block, at least 1. */
  readonly block: number;
  readonly resamples: number;
  /** Whole number; the same one gives the same intervals on every machine. */
  readonly seed: number;
}

/** A mean and the 95 % interval around it. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Frames of a block for so many frames: 1.3·√n, rounded up, the bandwidth that Lazarus, Lewis, Stock and Watson advise
 * together with fixed-b critical values ("HAR Inference: Recommendations for Practice", JBES 36, 2018).
 */
export function blockLengthFor(frames: number): number {
  return Math.max(1, Math.min(frames, Math.ceil(1.3 * Math.sqrt(frames))));
}

/** Share of the drawn means on either side of an interval. */
const TAIL = 0.025;

/**
 * 95 % intervals of the means of several figures over the same frames, by the circular block bootstrap: Politis and
 * Romano, "A Circular Block-Resampling Procedure for Stationary Data" (in Exploring the Limits of Bootstrap, 1992).
 *
 * Frames of a drive resemble their neighbours, so single frames drawn at random would make intervals too narrow: whole
 * blocks of successive frames are drawn, until there are as many as before. The
 * footage is taken for a ring, so that frames at its ends are drawn as often as others: without that one frame at an end
 * passes for a difference of all of them. All series see the same blocks, so the
 * difference of two models on a frame stays one number (paired). The interval is the mean plus the 2.5 % and 97.5 %
 * quantiles of what the drawn means deviate from it, widened for what few long blocks cannot show: by the
 * ratio of the fixed-b critical value of Kiefer and Vogelsang (Econometric Theory 21, 2005, Bartlett kernel, whose
 * estimate of the variance this bootstrap shares) to that of the normal distribution. Frames without a figure are drawn
 * like the others and count for nothing.
 *
 * It cannot see how other drives differ: it answers for footage like this, not for the world. Frames that remember
 * each other for much longer than a block still make it too narrow.
 *
 * @returns one interval a series; `undefined` where a series has fewer than two frames
 */
export function blockIntervals(
  all: readonly FrameSeries[],
  { block, resamples, seed }: BlockBootstrapOptions,
): (Interval | undefined)[] {
  const frames = all[0]?.length ?? 0;
  const length = Math.max(1, Math.min(frames, Math.trunc(block)));
  const random = numbersFrom(seed);
  const starts = new Int32Array(Math.ceil(frames / length));
  const widening = wideningFor(length / frames);
  const running = all.map((series) => runningSums(series));
  const means = all.map(() => new Float64Array(resamples));
  for (let round = 0; round < resamples; round++) {
    for (let i = 0; i < starts.length; i++) starts[i] = Math.floor(random() * frames);
    const rest = frames - (starts.length - 1) * length;
    for (const [at, { sums, counts }] of running.entries()) {
      let sum = 0;
      let count = 0;
      for (let i = 0; i < starts.length; i++) {
        const from = starts[i]!;
        const to = from + (i === starts.length - 1 ? rest : length);
        sum += sums[to]! - sums[from]!;
        count += counts[to]! - counts[from]!;
      }
      means[at]![round] = sum / count;
    }
  }
  return running.map(({ sums, counts }, at) => {
    if (counts[frames]! < 2) return undefined;
    const value = sums[frames]! / counts[frames]!;
    // A draw that met no frame with this figure is none.
    const drawn = means[at]!.filter((mean) => !Number.isNaN(mean)).sort();
    return {
      value,
      low: value + (quantile(drawn, TAIL) - value) * widening,
      high: value + (quantile(drawn, 1 - TAIL) - value) * widening,
    };
  });
}

/** Kiefer and Vogelsang's 97.5 % value for blocks of this share of the frames, over the normal distribution's; 1 for 0. */
function wideningFor(share: number): number {
  return (1.96 + 2.9694 * share + 0.416 * share ** 2 - 0.5324 * share ** 3) / 1.96;
}

/** Linear between the two nearest, as `numpy.quantile` has it. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

function runningSums(series: FrameSeries): { sums: Float64Array; counts: Int32Array } {
  // Twice around, so that a block that begins near the end goes on at the beginning.
  const length = 2 * series.length;
  const sums = new Float64Array(length + 1);
  const counts = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) {
    const value = series[i % series.length]!;
    const known = !Number.isNaN(value);
    sums[i + 1] = sums[i]! + (known ? value : 0);
    counts[i + 1] = counts[i]! + (known ? 1 : 0);
  }
  return { sums, counts };
}

/** Uniform numbers in [0, 1): `mulberry32`, 32 bits of state, which is plenty for draws of whole frames. */
function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
