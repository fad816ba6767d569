import type { DepthFrame, FallbackReason } from '../../frames/index.ts';
import type { DepthHub } from '../../operators/depth-hub.ts';
import { type EncodingOptions, encodeFrame, type FramePlace } from './frame-encoder.ts';
import type { Viewer } from './viewer.ts';

/** `waiting` = no frame yet, `live`, `stalled` = none for {@link STALLED_AFTER_MS}, `ended` = the source has no more. */
export type StreamState = 'waiting' | 'live' | 'stalled' | 'ended';

/** A stream without a new frame for so long counts as stalled, in milliseconds. */
export const STALLED_AFTER_MS = 2500;

/** What is known of a stream, for `/healthz` and `/metrics`. Counters only grow. */
export interface StreamStatus {
  readonly name: string;
  readonly state: StreamState;
  /** Answers published. */
  readonly frames: number;
  /** Frames of the source that were let go before estimation. */
  readonly dropped: number;
  readonly fallbacks: Readonly<Partial<Record<FallbackReason, number>>>;
  /** Messages made, and answers passed over because a newer one came while one was being made. */
  readonly encoded: number;
  readonly unencoded: number;
  readonly encodingErrors: number;
  /** Milliseconds since the last answer. */
  readonly lastFrameAgeMs: number | null;
  readonly estimator: string | null;
  readonly fallbackReason: FallbackReason | null;
  readonly score: number | null;
  readonly viewers: number;
  readonly sent: number;
  readonly sentBytes: number;
  /** Messages that viewers were spared because a newer one was ready first. */
  readonly skipped: number;
  /** Bytes that wait for slow viewers now. */
  readonly bufferedBytes: number;
}

/** An answer with its place. */
interface Published extends FramePlace {
  readonly frame: DepthFrame;
}

/**
 * The viewers of one stream. `publish` returns at once: one frame is encoded at a time, for all viewers together, and
 * the newest waits; while nobody watches nothing is encoded.
 */
export class StreamHub implements DepthHub {
  readonly name: string;
  readonly #encoding: EncodingOptions;
  readonly #onError: (error: unknown) => void;
  readonly #viewers = new Set<Viewer>();
  #newest: Published | undefined;
  /** The answer that was last taken to be encoded, and the last message made. */
  #taken: Published | undefined;
  #message: { readonly of: Published; readonly bytes: Uint8Array } | undefined;
  #isEncoding = false;
  #ended = false;
  #publishedAt = 0;
  #frames = 0;
  #dropped = 0;
  #encoded = 0;
  #unencoded = 0;
  #encodingErrors = 0;
  readonly #fallbacks: Partial<Record<FallbackReason, number>> = {};
  /** What viewers that have left had got. */
  readonly #past = { sent: 0, sentBytes: 0, skipped: 0 };

  constructor(name: string, encoding: EncodingOptions, onError: (error: unknown) => void) {
    this.name = name;
    this.#encoding = encoding;
    this.#onError = onError;
  }

  /** Hands an answer to all viewers of the stream. Never throws and never waits. */
  publish(frame: DepthFrame): void {
    const last = this.#newest;
    // An index that goes backwards is a source that began again; nothing was lost there.
    if (last) this.#dropped += Math.max(0, frame.frame.index - last.frame.frame.index - 1);
    const watched = this.#viewers.size > 0;
    if (watched && last && last !== this.#taken) this.#unencoded++;
    this.#newest = { frame, sequence: this.#frames++, dropped: this.#dropped };
    this.#publishedAt = performance.now();
    this.#ended = false;
    if (frame.fallbackReason) {
      this.#fallbacks[frame.fallbackReason] = (this.#fallbacks[frame.fallbackReason] ?? 0) + 1;
    }
    if (watched) this.#encodeNewest();
  }

  /** Says that the source has no more frames; viewers stay and keep the last one. */
  end(): void {
    this.#ended = true;
  }

  /** Adds a viewer; it gets the newest answer at once, whenever that was. */
  join(viewer: Viewer): void {
    this.#viewers.add(viewer);
    if (this.#message && this.#message.of === this.#newest) viewer.offer(this.#message.bytes);
    else if (this.#newest) this.#encodeNewest();
  }

  leave(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return;
    this.#past.sent += viewer.sent;
    this.#past.sentBytes += viewer.sentBytes;
    this.#past.skipped += viewer.skipped;
  }

  /** Viewers of this moment. */
  get viewers(): ReadonlySet<Viewer> {
    return this.#viewers;
  }

  status(): StreamStatus {
    const age = this.#newest ? performance.now() - this.#publishedAt : null;
    const total = { ...this.#past, bufferedBytes: 0 };
    for (const viewer of this.#viewers) {
      total.sent += viewer.sent;
      total.sentBytes += viewer.sentBytes;
      total.skipped += viewer.skipped;
      total.bufferedBytes += viewer.bufferedBytes;
    }
    return {
      name: this.name,
      state: this.#state(age),
      frames: this.#frames,
      dropped: this.#dropped,
      fallbacks: { ...this.#fallbacks },
      encoded: this.#encoded,
      unencoded: this.#unencoded,
      encodingErrors: this.#encodingErrors,
      lastFrameAgeMs: age === null ? null : Math.round(age),
      estimator: this.#newest?.frame.estimator ?? null,
      fallbackReason: this.#newest?.frame.fallbackReason ?? null,
      score: this.#newest?.frame.consistency?.score ?? null,
      viewers: this.#viewers.size,
      ...total,
    };
  }

  #state(age: number | null): StreamState {
    if (this.#ended) return 'ended';
    if (age === null) return 'waiting';
    return age > STALLED_AFTER_MS ? 'stalled' : 'live';
  }

  #encodeNewest(): void {
    if (!this.#isEncoding) void this.#encodeWhileNew();
  }

  async #encodeWhileNew(): Promise<void> {
    this.#isEncoding = true;
    while (this.#newest && this.#newest !== this.#taken && this.#viewers.size > 0) {
      const published = this.#newest;
      this.#taken = published;
      try {
        const bytes = await encodeFrame(published.frame, published, this.#encoding);
        this.#encoded++;
        this.#message = { of: published, bytes };
        await this.#deliver(bytes);
      } catch (error) {
        this.#encodingErrors++;
        this.#onError(error);
      }
    }
    this.#isEncoding = false;
  }

  async #deliver(bytes: Uint8Array): Promise<void> {
    let handed = 0;
    // A copy, since whoever joins from now on is given the message at the door.
    for (const viewer of [...this.#viewers]) {
      viewer.offer(bytes);
      // A thousand sockets in one go would hold up everything else for a fifth of a second.
      if (++handed % 50 === 0) await new Promise(setImmediate);
    }
  }
}
