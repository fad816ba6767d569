import type { WebSocket } from 'ws';
import { goodbye } from './guests.ts';
import type { Seat } from './seat.ts';

/** How one viewer's connection is kept in bounds. */
export interface ViewerLimits {
  /** A viewer whose line took nothing for so long is let go, in milliseconds. */
  readonly stalledMs: number;
  /** Messages a viewer may send a second. */
  readonly messagesPerSecond: number;
}

/** Bytes on the line from which on text for a viewer waits: a few seconds of it on the slowest line. */
const TEXT_WAITS_ABOVE = 65_536;

/**
 * One viewer's connection: the newest message wins. At most one message a stream waits here and at most two messages
 * lie in the socket, however slow the line, so a viewer costs a bounded amount of memory and always sees what is recent.
 */
export class Viewer {
  readonly #socket: WebSocket;
  readonly #limits: ViewerLimits;
  readonly #onText: (text: string) => void;
  /** The newest message of each stream that found the line busy; the stream that has waited longest goes first. */
  readonly #pending = new Map<Seat, Uint8Array>();
  #news: string | undefined;
  #blockedSince: number | undefined;
  #heard = 0;
  #heardSince = 0;

  constructor(socket: WebSocket, limits: ViewerLimits, onText: (text: string) => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onText = onText;
    socket.on('message', (data: Buffer, isBinary) => this.#hear(data, isBinary));
  }

  /** Bytes that wait here or in the socket; at most two messages and one more a stream. */
  get bufferedBytes(): number {
    let bytes = this.#socket.bufferedAmount;
    for (const message of this.#pending.values()) bytes += message.length;
    return bytes;
  }

  /** Sends a message now, or as soon as the line is free unless a newer one of its stream comes first. Never throws. */
  offer(seat: Seat, message: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      seat.lost('closed');
      return;
    }
    if (this.#pending.size === 0 && this.#socket.bufferedAmount <= message.length) {
      this.#send(seat, message);
      return;
    }
    if (this.#pending.has(seat)) seat.lost('slow');
    this.#pending.set(seat, message);
    const now = performance.now();
    this.#blockedSince ??= now;
    if (now - this.#blockedSince > this.#limits.stalledMs) this.close(1013, 'too slow');
  }

  /** Whether a message of this seat waits. */
  isWaiting(seat: Seat): boolean {
    return this.#pending.has(seat);
  }

  /** Lets go what waits of a seat that is given up. */
  forget(seat: Seat): void {
    if (this.#pending.delete(seat)) seat.lost('closed');
  }

  /** Sends news in text; where the line is busy only the newest news is kept. */
  tell(news: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > TEXT_WAITS_ABOVE) this.#news = news;
    else this.#socket.send(news, () => this.#flush());
  }

  /** Says what was wrong with a message, unless the line is busy. */
  complain(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount > TEXT_WAITS_ABOVE) return;
    this.#socket.send(text, () => this.#flush());
  }

  /** Says goodbye; a peer that does not answer is cut off after two seconds. */
  close(code: number, reason: string): void {
    for (const seat of this.#pending.keys()) seat.lost('closed');
    this.#pending.clear();
    goodbye(this.#socket, code, reason);
  }

  #send(seat: Seat, message: Uint8Array): void {
    seat.handed(message.length);
    this.#socket.send(message, { binary: true }, (error) => {
      this.#blockedSince = undefined;
      if (!error) this.#flush();
    });
  }

  #flush(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#news !== undefined && this.#socket.bufferedAmount <= TEXT_WAITS_ABOVE) {
      const news = this.#news;
      this.#news = undefined;
      this.tell(news);
    }
    for (const [seat, message] of this.#pending) {
      if (this.#socket.bufferedAmount > message.length) return;
      this.#pending.delete(seat);
      this.#send(seat, message);
    }
  }

  #hear(data: Buffer, isBinary: boolean): void {
    const now = performance.now();
    if (now - this.#heardSince > 1000) {
      this.#heardSince = now;
      this.#heard = 0;
    }
    if (++this.#heard > this.#limits.messagesPerSecond) this.close(1008, 'too many messages');
    else this.#onText(isBinary ? '' : data.toString());
  }
}
