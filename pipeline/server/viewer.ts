import type { WebSocket } from 'ws';
import type { MessageLoss } from './message-counts.ts';
import { type LineLimits, SocketLine } from './socket-line.ts';

/** Where it is booked what became of the messages of one stream. */
export interface MessageAccount {
  /** A message was handed to the socket. */
  handed(bytes: number): void;
  /** A message was let go. */
  lost(reason: MessageLoss): void;
}

/** Bytes on the line from which on text for a viewer waits: a few seconds of it on the slowest line. */
const TEXT_WAITS_ABOVE = 65_536;

/**
 * One viewer's connection: the newest message wins. At most one message a stream waits here and at most two messages
 * lie in the socket, however slow the line, so a viewer costs a bounded amount of memory and always sees what is recent.
 */
export class Viewer {
  readonly #line: SocketLine;
  /** The newest message of each stream that found the line busy; the stream that has waited longest goes first. */
  readonly #pending = new Map<MessageAccount, Uint8Array>();
  #news: string | undefined;

  constructor(socket: WebSocket, limits: LineLimits, onText: (text: string) => void) {
    this.#line = new SocketLine(socket, limits, {
      hear: (data, isBinary) => onText(isBinary ? '' : String(data)),
      leaving: () => {
        for (const account of this.#pending.keys()) account.lost('closed');
        this.#pending.clear();
      },
    });
  }

  /** Bytes that wait here or in the socket; at most two messages and one more a stream. */
  get bufferedBytes(): number {
    let bytes = this.#line.bufferedBytes;
    for (const message of this.#pending.values()) bytes += message.length;
    return bytes;
  }

  /** Sends a message now, or as soon as the line is free unless a newer one of its stream comes first. Never throws. */
  offer(account: MessageAccount, message: Uint8Array): void {
    if (!this.#line.isOpen) {
      account.lost('closed');
      return;
    }
    if (this.#pending.size === 0 && this.#line.bufferedBytes <= message.length) {
      this.#send(account, message);
      return;
    }
    if (this.#pending.has(account)) account.lost('slow');
    this.#pending.set(account, message);
    this.#line.waits();
  }

  /** Whether a message of this account waits. */
  isWaiting(account: MessageAccount): boolean {
    return this.#pending.has(account);
  }

  /** Lets go what waits of an account that is given up. */
  forget(account: MessageAccount): void {
    if (this.#pending.delete(account)) account.lost('closed');
  }

  /** Sends news in text; where the line is busy only the newest news is kept. */
  tell(news: string): void {
    if (!this.#line.isOpen) return;
    if (this.#line.bufferedBytes > TEXT_WAITS_ABOVE) this.#news = news;
    else this.#line.sendText(news, () => this.#flush());
  }

  /** Says what was wrong with a message, unless the line is busy. */
  complain(text: string): void {
    if (!this.#line.isOpen || this.#line.bufferedBytes > TEXT_WAITS_ABOVE) return;
    this.#line.sendText(text, () => this.#flush());
  }

  #send(account: MessageAccount, message: Uint8Array): void {
    account.handed(message.length);
    this.#line.send(message, () => this.#flush());
  }

  #flush(): void {
    if (!this.#line.isOpen) return;
    if (this.#news !== undefined && this.#line.bufferedBytes <= TEXT_WAITS_ABOVE) {
      const news = this.#news;
      this.#news = undefined;
      this.tell(news);
    }
    for (const [account, message] of this.#pending) {
      if (this.#line.bufferedBytes > message.length) return;
      this.#pending.delete(account);
      this.#send(account, message);
    }
  }
}
