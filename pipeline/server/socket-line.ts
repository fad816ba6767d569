import type { RawData, WebSocket } from 'ws';

/** How one client's connection is kept in bounds. */
export interface LineLimits {
  /** A client whose line took nothing for so long is let go, in milliseconds. */
  readonly stalledMs: number;
  /** Messages a client may send a second. */
  readonly messagesPerSecond: number;
}

/** Whoever speaks over a line. */
export interface LineOwner {
  /** A message of the client. */
  hear(data: RawData, isBinary: boolean): void;
  /** The client goes or has gone: what waits for it will never be sent. May be called more than once. */
  leaving(): void;
}

/** Milliseconds a peer has to answer a goodbye before its line is cut. */
const GOODBYE_MS = 2000;

/**
 * The line to one client, whatever it speaks: one that talks too much, or takes nothing for too long, is let go. What
 * may wait on the line and what may be dropped is its owner's to say.
 */
export class SocketLine {
  readonly #socket: WebSocket;
  readonly #limits: LineLimits;
  readonly #owner: LineOwner;
  #blockedSince: number | undefined;
  #heard = 0;
  #heardSince = 0;

  constructor(socket: WebSocket, limits: LineLimits, owner: LineOwner) {
    this.#socket = socket;
    this.#limits = limits;
    this.#owner = owner;
    socket.on('message', (data, isBinary) => this.#hear(data, isBinary));
    socket.on('close', () => owner.leaving());
    // What a peer does wrong ends its own connection with the right close code; there is nothing to add.
    socket.on('error', () => {});
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Bytes that the system has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends a message; `onTaken` is called once the system has it and there may be room for the next. */
  send(message: Uint8Array, onTaken: () => void): void {
    this.#socket.send(message, { binary: true }, (error) => {
      this.#blockedSince = undefined;
      if (!error) onTaken();
    });
  }

  /** Sends text; `onTaken` as for {@link send}. */
  sendText(text: string, onTaken: () => void = () => {}): void {
    this.#socket.send(text, onTaken);
  }

  /** A message has to wait: a client whose line takes nothing for too long is let go by that. */
  waits(): void {
    const now = performance.now();
    this.#blockedSince ??= now;
    if (now - this.#blockedSince > this.#limits.stalledMs) this.close(1013, 'too slow');
  }

  /** Says goodbye; a peer that does not answer is cut off after two seconds. */
  close(code: number, reason: string): void {
    this.#owner.leaving();
    goodbye(this.#socket, code, reason);
  }

  #hear(data: RawData, isBinary: boolean): void {
    const now = performance.now();
    if (now - this.#heardSince > 1000) {
      this.#heardSince = now;
      this.#heard = 0;
    }
    if (++this.#heard > this.#limits.messagesPerSecond) this.close(1008, 'too many messages');
    else this.#owner.hear(data, isBinary);
  }
}

/** Closes a socket; a peer that does not answer is cut off after two seconds. */
export function goodbye(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), GOODBYE_MS);
  socket.once('close', () => clearTimeout(timer));
}
