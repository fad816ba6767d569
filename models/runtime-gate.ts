/** Positions of the two cells. */
const inside = 0;
const shut = 1;

/**
 * Keeps a thread from being ended while it is inside the native runtime.
 *
 * `worker.terminate()` and `process.exit()` interrupt a worker as soon as native code comes back to JavaScript, and
 * onnxruntime-node then throws where nobody can catch: the whole process aborts ("terminate called after throwing an
 * instance of 'Napi::Error'", seen here). So the worker says when it is inside, nobody ends it then, and once the gate
 * is shut it does not enter again. The cells are shared memory: they work while the main thread is blocked in `exit`.
 */
export class RuntimeGate {
  readonly cells: Int32Array<SharedArrayBuffer>;

  /** A new gate, or the other thread's view of one from its `cells`. */
  constructor(cells = new Int32Array(new SharedArrayBuffer(8))) {
    this.cells = cells;
  }

  /** Runs `work` inside the gate; where the gate is shut it never does, and never resolves. Calls must not overlap. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    // Entered before looking: whoever shuts the gate looks in the opposite order, so one of the two sees the other.
    Atomics.store(this.cells, inside, 1);
    if (Atomics.load(this.cells, shut) === 1) {
      this.leave();
      return new Promise<T>(() => {});
    }
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /** Nobody enters from now on. */
  shut(): void {
    Atomics.store(this.cells, shut, 1);
  }

  /** Blocks this thread until nobody is inside, at most `ms`; `false` where somebody still is. */
  blockUntilEmpty(ms: number): boolean {
    return Atomics.wait(this.cells, inside, 1, ms) !== 'timed-out';
  }

  /** Says that nobody is inside; for a worker that ends itself between two runs of the runtime. */
  leave(): void {
    Atomics.store(this.cells, inside, 0);
    Atomics.notify(this.cells, inside);
  }
}

/** How long the end of this process waits for runs under way, in milliseconds. */
const exitMs = 10_000;

/** Gates that the end of this process waits at. */
const guarded = new Set<RuntimeGate>();

/** Makes the end of this process wait until nobody is inside; what it answers ends that. */
export function guardExit(gate: RuntimeGate): () => void {
  if (guarded.size === 0) process.once('exit', leaveSafely);
  guarded.add(gate);
  return () => {
    guarded.delete(gate);
    if (guarded.size === 0) process.off('exit', leaveSafely);
  };
}

function leaveSafely(): void {
  for (const gate of guarded) gate.shut();
  for (const gate of guarded) {
    if (gate.blockUntilEmpty(exitMs)) continue;
    // A graph that never ends would keep the process for ever: even process.exit() waits for its thread.
    process.kill(process.pid, 'SIGKILL');
  }
}
