import { Worker } from 'node:worker_threads';
import type { DepthMap, FrameWindow, Size } from '../frames/index.ts';
import { DepthcastError } from '../frames/index.ts';
import { depthKind, type ModelCard } from './card.ts';
import type { DepthModel } from './depth-model.ts';
import type { Device } from './device.ts';
import {
  type InferenceReply,
  type InferenceRequest,
  type InferenceStatistics,
  type LoadOrder,
  receivedError,
  type ThreadOrder,
} from './inference-messages.ts';
import { inputSize, sizeFault } from './input-size.ts';
import { type Picture, pictureOf } from './picture.ts';
import { guardExit, RuntimeGate } from './runtime-gate.ts';
import { SilenceWatch } from './silence-watch.ts';
import { threadEntry } from './thread-entry.ts';

/** Crashes without an answer between them, after which a model is given up for a while. */
const mostCrashes = 3;
/** That while in milliseconds: twice as long after each further crash, up to the limit. */
const restMs = 10_000;
const longestRestMs = 60_000;
/** Workers that hang in the runtime, from which on no further one is started. */
const mostHanging = 3;
/** How long a caller waits for a worker to end. */
const closeMs = 2000;

interface Waiting {
  readonly target: Size;
  readonly resolve: (depth: DepthMap) => void;
  readonly reject: (error: DepthcastError) => void;
}

/**
 * The main thread's end of a model: one worker thread, frames handed over in shared memory, depth handed back by
 * transfer, so nothing is copied here and nothing blocks.
 *
 * When the worker dies, every estimate under way rejects with `model-crashed`, and the next one starts it again. After
 * three deaths in a row without an answer the model rests: estimates reject at once for 10 s, after each further death
 * for twice as long, up to a minute. A service that runs for months gets its model back when the machine has recovered.
 * A worker that says nothing for ten times what loading may take hangs, and is interrupted.
 */
export class InferenceClient implements DepthModel {
  readonly inFlight = 2;
  readonly card: ModelCard;
  readonly #order: LoadOrder;
  readonly #deadlineMs: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Workers that were left to themselves in a run that does not end. Each keeps its memory. */
  readonly #hanging = new Set<Worker>();
  #worker: Worker | undefined;
  #gate: RuntimeGate | undefined;
  #starting: Promise<Worker> | undefined;
  #lastId = 0;
  #crashes = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;
  readonly #silence: SilenceWatch;
  #closed = false;
  #isUp = false;
  #statistics: InferenceStatistics = { runs: 0, encoded: 0, busyMs: 0 };

  readonly #release: () => void;

  private constructor(order: LoadOrder, deadlineMs: number, silenceMs: number, release: () => void) {
    this.#release = release;
    this.#silence = new SilenceWatch(silenceMs, () => void this.interrupt());
    this.card = order.card;
    this.#order = order;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Starts the worker; resolves once the model is loaded and has answered once, which may take `deadlineMs`. `release` is
   * called once at its end. `silenceMs`: how long it may work on one answer.
   */
  static async open(
    order: LoadOrder,
    deadlineMs: number,
    release = (): void => {},
    silenceMs = deadlineMs,
  ): Promise<InferenceClient> {
    const client = new InferenceClient(order, deadlineMs, silenceMs, release);
    await client.#ready().catch((error: unknown) => {
      release();
      throw error;
    });
    return client;
  }

  /** Where it runs. */
  get device(): Device {
    return this.#order.device;
  }

  get id(): string {
    return this.card.id;
  }

  get kind(): DepthMap['kind'] {
    return depthKind(this.card);
  }

  get contextOffsets(): readonly number[] {
    return this.#order.contextOffsets;
  }

  /** Counters since the worker started, as of its last answer. */
  get statistics(): InferenceStatistics {
    return this.#statistics;
  }

  /** Whether an estimate would be worked on at once; not while its thread is being started again. */
  get isReady(): boolean {
    return this.#isUp;
  }

  /** Starts the thread again where it died; resolves once it is ready. */
  async restart(): Promise<void> {
    await this.#ready();
  }

  inputSize(source: Size): Size {
    return inputSize(this.card.input.size, source);
  }

  async estimate(window: FrameWindow): Promise<DepthMap> {
    const pictures = this.#picturesOf(window);
    const worker = await this.#ready();
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { target: window.target, resolve, reject });
      worker.postMessage({ type: 'estimate', id, pictures } satisfies InferenceRequest);
      this.#silence.asked();
    });
  }

  /**
   * Ends the worker as a crash would: after the run it is in, without those that wait. The next estimate starts it
   * again. For a caller whose time is up. Resolves when the worker has ended, or after 2 s if it hangs in the runtime:
   * it is left to itself then, since it cannot be forced, and counts as a crash.
   */
  async interrupt(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#gate?.shut();
    await this.#ended(worker, { type: 'stop' });
    if (this.#worker !== worker) return;
    this.#hanging.add(worker);
    this.#lost(worker, { hanging: this.#hanging.size });
  }

  /** Answers what was asked before, then ends the worker and gives its memory back. Closing twice does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const worker = await this.#starting?.catch(() => undefined);
    if (worker && worker === this.#worker) await this.#ended(worker, { type: 'close' });
    this.#release();
  }

  /** Asks a worker to end and waits for it, within limits. It is never forced: see RuntimeGate. */
  #ended(worker: Worker, request: InferenceRequest): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#gate?.shut();
        worker.unref();
        resolve();
      }, closeMs);
      worker.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      worker.postMessage(request);
    });
  }

  #ready(): Promise<Worker> {
    if (this.#closed) return Promise.reject(this.#crashed('is closed', 'Open it again.', { gone: true }));
    if (!this.#starting && this.#hanging.size >= mostHanging) {
      const fault = `hangs in ${this.#hanging.size} runs that do not end`;
      return Promise.reject(this.#crashed(fault, 'Use another model, or start this program again.', { gone: true }));
    }
    const leftMs = this.#restsUntil - performance.now();
    if (!this.#starting && leftMs > 0) {
      const fault = `was given up for ${Math.ceil(leftMs / 1000)} s after ${this.#crashes} crashes in a row`;
      const advice = 'Use another model, or look for what kills it (memory, most often).';
      return Promise.reject(this.#crashed(fault, advice, { gone: true }));
    }
    this.#starting ??= this.#start();
    return this.#starting;
  }

  #start(): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const gate = new RuntimeGate();
      const workerData: ThreadOrder = { order: this.#order, gate: gate.cells };
      // Without the flags of this process: some (--input-type) keep a thread from starting.
      const worker = new Worker(threadEntry('inference-worker'), { workerData, name: this.id, execArgv: [] });
      this.#worker = worker;
      this.#gate = gate;
      const letGo = guardExit(gate);
      const failed = (error: DepthcastError): void => {
        clearTimeout(timer);
        reject(error);
      };
      const timer = setTimeout(() => {
        const fault = `was not ready after ${this.#deadlineMs / 1000} s`;
        failed(
          new DepthcastError('model-invalid', `The model ${this.id} ${fault}.`, { advice: 'Use a lighter model.' }),
        );
        gate.shut();
        worker.postMessage({ type: 'stop' } satisfies InferenceRequest);
        worker.unref();
      }, this.#deadlineMs);

      worker.on('message', (reply: InferenceReply) => {
        if (this.#worker !== worker) return;
        if (reply.type === 'failed') failed(receivedError(reply.error));
        else if (reply.type === 'ready') {
          clearTimeout(timer);
          this.#isUp = true;
          resolve(worker);
        } else this.#settle(reply);
      });
      let cause: unknown;
      worker.on('error', (error) => {
        cause = error;
      });
      worker.on('exit', (code) => {
        letGo();
        this.#hanging.delete(worker);
        failed(this.#lost(worker, { code, cause: String(cause) }));
      });
    });
  }

  /** A worker is gone, or as good as gone: whoever waits for it is told, and the next estimate starts another. */
  #lost(worker: Worker, facts: Record<string, unknown>): DepthcastError {
    const error = this.#crashed('lost its thread', 'The next frame starts it again.', facts);
    // One that was left to itself has been counted then.
    if (this.#worker !== worker) return error;
    this.#worker = undefined;
    this.#starting = undefined;
    this.#isUp = false;
    if (!this.#closed) this.#countCrash();
    for (const { reject: drop } of this.#waiting.values()) drop(error);
    this.#waiting.clear();
    this.#silence.heard(false);
    return error;
  }

  #countCrash(): void {
    const beyond = ++this.#crashes - mostCrashes;
    if (beyond >= 0) this.#restsUntil = performance.now() + Math.min(longestRestMs, restMs * 2 ** beyond);
  }

  #settle(reply: Extract<InferenceReply, { id: number }>): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    this.#silence.heard(this.#waiting.size > 0);
    if (reply.type === 'missed') {
      waiting.reject(receivedError(reply.error));
      return;
    }
    this.#crashes = 0;
    this.#statistics = reply.statistics;
    const { width, height } = waiting.target;
    waiting.resolve({ width, height, kind: this.kind, data: reply.depth });
  }

  /** Target first, then the context; throws where the model cannot take them. */
  #picturesOf({ target, context }: FrameWindow): readonly Picture[] {
    const wanted = this.contextOffsets.length;
    const frames = [target, ...context.slice(0, wanted)];
    const fault =
      wanted > 0 && frames.filter(Boolean).length !== wanted + 1
        ? `needs ${wanted} context frames beside the target`
        : frames.some((frame) => frame?.width !== target.width || frame?.height !== target.height)
          ? 'needs frames of one size in a window'
          : frames.some((frame) => frame?.pixels.length !== target.width * target.height * 3)
            ? 'needs three bytes a pixel'
            : sizeFault(this.card.input.size, target);
    if (fault !== undefined) {
      throw new DepthcastError('model-shape', `The model ${this.id} ${fault}.`, {
        advice: 'Decode to the size that inputSize() answers, and leave incomplete windows to the fallback.',
        facts: { width: target.width, height: target.height, index: target.index },
      });
    }
    return frames.map((frame) => pictureOf(frame!, this.card.camera));
  }

  #crashed(fault: string, advice: string, facts: Record<string, unknown> = {}): DepthcastError {
    return new DepthcastError('model-crashed', `The model ${this.id} ${fault}.`, { advice, facts });
  }
}
