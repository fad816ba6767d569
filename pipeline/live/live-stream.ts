import { DepthcastError, type DepthFrame, type Frame } from '../../frames/index.ts';
import type { DepthHub } from '../../operators/index.ts';
import { type CameraStatus, type FrameSource, isCamera } from '../sources/frame-source.ts';
import type { StreamTelemetry } from '../telemetry/telemetry.ts';
import { CameraNews } from './camera-news.ts';
import { FaultCount } from './fault-count.ts';
import { FrameInterval } from './frame-interval.ts';
import { FrameLedger } from './frame-ledger.ts';
import type { ModelTurns, Seat } from './model-turns.ts';
import { Silence, silenceFault } from './silence.ts';
import { SourceTotals } from './source-totals.ts';
import type { LiveLog, StreamPlan } from './stream-plan.ts';
import type { LiveState, StreamReport } from './stream-report.ts';
import { StreamRun, waitMs } from './stream-run.ts';
import { Thinning, thinningInWords } from './thin-evenly.ts';

/** What the streams of a process share. */
export interface SharedParts {
  readonly model: ModelTurns;
  readonly fallback: ModelTurns | 'none';
  readonly log: LiveLog;
}

/** Milliseconds before a camera whose reading ended by itself, which it never should, is read again. */
const AGAIN_LEAST = 1000;
const AGAIN_MOST = 30_000;

/** Milliseconds between two complaints of one stream that its answers come too late. */
const SAY_LATE_EVERY = 10_000;

/** One named stream: its source may be exchanged, its hub and its account stay. */
export class LiveStream {
  readonly name: string;
  readonly #shared: SharedParts;
  readonly #hub: DepthHub & { end(): void };
  readonly #telemetry: StreamTelemetry;
  readonly #ledger: FrameLedger;
  readonly #faults = new FaultCount();
  readonly #interval = new FrameInterval();
  readonly #onOver: () => void;
  #plan: StreamPlan;
  #source: FrameSource;
  #thinning: Thinning;
  #run: StreamRun | undefined;
  #over: 'failed' | 'ended' | undefined;
  #failure: unknown;
  #seen = false;
  #reach = { index: 0, timestamp: 0 };
  #unlisten = (): void => {};
  #againIn = AGAIN_LEAST;
  #again: NodeJS.Timeout | undefined;
  #wasDegraded = false;
  #saidLateAt = Number.NEGATIVE_INFINITY;
  readonly #silence = new Silence();
  readonly #news: CameraNews;
  /** Why reading ended that never should; until the next frame. */
  #brokenBy: unknown;
  /** Grows each time the stream is stopped: what was begun before then is nobody's any more. */
  #generation = 0;
  readonly #earlier = new SourceTotals();

  /** Begins at once. `onOver` is called when the source has come to its end, or failed for good. */
  constructor(
    plan: StreamPlan,
    source: FrameSource,
    hub: DepthHub & { end(): void },
    telemetry: StreamTelemetry,
    shared: SharedParts,
    onOver: () => void,
  ) {
    this.name = plan.name;
    this.#plan = plan;
    this.#source = source;
    this.#hub = hub;
    this.#telemetry = telemetry;
    this.#shared = shared;
    this.#news = new CameraNews(plan.name, shared.log);
    this.#onOver = onOver;
    this.#ledger = new FrameLedger({
      onIn: () => {
        if (!isCamera(this.#source)) telemetry.decoded();
      },
      onDropped: (stage, reason) => telemetry.dropped(stage, reason),
    });
    this.#thinning = this.#newThinning();
    telemetry.queue('inside', () => this.#ledger.account().inside);
    this.#begin();
  }

  get key(): string {
    return this.#plan.key;
  }

  /** Why it ended, where that was a failure. */
  get failure(): unknown {
    return this.#failure;
  }

  /** True once nothing more will come of it. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Goes on with another plan and source; viewers stay. What is inside is answered first, within `drainMs`. */
  async repoint(plan: StreamPlan, source: FrameSource, drainMs: number): Promise<void> {
    await this.stop(drainMs);
    this.#leaveSource();
    this.#plan = plan;
    this.#source = source;
    this.#over = undefined;
    this.#failure = undefined;
    this.#brokenBy = undefined;
    this.#silence.broken();
    this.#seen = false;
    this.#thinning = this.#newThinning();
    this.#begin();
  }

  /** Ends reading, answers what is inside within `drainMs` milliseconds and lets the rest go, counted. */
  async stop(drainMs: number): Promise<void> {
    this.#generation++;
    clearTimeout(this.#again);
    const run = this.#run;
    this.#run = undefined;
    await run?.stop(drainMs);
    this.#unlisten();
  }

  report(): StreamReport {
    const camera = isCamera(this.#source) ? this.#source.status() : undefined;
    const fault = this.#failure ?? camera?.fault ?? this.#brokenBy ?? this.#silent();
    return {
      name: this.name,
      state: this.#state(camera),
      fault: fault instanceof Error ? { code: codeOf(fault), message: fault.message } : undefined,
      every: this.#thinning.every,
      modelFaults: this.#faults.total,
      source: this.#earlier.with(camera),
      ...this.#ledger.account(),
    };
  }

  #state(camera: CameraStatus | undefined): LiveState {
    if (this.#over) return this.#over;
    if (camera && camera.state !== 'live') return camera.state === 'closed' ? 'waiting' : camera.state;
    if (!this.#seen) return 'connecting';
    if (this.#silent()) return 'stalled';
    if (this.#faults.isMany) return 'degraded';
    return this.#thinning.every > 1 ? 'thinned' : 'live';
  }

  #begin(): void {
    const [plan, source] = [this.#plan, this.#source];
    if (isCamera(source)) {
      this.#telemetry.camera(() => ({ ...source.status(), ...this.#earlier.with(source.status()) }));
      this.#unlisten = source.onChange((status) => this.#cameraChanged(status));
    } else this.#telemetry.camera(undefined);
    const seat = (turns: ModelTurns): Seat =>
      turns.seat({
        intervalMs: () => this.#interval.ms,
        contextOffsets: turns === this.#shared.model ? plan.contextOffsets : undefined,
        onTurn: (ms) => this.#telemetry.stage('wait', ms),
        onFault: (error) => this.#modelFailed(error),
      });
    const { model, fallback } = this.#shared;
    const run = new StreamRun({
      plan,
      source,
      model: seat(model),
      fallback: fallback === 'none' ? 'none' : seat(fallback),
      ledger: this.#ledger,
      interval: this.#interval,
      thinning: this.#thinning,
      from: this.#reach,
      onFrame: (frame) => this.#frameCame(frame),
      onAnswer: (answer) => this.#publish(answer),
      onScored: (ms) => this.#telemetry.stage('score', ms),
      onTooLate: (ageMs) => this.#tooLate(ageMs),
    });
    this.#run = run;
    void run.ended.then(({ failure }) => {
      // One that was stopped has been forgotten by then.
      if (this.#run === run) this.#ended(failure);
    });
  }

  #frameCame({ index, timestamp }: Frame): void {
    this.#seen = true;
    this.#brokenBy = undefined;
    this.#silence.frame();
    const silent = this.#silent();
    if (silent) this.#sayLate(silent.message);
    this.#againIn = AGAIN_LEAST;
    this.#reach = { index: index + 1, timestamp: timestamp + this.#interval.ms / 1000 };
  }

  #publish(answer: DepthFrame): void {
    this.#silence.broken();
    try {
      this.#hub.publish(answer);
    } catch (error) {
      this.#shared.log.warn({ stream: this.name, error }, `${this.name}: an answer could not be published`);
    }
    if (!this.#wasDegraded || this.#faults.isMany) return;
    this.#wasDegraded = false;
    this.#shared.log.info({ stream: this.name }, `${this.name}: the model answers again`);
  }

  #tooLate(ageMs: number): void {
    this.#sayLate(`an answer is ${(ageMs / 1000).toFixed(1)} s old and not shown as live; a smaller --size is faster`);
  }

  #sayLate(sentence: string): void {
    const now = performance.now();
    if (now - this.#saidLateAt < SAY_LATE_EVERY) return;
    this.#saidLateAt = now;
    this.#shared.log.warn({ stream: this.name }, `${this.name}: ${sentence}`);
  }

  /** That frames come in and nothing is answered, where it is so. */
  #silent(): DepthcastError | undefined {
    const offsets = this.#plan.contextOffsets ?? this.#shared.model.contextOffsets;
    const ms = this.#silence.tooLong(waitMs(offsets, this.#interval.ms));
    return ms === undefined ? undefined : silenceFault(ms, this.#ledger.account().dropped);
  }

  #ended(failure: unknown): void {
    this.#run = undefined;
    const { log } = this.#shared;
    const { name: stream } = this;
    const mayEnd = !isCamera(this.#source) || this.#plan.maxFrames !== undefined;
    if (!mayEnd) {
      this.#brokenBy = failure;
      log.warn({ stream, error: failure }, `${stream}: reading ended, again in ${this.#againIn / 1000} s`);
      this.#again = setTimeout(() => void this.#readAgain(), this.#againIn);
      this.#againIn = Math.min(AGAIN_MOST, this.#againIn * 2);
      return;
    }
    this.#unlisten();
    this.#failure = failure;
    this.#over = failure === undefined ? 'ended' : 'failed';
    if (failure !== undefined) this.#telemetry.error('source', codeOf(failure));
    log.debug({ stream, error: failure }, `${stream} has ended`);
    this.#hub.end();
    this.#onOver();
  }

  async #readAgain(): Promise<void> {
    const generation = this.#generation;
    try {
      const source = await this.#plan.open();
      if (generation !== this.#generation) return;
      this.#leaveSource();
      this.#source = source;
      this.#begin();
    } catch (failure) {
      if (generation === this.#generation) this.#ended(failure);
    }
  }

  /** Another source comes: what this one has counted is kept. */
  #leaveSource(): void {
    this.#unlisten();
    if (isCamera(this.#source)) this.#earlier.add(this.#source.status());
  }

  #modelFailed(error: unknown): void {
    this.#faults.add();
    this.#telemetry.error('estimate', codeOf(error));
    const { name: stream } = this;
    const why = error instanceof Error ? error.message : String(error);
    this.#shared.log.debug({ stream, error }, `${stream}: ${why}`);
    if (this.#wasDegraded || !this.#faults.isMany) return;
    this.#wasDegraded = true;
    this.#shared.log.warn(
      { stream, error },
      `${stream}: the model fails again and again, the fallback answers: ${why}`,
    );
  }

  #cameraChanged(status: CameraStatus): void {
    // A camera that is away leaves nothing unanswered: its next frame begins the count anew.
    if (status.state !== 'live') this.#silence.broken();
    this.#news.tell(status);
  }

  #newThinning(): Thinning {
    return new Thinning({
      onDropped: ({ target }) => this.#ledger.drop(target, 'window', 'thinned'),
      onChange: (every) => {
        const { name: stream } = this;
        this.#shared.log.info({ stream, every }, `${stream}: ${thinningInWords(every, this.#interval.ms)}`);
      },
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof DepthcastError ? error.code : 'internal';
}
