import type { DepthEstimator, DepthHub } from '../../operators/index.ts';
import type { FrameSource } from '../sources/frame-source.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { LiveStream, type SharedParts } from './live-stream.ts';
import { ModelTurns } from './model-turns.ts';
import type { LiveLog, StreamPlan } from './stream-plan.ts';
import type { StreamReport } from './stream-report.ts';
import { isRestarting, whileReady } from './while-ready.ts';

/** A stream's place at a server. */
export interface LiveHub extends DepthHub {
  /** Says that nothing more will come. */
  end(): void;
  /** Takes who can say how the stream does. */
  explain?(report: () => StreamReport): void;
}

/** The part of a DepthServer that the streams need. */
export interface StreamServer {
  /** Makes room for a stream; what is published to the answer reaches its viewers. */
  addStream(name: string): LiveHub;
  /** Says goodbye to a stream's viewers. */
  removeStream(name: string): Promise<void>;
}

/** What a set of streams works with. Models and server stay the caller's to close. */
export interface LiveStreamsParts {
  readonly model: DepthEstimator;
  readonly fallback: DepthEstimator | 'none';
  readonly server: StreamServer;
  readonly telemetry: Telemetry;
  readonly log: LiveLog;
}

/** What {@link LiveStreams.apply} did, by names of streams. */
export interface Applied {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Those whose plan changed: they have another source or treatment, and the viewers they had. */
  readonly changed: readonly string[];
  readonly kept: readonly string[];
}

/** A plan with its source, open and not yet read. */
export interface OpenedPlan {
  readonly plan: StreamPlan;
  readonly source: FrameSource;
}

/** Milliseconds that a stream which is removed or re-pointed may take to answer what is inside. */
const DRAIN_MS = 1000;

/**
 * The streams of one process: one model for all of them, each with a source, a hub and an account of its own.
 *
 * A stream that fails or stalls does so alone.
 */
export class LiveStreams {
  readonly #parts: LiveStreamsParts;
  readonly #shared: SharedParts;
  readonly #streams = new Map<string, LiveStream>();
  #applying: Promise<unknown> = Promise.resolve();
  #tellOver: () => void = () => {};
  #closed = false;

  constructor(parts: LiveStreamsParts) {
    const { model, fallback, log } = parts;
    this.#parts = parts;
    const live = (estimator: DepthEstimator): ModelTurns =>
      new ModelTurns(isRestarting(estimator) ? whileReady(estimator) : estimator);
    this.#shared = {
      model: live(model),
      fallback: fallback === 'none' ? 'none' : live(fallback),
      log,
    };
  }

  /**
   * Makes the streams those of the plans: adds, removes and re-points what differs, and leaves the rest alone.
   *
   * All new sources are opened first; where one cannot be, this rejects with that fault and nothing has changed. Calls
   * wait for each other. `opened`: what was opened already.
   */
  apply(plans: readonly StreamPlan[], opened?: readonly OpenedPlan[]): Promise<Applied> {
    const applied = this.#applying.then(() => this.#apply(plans, opened));
    this.#applying = applied.catch(() => {});
    return applied;
  }

  /** How each stream does, in the order in which they came. */
  reports(): readonly StreamReport[] {
    return [...this.#streams.values()].map((stream) => stream.report());
  }

  /** Resolves once every stream has come to its end, with the first failure if there was one. Cameras have none. */
  whenOver(): Promise<unknown> {
    return new Promise((resolve) => {
      const look = (): void => {
        const streams = [...this.#streams.values()];
        if (streams.some((stream) => !stream.isOver)) return;
        resolve(streams.find((stream) => stream.failure !== undefined)?.failure);
      };
      this.#tellOver = look;
      look();
    });
  }

  /** Takes no more frames, answers what is inside within `drainMs` milliseconds, and lets the rest go, counted. */
  async close(drainMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#streams.values()].map((stream) => stream.stop(drainMs)));
  }

  async #apply(plans: readonly StreamPlan[], given?: readonly OpenedPlan[]): Promise<Applied> {
    const wanted = new Map(plans.map((plan) => [plan.name, plan]));
    const opened = given ?? (await openPlans(plans.filter(({ name, key }) => this.#streams.get(name)?.key !== key)));
    if (this.#closed) return { added: [], removed: [], changed: [], kept: [] };
    const removed = [...this.#streams.keys()].filter((name) => !wanted.has(name));
    const added: string[] = [];
    const changed: string[] = [];
    const work: Promise<void>[] = removed.map((name) => this.#remove(name));
    for (const { plan, source } of opened) {
      const present = this.#streams.get(plan.name);
      (present ? changed : added).push(plan.name);
      if (present) work.push(present.repoint(plan, source, DRAIN_MS));
      else this.#add(plan, source);
    }
    await Promise.all(work);
    // What was not over may be what was removed.
    this.#tellOver();
    const kept = [...this.#streams.keys()].filter((name) => !added.includes(name) && !changed.includes(name));
    return { added, removed, changed, kept };
  }

  #add(plan: StreamPlan, source: FrameSource): void {
    const { server, telemetry } = this.#parts;
    const hub = server.addStream(plan.name);
    const stream = new LiveStream(plan, source, hub, telemetry.stream(plan.name), this.#shared, () => this.#tellOver());
    hub.explain?.(() => stream.report());
    this.#streams.set(plan.name, stream);
  }

  async #remove(name: string): Promise<void> {
    const stream = this.#streams.get(name);
    this.#streams.delete(name);
    await stream?.stop(DRAIN_MS);
    await this.#parts.server.removeStream(name);
  }
}

/** Opens the sources of plans. Rejects with the first fault. */
export async function openPlans(plans: readonly StreamPlan[]): Promise<OpenedPlan[]> {
  return Promise.all(plans.map(async (plan) => ({ plan, source: await plan.open() })));
}
