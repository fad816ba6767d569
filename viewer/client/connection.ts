import { DepthcastError } from '../../frames/errors.ts';
import { type DepthMessage, decodeMessage, WIRE_PROTOCOL } from '../../frames/wire.ts';
import type { ConnectionState, ConnectOptions, DepthClient, WebSocketLike } from './contract.ts';
import { type ReceivedFrame, unpackFrame } from './received-frame.ts';
import { type Subscription, streamNews, subscribeText } from './subscription.ts';

/** Wishes are sent so often at most: a server lets nobody go on who sends more than ten messages a second. */
const WISH_INTERVAL_MS = 250;

/** What is kept of one stream of a connection. */
interface Slot {
  /** The newest message not unpacked yet. */
  pending: DepthMessage | undefined;
  unpacking: boolean;
  lastSequence: number | undefined;
}

/** The client behind `connect`: one socket at a time, kept open, with a slot for each stream that comes through it. */
export class Connection implements DepthClient {
  state: ConnectionState = 'connecting';
  received = 0;
  skipped = 0;
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #WebSocket: NonNullable<ConnectOptions['WebSocket']>;
  #socket: WebSocketLike | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;
  #subscription: Subscription | undefined;
  #wish: ReturnType<typeof setTimeout> | undefined;
  #wishedAt = Number.NEGATIVE_INFINITY;
  readonly #slots = new Map<string, Slot>();
  #isIterated = false;
  /** The newest frame of each stream that no iterator has taken yet, and the iterators that wait for one. */
  readonly #fresh = new Map<string, ReceivedFrame>();
  #waiting: ((result: IteratorResult<ReceivedFrame, undefined>) => void)[] = [];

  constructor(url: string, options: ConnectOptions) {
    const Socket = options.WebSocket ?? globalThis.WebSocket;
    if (Socket === undefined) {
      throw new DepthcastError('option-invalid', 'This version of Node has no WebSocket of its own.', {
        advice: 'Pass the one of the ws package: connect(url, { WebSocket }).',
      });
    }
    this.#WebSocket = Socket;
    this.#url = url;
    this.#options = options;
    this.#subscription = options.subscribe;
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    if (options.signal?.aborted) this.close();
    else this.#open();
  }

  close(): void {
    if (this.state === 'closed') return;
    clearTimeout(this.#retry);
    clearTimeout(this.#wish);
    this.#fresh.clear();
    this.#slots.clear();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    this.#enter('closed');
    for (const done of this.#waiting.splice(0)) done({ done: true, value: undefined });
  }

  retry(): void {
    if (this.state !== 'waiting') return;
    clearTimeout(this.#retry);
    this.#open();
  }

  subscribe(subscription: Subscription): void {
    this.#subscription = subscription;
    if (this.state !== 'open' || this.#wish !== undefined) return;
    const pause = this.#wishedAt + WISH_INTERVAL_MS - performance.now();
    if (pause <= 0) this.#sendWish();
    else this.#wish = setTimeout(() => this.#sendWish(), pause);
  }

  [Symbol.asyncIterator](): AsyncIterator<ReceivedFrame, undefined> {
    this.#isIterated = true;
    for (const slot of this.#slots.values()) void this.#unpack(slot);
    return {
      next: () => {
        for (const [stream, frame] of this.#fresh) {
          this.#fresh.delete(stream);
          return Promise.resolve({ done: false, value: frame });
        }
        if (this.state === 'closed') return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => this.#waiting.push(resolve));
      },
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #open(): void {
    this.#enter('connecting');
    const { token } = this.#options;
    const protocols = token === undefined ? [WIRE_PROTOCOL] : [WIRE_PROTOCOL, `depthcast.token.${token}`];
    const socket = new this.#WebSocket(this.#url, protocols);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      this.#enter('open');
      if (this.#subscription) this.#sendWish();
    });
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      if (socket !== this.#socket) return;
      if (typeof data === 'string') this.#hear(data);
      else if (data instanceof ArrayBuffer) this.#take(new Uint8Array(data));
    });
    // An error is always followed by a close; listening keeps the ws package from throwing it.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => {
      if (socket === this.#socket) this.#lost();
    });
  }

  #sendWish(): void {
    clearTimeout(this.#wish);
    this.#wish = undefined;
    if (this.state !== 'open' || !this.#subscription) return;
    this.#wishedAt = performance.now();
    this.#socket?.send?.(subscribeText(this.#subscription));
  }

  #hear(text: string): void {
    const news = streamNews(text);
    if (news) this.#options.onStreams?.(news);
  }

  #lost(): void {
    this.#socket = undefined;
    // Another run of the server counts anew.
    this.#slots.clear();
    clearTimeout(this.#wish);
    this.#wish = undefined;
    const pause = this.#options.reconnect ?? { minMs: 500, maxMs: 10_000 };
    if (pause === false) {
      this.close();
      return;
    }
    const retryInMs = Math.min(pause.maxMs, pause.minMs * 2 ** this.#attempts++) * (0.5 + Math.random() / 2);
    this.#enter('waiting', retryInMs);
    this.#retry = setTimeout(() => this.#open(), retryInMs);
  }

  #take(bytes: Uint8Array): void {
    let message: DepthMessage;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      this.#options.onError?.(error as DepthcastError);
      return;
    }
    this.#attempts = 0;
    this.#options.onMessage?.(message, bytes);
    let slot = this.#slots.get(message.stream);
    if (!slot) {
      slot = { pending: undefined, unpacking: false, lastSequence: undefined };
      this.#slots.set(message.stream, slot);
    }
    slot.pending = message;
    void this.#unpack(slot);
  }

  /** Unpacks what waits in a slot, if anybody wants frames at all. */
  async #unpack(slot: Slot): Promise<void> {
    if (slot.unpacking || !(this.#options.onFrame || this.#isIterated)) return;
    slot.unpacking = true;
    try {
      while (slot.pending) {
        const message = slot.pending;
        slot.pending = undefined;
        const frame = await unpackFrame(message, slot.lastSequence).catch((error: DepthcastError) => {
          this.#options.onError?.(error);
        });
        if (frame && this.#slots.get(frame.stream) === slot) this.#deliver(slot, frame);
      }
    } finally {
      slot.unpacking = false;
    }
  }

  #deliver(slot: Slot, frame: ReceivedFrame): void {
    slot.lastSequence = frame.sequence;
    this.received++;
    this.skipped += frame.skipped;
    const next = this.#waiting.shift();
    if (next) next({ done: false, value: frame });
    else if (this.#isIterated) this.#fresh.set(frame.stream, frame);
    this.#options.onFrame?.(frame);
  }

  #enter(state: ConnectionState, retryInMs?: number): void {
    if (this.state === 'closed') return;
    this.state = state;
    this.#options.onState?.(state, retryInMs);
  }
}
