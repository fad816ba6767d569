import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { BoundedLabels } from './bounded-labels.ts';
import { addCameraMetrics } from './camera-metrics.ts';
import type { CameraReading } from './camera-reading.ts';
import { StreamSeries } from './stream-series.ts';
import type { StreamTelemetry } from './telemetry.ts';

/** Different reasons, codes and estimators a metric may name; further ones become `other`. */
const MOST_REASONS = 32;

/** Upper bounds in seconds: 1 ms … 10 s, closer where frames of 10 to 60 a second live. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.033, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10];

/** The metrics that streams tell, and the readings that are asked of them at each scrape. */
export class StreamMetrics {
  readonly #names: BoundedLabels;
  readonly #reasons = new BoundedLabels(MOST_REASONS);
  readonly #codes = new BoundedLabels(MOST_REASONS);
  readonly #estimators = new BoundedLabels(MOST_REASONS);
  readonly #stages = new BoundedLabels(MOST_REASONS);
  readonly #cameras = new Map<string, () => CameraReading>();
  readonly #queues = new Map<string, Map<string, () => number>>();
  readonly #series = new Map<string, { remove(): void }[]>();
  readonly #decoded: Counter<'stream'>;
  readonly #estimated: Counter<'stream' | 'estimator'>;
  readonly #published: Counter<'stream'>;
  readonly #dropped: Counter<'stream' | 'stage' | 'reason'>;
  readonly #fallbacks: Counter<'stream' | 'reason'>;
  readonly #errors: Counter<'stream' | 'stage' | 'code'>;
  readonly #latency: Histogram<'stream' | 'stage'>;

  constructor(registry: Registry, mostStreams: number) {
    const registers = [registry];
    const counter = <T extends string>(name: string, help: string, ...labelNames: T[]): Counter<T> =>
      new Counter({ name: `depthcast_${name}`, help, labelNames, registers });
    this.#names = new BoundedLabels(mostStreams);
    this.#decoded = counter('frames_decoded_total', 'Frames that came out of the decoder of a file.', 'stream');
    this.#estimated = counter(
      'frames_estimated_total',
      'Depth frames, by the model that answered.',
      'stream',
      'estimator',
    );
    this.#published = counter('frames_total', 'Depth frames published.', 'stream');
    this.#dropped = counter('frames_dropped_total', 'Frames let go, by stage and reason.', 'stream', 'stage', 'reason');
    this.#fallbacks = counter('fallbacks_total', 'Frames the single-frame model answered.', 'stream', 'reason');
    this.#errors = counter('errors_total', 'Errors that cost a frame or a connection.', 'stream', 'stage', 'code');
    this.#latency = new Histogram({
      name: 'depthcast_stage_latency_seconds',
      help: 'Time a stage took for a frame; total = from the decoder to the hub.',
      labelNames: ['stream', 'stage'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    const queues = this.#queues;
    new Gauge({
      name: 'depthcast_queue_depth',
      help: 'Frames that wait before a stage.',
      labelNames: ['stream', 'stage'],
      registers,
      collect() {
        this.reset();
        for (const [stream, stages] of queues)
          for (const [stage, depth] of stages) this.set({ stream, stage }, depth());
      },
    });
    addCameraMetrics(registry, this.#cameras);
  }

  cameraOf(name: string): CameraReading | undefined {
    return this.#cameras.get(this.#names.take(name))?.();
  }

  stream(name: string): StreamTelemetry {
    const stream = this.#names.take(name);
    const series: { remove(): void }[] = this.#series.get(stream) ?? [];
    this.#series.set(stream, series);
    const of = <Child>(metric: ConstructorParameters<typeof StreamSeries<Child>>[0]): StreamSeries<Child> => {
      const made = new StreamSeries(metric, stream);
      series.push(made);
      return made;
    };
    const decoded = of(this.#decoded);
    const estimated = of(this.#estimated);
    const published = of(this.#published);
    const dropped = of(this.#dropped);
    const fallbacks = of(this.#fallbacks);
    const errors = of(this.#errors);
    const latency = of(this.#latency);
    // Counters that have not counted yet are there with 0, so that a rate over them has a beginning.
    decoded.at().inc(0);
    published.at().inc(0);
    return {
      decoded: () => decoded.at().inc(),
      estimated: (estimator) => estimated.at(this.#estimators.take(estimator)).inc(),
      published: () => published.at().inc(),
      dropped: (stage, reason, count = 1) => {
        if (count > 0) dropped.at(this.#stages.take(stage), this.#reasons.take(reason)).inc(count);
      },
      fellBack: (reason) => fallbacks.at(this.#reasons.take(reason)).inc(),
      error: (stage, code) => errors.at(this.#stages.take(stage), this.#codes.take(code)).inc(),
      stage: (stage, ms) => {
        if (ms >= 0) latency.at(stage).observe(ms / 1000);
      },
      camera: (status) => {
        if (status) this.#cameras.set(stream, status);
        else this.#cameras.delete(stream);
      },
      queue: (stage, depth) => {
        const stages = this.#queues.get(stream) ?? new Map<string, () => number>();
        this.#queues.set(stream, stages.set(this.#stages.take(stage), depth));
      },
    };
  }

  forget(name: string): void {
    const stream = this.#names.take(name);
    if (stream === 'other' && name !== 'other') return;
    this.#names.forget(name);
    this.#cameras.delete(stream);
    this.#queues.delete(stream);
    for (const series of this.#series.get(stream) ?? []) series.remove();
    this.#series.delete(stream);
  }
}
