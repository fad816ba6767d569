import type { WebSocket } from 'ws';

/** How one viewer's connection is kept in bounds. */
export interface ViewerLimits {
  /** A viewer whose line took nothing for so long is let go, in milliseconds. */
  readonly stalledMs: number;
  /** Messages a viewer may send a second. */
  readonly messagesPerSecond: number;
}

/**
 * One viewer's connection: the newest message wins. At most one message waits here and at most two lie in the socket,
 * however slow the line, so a viewer costs a bounded amount of memory and always sees what is recent.
 */
export class Viewer {
  readonly address: string;
  /** Messages handed to the socket, and those replaced by a newer one before that. */
  sent = 0;
  skipped = 0;
  sentBytes = 0;
  readonly #socket: WebSocket;
  readonly #limits: ViewerLimits;
  #pending: Uint8Array | undefined;
  #blockedSince: number | undefined;
  #answered = true;
  #heard = 0;
  #heardSince = 0;

  constructor(socket: WebSocket, address: string, limits: ViewerLimits) {
    this.address = address;
    this.#socket = socket;
    this.#limits = limits;
    socket.on('pong', () => {
      this.#answered = true;
    });
    socket.on('message', () => this.#hear());
    // What a peer does wrong ends its own connection with the right close code; there is nothing to add.
    socket.on('error', () => {});
  }

  /** Bytes that wait here or in the socket; at most three messages. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount + (this.#pending?.length ?? 0);
  }

  /** Sends a message now, or as soon as the line is free unless a newer one comes first. Never throws. */
  offer(message: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount <= message.length) {
      this.#send(message);
      return;
    }
    if (this.#pending) this.skipped++;
    this.#pending = message;
    const now = performance.now();
    this.#blockedSince ??= now;
    if (now - this.#blockedSince > this.#limits.stalledMs) this.close(1013, 'too slow');
  }

  /** Asks for a sign of life; ends the connection when the last question was not answered. */
  ping(): void {
    if (!this.#answered) {
      this.#socket.terminate();
      return;
    }
    this.#answered = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  /** Says goodbye; a peer that does not answer is cut off after two seconds. */
  close(code: number, reason: string): void {
    this.#pending = undefined;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.close(code, reason);
    const timer = setTimeout(() => this.#socket.terminate(), 2000);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #send(message: Uint8Array): void {
    this.sent++;
    this.sentBytes += message.length;
    this.#socket.send(message, { binary: true }, (error) => {
      this.#blockedSince = undefined;
      const next = this.#pending;
      this.#pending = undefined;
      if (next && !error) this.offer(next);
    });
  }

  #hear(): void {
    // Version 1 asks nothing of viewers; a later one narrows the stream by message, so what comes is let pass unread.
    this.#answered = true;
    const now = performance.now();
    if (now - this.#heardSince > 1000) {
      this.#heardSince = now;
      this.#heard = 0;
    }
    if (++this.#heard > this.#limits.messagesPerSecond) this.close(1008, 'too many messages');
  }
}
