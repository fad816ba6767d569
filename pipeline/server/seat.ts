import type { ViewWish } from '../../frames/index.ts';
import type { Viewer } from './viewer.ts';

/**
 * Why a viewer did not get a message: `slow` = its line was busy until a newer one came, `rate` = it asked for fewer,
 * `encode` = a newer frame came before this one was packed, or it could not be, `closed` = it left first.
 */
export type MessageLoss = 'slow' | 'rate' | 'encode' | 'closed';

/** Messages of a seat, or of all seats of a stream. `offered` = sent + lost + those that wait. */
export interface MessageCounts {
  offered: number;
  sent: number;
  sentBytes: number;
  readonly lost: Record<MessageLoss, number>;
}

/** Counts with nothing in them. */
export function noMessages(): MessageCounts {
  return { offered: 0, sent: 0, sentBytes: 0, lost: { slow: 0, rate: 0, encode: 0, closed: 0 } };
}

/** Adds some counts to others. */
export function addMessages(to: MessageCounts, { offered, sent, sentBytes, lost }: MessageCounts): void {
  to.offered += offered;
  to.sent += sent;
  to.sentBytes += sentBytes;
  for (const reason of Object.keys(lost) as MessageLoss[]) to.lost[reason] += lost[reason];
}

/** One viewer at one stream: what it wants of it, and what became of each of the stream's frames. */
export class Seat {
  readonly viewer: Viewer;
  readonly wish: ViewWish;
  readonly counts = noMessages();
  readonly #intervalMs: number;
  #dueAt = Number.NEGATIVE_INFINITY;
  /** Sequence number of the last frame whose fate here is settled. */
  #last: number;

  /** `last`: the sequence number of the last frame before those that count here. */
  constructor(viewer: Viewer, wish: ViewWish, last: number) {
    this.viewer = viewer;
    this.wish = wish;
    this.#intervalMs = wish.maxFps === undefined ? 0 : 1000 / wish.maxFps;
    this.#last = last;
  }

  /** Whether the viewer's rate leaves room for a frame now; if not, the frame counts as let go. */
  hasRoomFor(sequence: number): boolean {
    if (sequence <= this.#last) return false;
    // A millisecond of slack: timers and frames are never quite even, and a frame missed by it is a whole frame late.
    if (performance.now() >= this.#dueAt - 1) return true;
    this.#settle(sequence);
    this.counts.lost.rate++;
    return false;
  }

  /** Gives the viewer a message; one that is not newer than what it has had does nothing. */
  offer(sequence: number, message: Uint8Array): void {
    if (sequence <= this.#last) return;
    this.#settle(sequence);
    const now = performance.now();
    // Frames come when they come: a rate that was missed by less than one interval is made up for.
    this.#dueAt = Math.max(this.#dueAt, now - this.#intervalMs) + this.#intervalMs;
    this.viewer.offer(this, message);
  }

  /** Settles frames that were passed over up to this one. */
  passOver(sequence: number): void {
    if (sequence <= this.#last) return;
    this.#settle(sequence);
    this.counts.lost.encode++;
  }

  /** A message of this seat was handed to the socket. */
  handed(bytes: number): void {
    this.counts.sent++;
    this.counts.sentBytes += bytes;
  }

  /** A message of this seat was let go. */
  lost(reason: MessageLoss): void {
    this.counts.lost[reason]++;
  }

  #settle(sequence: number): void {
    this.counts.offered += sequence - this.#last;
    this.counts.lost.encode += sequence - this.#last - 1;
    this.#last = sequence;
  }
}
