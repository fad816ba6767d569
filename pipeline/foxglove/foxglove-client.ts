import type { RawData, WebSocket } from 'ws';
import { type LineLimits, SocketLine } from '../server/socket-line.ts';
import { type ClientWish, parseWish } from './client-messages.ts';
import type { ChannelMessage } from './stream-channels.ts';

/** What bounds one client. */
export interface ClientLimits extends LineLimits {
  /** Bytes that may wait in the socket before messages wait here, where newer ones replace them. */
  readonly bufferedBytes: number;
  /** Subscriptions in all. */
  readonly subscriptions: number;
}

/** Where a client's channels are. */
export interface ClientHome {
  has(channel: number, mayWatch: (stream: string) => boolean): boolean;
  /** Called once a client wants a channel that there is. */
  subscribed(client: FoxgloveClient, channel: number): void;
  /** A message that a client wanted was let go: `slow` = a newer one was ready first, `closed` = the client left. */
  lost(message: ChannelMessage, reason: 'slow' | 'closed'): void;
}

/** Text that Lichtblick knows and explains to its user. */
const SLOW = 'Send buffer limit reached';

/** Bytes of a message that is not worth waiting with: transforms, scores and log lines of several streams share a channel. */
const SMALL = 4096;

/** Milliseconds between two such notices. */
const SLOW_EVERY = 30_000;

/** Milliseconds between two newest messages that a client is given of a channel because it subscribed to it. */
const LATEST_EVERY = 1000;

/** A peer that made so many mistakes is let go. */
const MOST_MISTAKES = 20;

/**
 * One Foxglove client: what it subscribed to, and a line that never holds more than it can take. On each subscription
 * the newest message waits while the line is full; an older one that waited is dropped, and the client told so.
 */
export class FoxgloveClient {
  /** Messages handed to the socket, and those replaced by newer ones. */
  sent = 0;
  dropped = 0;
  /** Whether its token is good for a stream, now. */
  readonly mayWatch: (stream: string) => boolean;
  readonly #line: SocketLine;
  readonly #limits: ClientLimits;
  readonly #home: ClientHome;
  /** Subscription ids by channel. */
  readonly #subscriptions = new Map<number, number>();
  readonly #waiting = new Map<number, ChannelMessage>();
  /** By channel: when the newest message was last asked for, later than now where that is still to come. */
  readonly #latestAt = new Map<number, number>();
  #toldSlow = Number.NEGATIVE_INFINITY;
  #mistakes = 0;

  constructor(socket: WebSocket, limits: ClientLimits, home: ClientHome, mayWatch: (stream: string) => boolean) {
    this.#limits = limits;
    this.#home = home;
    this.mayWatch = mayWatch;
    this.#line = new SocketLine(socket, limits, {
      hear: (data, isBinary) => this.#obey(wishIn(data, isBinary)),
      leaving: () => {
        for (const message of this.#waiting.values()) home.lost(message, 'closed');
        this.#waiting.clear();
      },
    });
  }

  wants(channel: number): boolean {
    return this.#subscriptions.has(channel);
  }

  /** Sends a control message; these are small and never dropped. */
  tell(message: Readonly<Record<string, unknown>>): void {
    if (this.#line.isOpen) this.#line.sendText(JSON.stringify(message));
  }

  /** Sends a message if its channel is wanted: now, or when the line is free, unless a newer one comes first. */
  offer(message: ChannelMessage): void {
    const { channel, payload } = message;
    if (!this.#subscriptions.has(channel) || !this.#line.isOpen) return;
    const isSmall = payload.length <= SMALL && this.#line.bufferedBytes <= 4 * this.#limits.bufferedBytes;
    if (isSmall || (this.#waiting.size === 0 && this.#isFree())) {
      this.#send(message);
      return;
    }
    const older = this.#waiting.get(channel);
    // Set anew so that the order of the map is that of arrival: nobody starves.
    this.#waiting.delete(channel);
    this.#waiting.set(channel, message);
    if (older) this.#drop(older);
    this.#line.waits();
  }

  /** Forgets channels that are no more. */
  forget(channels: readonly number[]): void {
    for (const channel of channels) {
      this.#subscriptions.delete(channel);
      this.#waiting.delete(channel);
    }
  }

  /** Says goodbye; a peer that does not answer is cut off after two seconds. */
  close(code: number, reason: string): void {
    this.#line.close(code, reason);
  }

  #isFree(): boolean {
    return this.#line.bufferedBytes <= this.#limits.bufferedBytes;
  }

  #send({ channel, time, payload }: ChannelMessage): void {
    const message = new Uint8Array(13 + payload.length);
    const view = new DataView(message.buffer);
    view.setUint8(0, 1);
    view.setUint32(1, this.#subscriptions.get(channel)!, true);
    view.setBigUint64(5, time, true);
    message.set(payload, 13);
    this.sent++;
    this.#line.send(message, () => this.#sendWaiting());
  }

  #sendWaiting(): void {
    for (const [channel, message] of this.#waiting) {
      if (!this.#line.isOpen || !this.#isFree()) return;
      this.#waiting.delete(channel);
      this.#send(message);
    }
  }

  #drop(message: ChannelMessage): void {
    this.dropped++;
    this.#home.lost(message, 'slow');
    const now = performance.now();
    if (now - this.#toldSlow < SLOW_EVERY) return;
    this.#toldSlow = now;
    this.tell({ op: 'status', level: 1, message: SLOW, id: 'slow' });
  }

  #obey(wish: ClientWish): void {
    switch (wish.op) {
      case 'subscribe':
        for (const { id, channelId } of wish.subscriptions) {
          if (this.#subscriptions.has(channelId)) continue;
          if (!this.#home.has(channelId, this.mayWatch)) {
            this.#wrong(`There is no channel ${channelId}.`);
            continue;
          }
          if (this.#subscriptions.size >= this.#limits.subscriptions) {
            this.#wrong('Too many subscriptions.');
            return;
          }
          this.#subscriptions.set(channelId, id);
          this.#askLatest(channelId);
        }
        return;
      case 'unsubscribe': {
        const ids = new Set(wish.subscriptionIds);
        const gone = [...this.#subscriptions].filter(([, id]) => ids.has(id)).map(([channel]) => channel);
        this.forget(gone);
        return;
      }
      case 'wrong':
        this.#wrong(wish.why);
        return;
      case 'ignored':
    }
  }

  /** Asks for the newest message of a channel: at once, or later where it was asked for a moment ago. */
  #askLatest(channel: number): void {
    const now = performance.now();
    const last = this.#latestAt.get(channel) ?? Number.NEGATIVE_INFINITY;
    if (last > now) return;
    const at = Math.max(now, last + LATEST_EVERY);
    // Channels of streams that are gone are never asked for again.
    if (this.#latestAt.size > this.#limits.subscriptions) this.#latestAt.clear();
    this.#latestAt.set(channel, at);
    if (at === now) {
      this.#home.subscribed(this, channel);
      return;
    }
    setTimeout(() => {
      if (this.wants(channel) && this.#line.isOpen) this.#home.subscribed(this, channel);
    }, at - now).unref();
  }

  #wrong(message: string): void {
    if (++this.#mistakes > MOST_MISTAKES) this.close(1008, 'too many mistakes');
    else this.tell({ op: 'status', level: 2, message });
  }
}

function wishIn(data: RawData, isBinary: boolean): ClientWish {
  return isBinary ? { op: 'wrong', why: 'Clients cannot publish or call here.' } : parseWish(String(data));
}
