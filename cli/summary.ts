import type { DepthFrame, FallbackReason } from '../frames/index.ts';

/** Summary of a run, as `--json` prints it. Scripts rely on these names. */
export interface RunSummary {
  /** Frames of the footage that this run took in. */
  readonly frames: number;
  /** Depth maps it made. */
  readonly depthFrames: number;
  /** Frames it let go without depth. */
  readonly dropped: number;
  /** How many frames the fallback answered, by reason. */
  readonly fallbacks: Readonly<Partial<Record<FallbackReason, number>>>;
  /** Depth maps a second. */
  readonly fps: number;
  /** Milliseconds from decoded frame to answer; all 0 where there was none. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** Id of the multi-frame model. */
  readonly model: string;
  /** Seconds from the first request for a frame to the last answer. */
  readonly durationS: number;
  /** Mean consistency score, 0 to 1; `null` where nothing could be compared. */
  readonly consistency: number | null;
  /** Where the multi-frame model ran; absent where none was opened. */
  readonly device?: string | undefined;
}

/** Counts what passes during a run. Holds four bytes a frame. */
export class RunCounts {
  frames = 0;
  dropped = 0;
  #depthFrames = 0;
  readonly #fallbacks: Partial<Record<FallbackReason, number>> = {};
  #latencies = new Float32Array(1024);
  #scores = 0;
  #scored = 0;

  get depthFrames(): number {
    return this.#depthFrames;
  }

  add({ latencyMs, fallbackReason, consistency }: DepthFrame): void {
    if (this.#depthFrames === this.#latencies.length) {
      const more = new Float32Array(this.#latencies.length * 2);
      more.set(this.#latencies);
      this.#latencies = more;
    }
    this.#latencies[this.#depthFrames++] = latencyMs;
    if (fallbackReason) this.#fallbacks[fallbackReason] = (this.#fallbacks[fallbackReason] ?? 0) + 1;
    if (consistency) {
      this.#scores += consistency.score;
      this.#scored++;
    }
  }

  summary(model: string, durationS: number, device?: string): RunSummary {
    const sorted = this.#latencies.slice(0, this.#depthFrames).sort();
    return {
      frames: this.frames,
      depthFrames: this.#depthFrames,
      dropped: this.dropped,
      fallbacks: this.#fallbacks,
      fps: rounded(durationS > 0 ? this.#depthFrames / durationS : 0, 2),
      latencyMs: {
        p50: rounded(percentile(sorted, 0.5), 2),
        p95: rounded(percentile(sorted, 0.95), 2),
        p99: rounded(percentile(sorted, 0.99), 2),
      },
      model,
      durationS: rounded(durationS, 3),
      consistency: this.#scored === 0 ? null : rounded(this.#scores / this.#scored, 4),
      ...(device === undefined ? {} : { device }),
    };
  }
}

/** The smallest value that a share of the sorted values does not exceed (nearest rank); 0 where there are none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted.length === 0 ? 0 : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** A summary in words for people, one line each. */
export function summaryLines(summary: RunSummary): string[] {
  const { latencyMs, fallbacks } = summary;
  const reasons = Object.entries(fallbacks).map(([reason, count]) => `${count} ${reason}`);
  return [
    `${summary.depthFrames} depth frames of ${summary.frames} frames in ${summary.durationS.toFixed(1)} s (${summary.fps.toFixed(1)} a second) by ${summary.model}`,
    ...(reasons.length > 0 ? [`answered by the fallback: ${reasons.join(', ')}`] : []),
    ...(summary.dropped > 0 ? [`without depth: ${summary.dropped}`] : []),
    `latency p50 ${latencyMs.p50} ms, p95 ${latencyMs.p95} ms, p99 ${latencyMs.p99} ms`,
    ...(summary.consistency === null ? [] : [`consistency ${summary.consistency.toFixed(3)} (1 = nothing flickers)`]),
  ];
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
