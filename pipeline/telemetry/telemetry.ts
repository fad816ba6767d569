import { Registry } from 'prom-client';
import type { CameraReading } from './camera-reading.ts';
import { addProcessMetrics } from './process-metrics.ts';
import { StreamMetrics } from './stream-metrics.ts';

/**
 * Where a frame can be lost between source and hub; `upstream` = somewhere there, by holes in the frames' indices. What a
 * camera lets go before it hands a frame on, and what slow viewers are spared, have counters of their own.
 */
export type DropStage = 'window' | 'estimate' | 'encode' | 'upstream';

/**
 * What takes time on a frame's way: `wait` for a turn at the model, `estimate` by the model that answered, `score` against
 * the answer before, `encode` for the viewers; `total` = from the decoder to the hub. How long a decoder took for a frame
 * it does not tell.
 */
export type StageName = 'wait' | 'estimate' | 'score' | 'encode' | 'total';

/**
 * What one stream tells. Every call is cheap enough for each frame (some hundred nanoseconds) and never throws.
 *
 * The server's hub tells what an answer shows by itself: `published`, `estimated`, `fellBack`, the stages `estimate`,
 * `encode` and `total`, and drops of the stage `encode`. Whoever composes the stream tells the rest.
 */
export interface StreamTelemetry {
  /** A frame came out of the decoder (file sources; a camera's are read from its status). */
  decoded(): void;
  /** A model answered. */
  estimated(estimator: string): void;
  /** An answer was handed to the hub. */
  published(): void;
  /**
   * Frames were let go: `count` of them, 1 by default. `stage`: a {@link DropStage}, or the own word of whoever takes
   * frames from the hub.
   */
  dropped(stage: string, reason: string, count?: number): void;
  /** The single-frame model answered, for this reason. */
  fellBack(reason: string): void;
  /** A failure, by where it was and its code. */
  error(stage: string, code: string): void;
  /** A stage took so long for one frame, in milliseconds. */
  stage(name: StageName, ms: number): void;
  /** How to ask the stream's camera how it does; asked at each scrape only. `undefined`: it has none any more. */
  camera(status: (() => CameraReading) | undefined): void;
  /** How to ask a queue for its length; asked at each scrape only. */
  queue(stage: string, depth: () => number): void;
}

/** Streams whose names may become label values; further ones share the name `other`. */
export const MOST_STREAMS = 256;

/**
 * Metrics of one running service, in a Prometheus registry of its own: nothing is global, so two of them in one process
 * do not mix.
 */
export class Telemetry {
  /** Of prom-client; for whoever wants to add metrics of their own. */
  readonly registry = new Registry();
  readonly #streams = new Map<string, StreamTelemetry>();
  readonly #metrics = new StreamMetrics(this.registry, MOST_STREAMS);
  readonly #endProcessMetrics = addProcessMetrics(this.registry);

  /** Where a stream tells what happens to its frames; the same object for the same name. */
  stream(name: string): StreamTelemetry {
    const known = this.#streams.get(name);
    if (known) return known;
    const stream = this.#metrics.stream(name);
    this.#streams.set(name, stream);
    return stream;
  }

  /** How a stream's camera does, where it has one. */
  cameraOf(name: string): CameraReading | undefined {
    return this.#metrics.cameraOf(name);
  }

  /** Takes all series of a stream out of `/metrics`, for a stream that was removed. */
  forget(name: string): void {
    this.#streams.delete(name);
    this.#metrics.forget(name);
  }

  /** All metrics in the Prometheus text format 0.0.4. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Ends the watch on the event loop. */
  close(): void {
    this.#endProcessMetrics();
  }
}
