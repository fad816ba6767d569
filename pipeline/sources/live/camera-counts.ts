import type { DepthcastError } from '../../../frames/index.ts';
import type { CameraState, CameraStatus } from '../frame-source.ts';

/** What a camera has been through: the counters behind {@link CameraStatus} and who listens to its state. */
export class CameraCounts {
  decoded = 0;
  emitted = 0;
  stalls = 0;
  decodeErrors = 0;
  timestampJumps = 0;
  sizeChanges = 0;
  /** `performance.now()` of the last picture that was fit to be handed on. */
  lastFrameAt: number | undefined;
  readonly #discarded: Record<string, number> = {};
  readonly #reconnects: Record<string, number> = {};
  readonly #decoderExits: Record<string, number> = {};
  readonly #listeners = new Set<(status: CameraStatus) => void>();
  #state: CameraState = 'connecting';
  #sinceMs = performance.now();
  #fault: DepthcastError | undefined;
  #nextTryAt: number | undefined;

  discard(reason: string): void {
    this.#discarded[reason] = (this.#discarded[reason] ?? 0) + 1;
  }

  reconnect(reason: string): void {
    this.#reconnects[reason] = (this.#reconnects[reason] ?? 0) + 1;
  }

  exit(how: string): void {
    this.#decoderExits[how] = (this.#decoderExits[how] ?? 0) + 1;
  }

  /** Changes the state and tells whoever listens; what a listener throws is its own loss. */
  enter(state: CameraState, fault?: DepthcastError, waitMs?: number): void {
    if (this.#state === 'closed') return;
    const changed = state !== this.#state || fault !== this.#fault;
    if (state !== this.#state) this.#sinceMs = performance.now();
    this.#state = state;
    this.#fault = fault;
    this.#nextTryAt = waitMs === undefined ? undefined : performance.now() + waitMs;
    if (!changed) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.status());
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  get state(): CameraState {
    return this.#state;
  }

  /** The fault that is shown; it stays while the next connection is tried. */
  get fault(): DepthcastError | undefined {
    return this.#fault;
  }

  listen(listener: (status: CameraStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): CameraStatus {
    const now = performance.now();
    return {
      state: this.#state,
      sinceMs: this.#sinceMs,
      fault: this.#fault,
      nextTryInMs: this.#nextTryAt === undefined ? undefined : Math.max(0, this.#nextTryAt - now),
      decoded: this.decoded,
      emitted: this.emitted,
      discarded: { ...this.#discarded },
      reconnects: { ...this.#reconnects },
      stalls: this.stalls,
      decodeErrors: this.decodeErrors,
      timestampJumps: this.timestampJumps,
      sizeChanges: this.sizeChanges,
      decoderExits: { ...this.#decoderExits },
      lastFrameAgeMs: this.lastFrameAt === undefined ? null : now - this.lastFrameAt,
    };
  }
}
