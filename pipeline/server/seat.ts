import type { ViewWish } from '../../frames/index.ts';
import { type MessageLoss, noMessages } from './message-counts.ts';
import type { MessageAccount, Viewer } from './viewer.ts';

/** One viewer at one stream: what it wants of it, and what became of each of the stream's frames. */
export class Seat implements MessageAccount {
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
