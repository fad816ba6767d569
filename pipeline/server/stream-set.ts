import type { StreamNews } from '../../frames/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { EncodingOptions } from './frame-encoder.ts';
import { invalidOption } from './invalid-option.ts';
import { StreamHub } from './stream-hub.ts';
import { checkStreamName } from './stream-name.ts';
import type { StreamStatus } from './stream-status.ts';

/** The streams of a server; they come and go while it runs. */
export class StreamSet {
  readonly #hubs = new Map<string, StreamHub>();
  readonly #listeners = new Set<() => void>();
  readonly #encoding: EncodingOptions;
  readonly #onError: (error: unknown) => void;
  readonly #telemetry: Telemetry;
  readonly #tellGaps: boolean;

  /** `tellGaps`: see {@link StreamHub}. */
  constructor(encoding: EncodingOptions, onError: (error: unknown) => void, telemetry: Telemetry, tellGaps: boolean) {
    this.#encoding = encoding;
    this.#onError = onError;
    this.#telemetry = telemetry;
    this.#tellGaps = tellGaps;
  }

  /** Throws `option-invalid` for a bad name or one that is there. */
  add(name: string): StreamHub {
    checkStreamName(name);
    if (this.#hubs.has(name)) throw invalidOption(`There is a stream '${name}' already.`, 'Name each one apart.');
    const hub = new StreamHub(name, this.#encoding, this.#onError, this.#telemetry.stream(name), this.#tellGaps);
    this.#hubs.set(name, hub);
    this.#changed();
    return hub;
  }

  /** The stream that was taken out, if there was one. */
  remove(name: string): StreamHub | undefined {
    const hub = this.#hubs.get(name);
    if (!hub) return undefined;
    this.#hubs.delete(name);
    hub.retire();
    this.#changed();
    this.#telemetry.forget(name);
    return hub;
  }

  get(name: string): StreamHub | undefined {
    return this.#hubs.get(name);
  }

  get names(): readonly string[] {
    return [...this.#hubs.keys()];
  }

  status(): readonly StreamStatus[] {
    return [...this.#hubs.values()].map((hub) => hub.status());
  }

  /** What viewers are told: state and fault, a camera's own where it has one. */
  news(): readonly StreamNews[] {
    return this.status().map(({ name, state, report, fault }) => {
      const camera = this.#telemetry.cameraOf(name);
      if (report || !camera || camera.state === 'live') return { name, state, fault };
      const why = camera.fault && { code: camera.fault.code, message: camera.fault.message };
      return { name, state: camera.state, fault: why };
    });
  }

  /** Told after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
