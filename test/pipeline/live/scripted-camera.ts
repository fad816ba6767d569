import { Flow, type Frame } from '../../../frames/index.ts';
import type { Camera, CameraState, CameraStatus } from '../../../pipeline/sources/frame-source.ts';
import { frame } from '../../operators/frames.ts';

/** A camera whose pictures and states a test plays by hand. */
export class ScriptedCamera implements Camera {
  readonly info = { live: true, address: 'rtsp://camera/cam', hasPoses: false } as const;
  readonly #flow = new Flow();
  readonly #make: (index: number, given: Partial<Frame>) => Frame;
  readonly #listeners = new Set<(status: CameraStatus) => void>();
  readonly #queue: Frame[] = [];
  #wake = (): void => {};
  #state: CameraState = 'connecting';
  #emitted = 0;
  #index = 0;
  #over = false;
  #failure: unknown;

  /** `make`: what a picture looks like; default a tiny grey one. */
  constructor(make = frame) {
    this.#make = make;
  }

  /** Sends so many pictures now. */
  send(count = 1): void {
    for (let i = 0; i < count; i++) {
      const index = this.#index++;
      this.#queue.push(this.#make(index, { flow: this.#flow, timestamp: index / 25, arrivedAt: performance.now() }));
    }
    this.#wake();
  }

  become(state: CameraState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(this.status());
  }

  /** Ends its reading, as no camera should. */
  breakDown(failure: unknown): void {
    this.#failure = failure;
    this.#over = true;
    this.#wake();
  }

  status(): CameraStatus {
    const none = { stalls: 0, decodeErrors: 0, timestampJumps: 0, sizeChanges: 0, decoderExits: {}, reconnects: {} };
    const waiting = this.#over ? this.#queue.length : 0;
    return {
      ...none,
      state: this.#state,
      sinceMs: 0,
      decoded: this.#emitted + waiting,
      emitted: this.#emitted,
      discarded: waiting > 0 ? { closed: waiting } : {},
      lastFrameAgeMs: null,
    };
  }

  onChange(listener: (status: CameraStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  frames(): AsyncIterable<Frame> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          while (this.#queue.length === 0 && !this.#over) {
            await new Promise<void>((resolve) => {
              this.#wake = resolve;
            });
          }
          if (this.#failure !== undefined) throw this.#failure;
          if (this.#over) return { done: true, value: undefined };
          this.#emitted++;
          return { done: false, value: this.#queue.shift()! };
        },
        return: async () => {
          this.#over = true;
          this.#wake();
          return { done: true, value: undefined };
        },
      }),
    };
  }
}
