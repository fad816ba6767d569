import type { FallbackReason, StreamNews } from '../../frames/index.ts';
import type { MessageCounts } from './message-counts.ts';

/** `waiting` = no frame yet, `live`, `stalled` = none for {@link STALLED_AFTER_MS}, `ended` = the source has no more. */
export type StreamState = 'waiting' | 'live' | 'stalled' | 'ended';

/** A stream without a new frame for so long counts as stalled, in milliseconds. */
export const STALLED_AFTER_MS = 2500;

/** What whoever runs a stream knows of it and the hub cannot see. */
export interface StreamReport {
  /** In the runner's words, e.g. `connecting`, `thinned`, `failed`; stands instead of the hub's guess. */
  readonly state: string;
  readonly fault?: StreamNews['fault'];
  /** Every how many windows one is kept, where the stream was thinned. */
  readonly every?: number | undefined;
  /** Frames that came in, and those let go by `stage/reason`. */
  readonly in?: number | undefined;
  readonly dropped?: Readonly<Record<string, number>> | undefined;
}

/** What is known of a stream, for `/healthz` and `/metrics`. Counters only grow. */
export interface StreamStatus {
  readonly name: string;
  /** A {@link StreamState}, or what the stream's runner says. */
  readonly state: string;
  readonly fault?: StreamNews['fault'];
  /** What the stream's runner said, if it says anything. */
  readonly report?: StreamReport | undefined;
  /** Answers published. */
  readonly frames: number;
  /** Frames of the source that were let go before estimation. */
  readonly dropped: number;
  readonly fallbacks: Readonly<Partial<Record<FallbackReason, number>>>;
  /** Answers packed, and answers passed over because a newer one came while one was being packed. */
  readonly encoded: number;
  readonly unencoded: number;
  readonly encodingErrors: number;
  /**
   * What was let go behind the hub for all viewers at once, in the recording and at `/foxglove`, by `STAGE/REASON`, e.g.
   * `record/slow`. What each viewer's line was spared is in {@link messages}.
   */
  readonly lost: Readonly<Record<string, number>>;
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
  /** Everything that became of the messages viewers had coming: offered = sent + lost + waiting. */
  readonly messages: Readonly<MessageCounts> & { readonly waiting: number };
  /** Bytes that wait for slow viewers now. */
  readonly bufferedBytes: number;
}
