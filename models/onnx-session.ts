import * as ort from 'onnxruntime-node';

/** A tensor of the runtime; it never leaves the thread it was made in. */
export type Tensor = ort.Tensor;

/** How a session runs. */
export interface SessionOptions {
  /** Threads inside one operator. Always stated: in containers the runtime's own guess fails (onnxruntime #8313). */
  readonly threads: number;
  /** The runtime's name of where it runs; what that cannot do is left to the CPU. Default `cpu`. */
  readonly device?: string | undefined;
}

/**
 * One graph in the runtime: the only file of the project that knows onnxruntime-node.
 *
 * `run()` of onnxruntime-node blocks its thread however async it looks, so a session belongs into a worker.
 */
export class OnnxSession {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** Builds a session from the bytes of an ONNX file; rejects with the runtime's own error where it cannot. */
  static async create(bytes: Uint8Array, options: SessionOptions): Promise<OnnxSession> {
    ort.env.logLevel = 'fatal';
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [options.device ?? 'cpu'],
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      // A model of two graphs has two thread pools. By default the idle one spins and takes the core from the other: twice
      // the time and the CPU time. Never spinning costs wake-ups: 13.4 ms a window instead of 11.3 on two idle cores. So
      // threads spin for a moment, and only while a graph runs.
      extra: { session: { force_spinning_stop: '1', intra_op: { spin_duration_us: '20' } } },
    });
    return new OnnxSession(session);
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  /** Runs the graph; the answers are fresh memory and belong to the caller. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>> {
    return this.#session.run(feeds);
  }

  /** Gives the memory back. */
  release(): Promise<void> {
    return this.#session.release();
  }
}

/** A float32 tensor over `data`; no copy. */
export function floatTensor(data: Float32Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('float32', data, shape);
}

/** A uint8 tensor over `data`; no copy. The runtime refuses memory that is shared between threads. */
export function byteTensor(data: Uint8Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('uint8', data, shape);
}
