import type { DepthFrame, FallbackReason, ViewWish } from '../../frames/index.ts';
import type { DepthHub } from '../../operators/depth-hub.ts';
import type { StreamTelemetry } from '../telemetry/telemetry.ts';
import { type EncodingOptions, FrameEncoder, type FramePlace } from './frame-encoder.ts';
import { addMessages, noMessages } from './message-counts.ts';
import { Seat } from './seat.ts';
import { STALLED_AFTER_MS, type StreamReport, type StreamState, type StreamStatus } from './stream-status.ts';
import type { Viewer } from './viewer.ts';

export type { StreamReport, StreamState, StreamStatus } from './stream-status.ts';

/** An answer with its place. */
interface Published extends FramePlace {
  readonly frame: DepthFrame;
}

/**
 * The viewers of one stream. `publish` returns at once: one frame is packed at a time, for all viewers together and
 * once for each variant that somebody wants now, and the newest waits; while nobody watches nothing is packed.
 */
export class StreamHub implements DepthHub {
  readonly name: string;
  readonly #encoding: EncodingOptions;
  readonly #onError: (error: unknown) => void;
  readonly #telemetry: StreamTelemetry;
  readonly #tellGaps: boolean;
  readonly #seats = new Set<Seat>();
  readonly #taps = new Set<(frame: DepthFrame) => void>();
  #report: (() => StreamReport) | undefined;
  #newest: Published | undefined;
  /** The answer that was last taken to be packed. */
  #taken: Published | undefined;
  /** Packs the newest answer; kept so that whoever comes late shares what was made. */
  #encoder: { readonly of: Published; readonly encoder: FrameEncoder } | undefined;
  #isEncoding = false;
  #ended = false;
  #retired = false;
  #publishedAt = 0;
  #frames = 0;
  #dropped = 0;
  #encoded = 0;
  readonly #fallbacks: Partial<Record<FallbackReason, number>> = {};
  readonly #lost: Record<string, number> = {};
  /** What viewers that have left had got. */
  readonly #past = noMessages();

  /** `tellGaps`: count holes in the frames' indices as drops, where nobody else tells the telemetry of drops. */
  constructor(
    name: string,
    encoding: EncodingOptions,
    onError: (error: unknown) => void,
    telemetry: StreamTelemetry,
    tellGaps: boolean,
  ) {
    this.name = name;
    this.#encoding = encoding;
    this.#onError = onError;
    this.#telemetry = telemetry;
    this.#tellGaps = tellGaps;
  }

  /** Hands an answer to all viewers of the stream. Never throws and never waits; after {@link retire} it does nothing. */
  publish(frame: DepthFrame): void {
    if (this.#retired) return;
    const last = this.#newest;
    // An index that goes backwards is a source that began again; nothing was lost there.
    const gap = last ? Math.max(0, frame.frame.index - last.frame.frame.index - 1) : 0;
    this.#dropped += gap;
    if (this.#tellGaps) this.#telemetry.dropped('upstream', 'gap', gap);
    const watched = this.#seats.size > 0;
    if (watched && last && last !== this.#taken) this.lost('encode', 'newer');
    this.#newest = { frame, sequence: this.#frames++, dropped: this.#dropped };
    this.#publishedAt = performance.now();
    this.#ended = false;
    this.#tell(frame);
    for (const listener of this.#taps) {
      try {
        listener(frame);
      } catch (error) {
        this.#onError(error);
      }
    }
    if (watched) this.#encodeNewest();
  }

  /**
   * Calls a listener with each answer as it is published, until the returned function is called. What it throws is told
   * to `onError`.
   */
  tap(listener: (frame: DepthFrame) => void): () => void {
    // A listener may be given twice; each has an end of its own.
    const own = (frame: DepthFrame) => listener(frame);
    this.#taps.add(own);
    return () => this.#taps.delete(own);
  }

  /**
   * Books what was let go behind the hub, for `/metrics` and {@link status}; whoever taps it does so under a stage of its
   * own. A stream that was taken out has no books any more.
   */
  lost(stage: string, reason: string, count = 1): void {
    if (this.#retired || count === 0) return;
    const key = `${stage}/${reason}`;
    this.#lost[key] = (this.#lost[key] ?? 0) + count;
    this.#telemetry.dropped(stage, reason, count);
  }

  /** Says how to ask whoever runs the stream how it does; what that says stands before what the hub can see. */
  explain(report: () => StreamReport): void {
    this.#report = report;
  }

  /** Says that the source has no more frames; viewers stay and keep the last one. */
  end(): void {
    this.#ended = true;
  }

  /** The stream was taken out of the server: what still comes has nowhere to go. */
  retire(): void {
    this.#retired = true;
    this.#ended = true;
  }

  /** Gives a viewer a seat; it gets the newest answer at once, whenever that was. */
  join(viewer: Viewer, wish: ViewWish): Seat {
    const newest = this.#newest;
    const seat = new Seat(viewer, wish, newest ? newest.sequence - 1 : -1);
    this.#seats.add(seat);
    if (!newest) return seat;
    if (newest !== this.#taken) this.#encodeNewest();
    else void this.#catchUp(seat, newest);
    return seat;
  }

  /** Takes a seat away. */
  leave(seat: Seat): void {
    if (!this.#seats.delete(seat)) return;
    seat.viewer.forget(seat);
    addMessages(this.#past, seat.counts);
  }

  /** Viewers of this moment. */
  get viewers(): ReadonlySet<Viewer> {
    return new Set([...this.#seats].map(({ viewer }) => viewer));
  }

  /** How the stream does, as `/healthz` tells it. */
  status(): StreamStatus {
    const age = this.#newest ? performance.now() - this.#publishedAt : null;
    const messages = { ...noMessages(), waiting: 0 };
    addMessages(messages, this.#past);
    let bufferedBytes = 0;
    for (const seat of this.#seats) {
      addMessages(messages, seat.counts);
      if (seat.viewer.isWaiting(seat)) messages.waiting++;
      bufferedBytes += seat.viewer.bufferedBytes;
    }
    const report = this.#report?.();
    return {
      name: this.name,
      state: report?.state ?? this.#state(age),
      fault: report?.fault,
      report,
      frames: this.#frames,
      dropped: report?.dropped ? Object.values(report.dropped).reduce((sum, count) => sum + count, 0) : this.#dropped,
      fallbacks: { ...this.#fallbacks },
      encoded: this.#encoded,
      unencoded: this.#lost['encode/newer'] ?? 0,
      encodingErrors: this.#lost['encode/error'] ?? 0,
      lost: { ...this.#lost },
      lastFrameAgeMs: age === null ? null : Math.round(age),
      estimator: this.#newest?.frame.estimator ?? null,
      fallbackReason: this.#newest?.frame.fallbackReason ?? null,
      score: this.#newest?.frame.consistency?.score ?? null,
      viewers: this.#seats.size,
      sent: messages.sent,
      sentBytes: messages.sentBytes,
      skipped: messages.lost.slow,
      messages,
      bufferedBytes,
    };
  }

  #state(age: number | null): StreamState {
    if (this.#ended) return 'ended';
    if (age === null) return 'waiting';
    return age > STALLED_AFTER_MS ? 'stalled' : 'live';
  }

  #tell({ estimator, fallbackReason, inferenceMs, frame }: DepthFrame): void {
    this.#telemetry.published();
    this.#telemetry.estimated(estimator);
    this.#telemetry.stage('estimate', inferenceMs);
    this.#telemetry.stage('total', this.#publishedAt - frame.arrivedAt);
    if (!fallbackReason) return;
    this.#telemetry.fellBack(fallbackReason);
    this.#fallbacks[fallbackReason] = (this.#fallbacks[fallbackReason] ?? 0) + 1;
  }

  #encoderOf(published: Published): FrameEncoder {
    if (this.#encoder?.of !== published) {
      this.#encoder = { of: published, encoder: new FrameEncoder(published.frame, published, this.#encoding) };
    }
    return this.#encoder.encoder;
  }

  #encodeNewest(): void {
    if (!this.#isEncoding) void this.#encodeWhileNew();
  }

  async #encodeWhileNew(): Promise<void> {
    this.#isEncoding = true;
    while (this.#newest && this.#newest !== this.#taken && this.#seats.size > 0) {
      const published = this.#newest;
      this.#taken = published;
      const seats = [...this.#seats].filter((seat) => seat.hasRoomFor(published.sequence));
      if (seats.length === 0) continue;
      const began = performance.now();
      try {
        await this.#deliver(published, seats);
        this.#encoded++;
        this.#telemetry.stage('encode', performance.now() - began);
      } catch (error) {
        this.lost('encode', 'error');
        for (const seat of seats) seat.passOver(published.sequence);
        this.#onError(error);
      }
    }
    this.#isEncoding = false;
  }

  /** For a seat that came after the newest answer was taken: what was made of it is shared. */
  async #catchUp(seat: Seat, published: Published): Promise<void> {
    try {
      const message = await this.#encoderOf(published).message(seat.wish);
      if (this.#seats.has(seat)) seat.offer(published.sequence, message);
    } catch {
      // Whoever took it has told of the error.
      seat.passOver(published.sequence);
    }
  }

  async #deliver(published: Published, seats: readonly Seat[]): Promise<void> {
    const encoder = this.#encoderOf(published);
    const messages = await Promise.all(seats.map(({ wish }) => encoder.message(wish)));
    for (const [i, seat] of seats.entries()) {
      if (this.#seats.has(seat)) seat.offer(published.sequence, messages[i]!);
      // A thousand sockets in one go would hold up everything else for a fifth of a second.
      if (i % 50 === 49) await new Promise(setImmediate);
    }
  }
}
