import { DepthcastError } from '../frames/errors.ts';
import { WIRE_PROTOCOL } from '../frames/wire.ts';
import { decodeFrame, type ReceivedFrame } from './client/received-frame.ts';

export type { CameraIntrinsics, Size } from '../frames/camera.ts';
export type { Consistency } from '../frames/depth-frame.ts';
export type { DepthKind, DepthMap } from '../frames/depth-map.ts';
export { DepthcastError } from '../frames/errors.ts';
export { type DepthQuantisation, type QuantisedDepth, valueOfCode } from '../frames/packed-depth.ts';
export { decodeFrame, type ReceivedFrame } from './client/received-frame.ts';

/** `waiting` = the connection was lost or refused and the next attempt is on its way; `closed` is final. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed';

/** The part of a WebSocket that the client needs; the browser's and that of the `ws` package both have it. */
export interface WebSocketLike {
  binaryType: string;
  // biome-ignore lint/suspicious/noExplicitAny: the two implementations name their event types differently.
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: any) => void): void;
  close(code?: number, reason?: string): void;
}

/** How {@link connect} behaves; everything is optional. */
export interface ConnectOptions {
  /** Called with each frame, newest first served: frames that arrive while one is unpacked are skipped but the last. */
  readonly onFrame?: ((frame: ReceivedFrame) => void) | undefined;
  /** Called on each change, with the milliseconds until the next attempt while `waiting`. */
  readonly onState?: ((state: ConnectionState, retryInMs?: number) => void) | undefined;
  /** Called for a message that is none (`wire-format`); it is left out and the connection goes on. */
  readonly onError?: ((error: DepthcastError) => void) | undefined;
  /** Constructor to use; the global one by default. Node 20 has none: pass the one of the `ws` package. */
  readonly WebSocket?: (new (url: string, protocols?: string | string[]) => WebSocketLike) | undefined;
  /** First and longest pause before reconnecting, in milliseconds: 500 and 10 000 by default; `false` = once only. */
  readonly reconnect?: { readonly minMs: number; readonly maxMs: number } | false | undefined;
  /** Ends the connection like {@link DepthClient.close}. */
  readonly signal?: AbortSignal | undefined;
}

/** A live connection to one stream; iterating gives the newest frame each time and ends when it is closed. */
export interface DepthClient extends AsyncIterable<ReceivedFrame> {
  readonly state: ConnectionState;
  /** Frames delivered so far. */
  readonly received: number;
  /** Answers of the stream that did not reach this client while it was connected: this viewer or its line is slow. */
  readonly skipped: number;
  /** Ends the connection for good. */
  close(): void;
}

/**
 * Opens a stream of depth frames and keeps it open: a lost connection is tried again, with pauses that double from
 * half a second to ten and are shortened at random so that many viewers do not come back at once.
 *
 * `url` is the stream's, e.g. `ws://127.0.0.1:8080/streams/street` (http and https work as well). Throws
 * `option-invalid` for an address that is none, or where there is no WebSocket.
 *
 * @example
 * for await (const frame of connect('ws://127.0.0.1:8080/streams/1', { WebSocket })) {
 *   console.log(frame.timestamp, frame.depthAt(320, 96));
 * }
 */
export function connect(url: string | URL, options: ConnectOptions = {}): DepthClient {
  return new Connection(webSocketUrl(url), options);
}

class Connection implements DepthClient {
  state: ConnectionState = 'connecting';
  received = 0;
  skipped = 0;
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #WebSocket: NonNullable<ConnectOptions['WebSocket']>;
  #socket: WebSocketLike | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;
  /** The newest message not unpacked yet. */
  #pending: Uint8Array | undefined;
  #unpacking = false;
  #lastSequence: number | undefined;
  /** The newest frame no iterator has taken yet, and the iterators that wait for one. */
  #fresh: ReceivedFrame | undefined;
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
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    if (options.signal?.aborted) this.close();
    else this.#open();
  }

  close(): void {
    if (this.state === 'closed') return;
    clearTimeout(this.#retry);
    this.#fresh = undefined;
    this.#pending = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    this.#enter('closed');
    for (const done of this.#waiting.splice(0)) done({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<ReceivedFrame, undefined> {
    return {
      next: () => {
        const frame = this.#fresh;
        this.#fresh = undefined;
        if (frame) return Promise.resolve({ done: false, value: frame });
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
    const socket = new this.#WebSocket(this.#url, [WIRE_PROTOCOL]);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      if (socket === this.#socket) this.#enter('open');
    });
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      // Text is for later versions of the protocol.
      if (socket === this.#socket && data instanceof ArrayBuffer) this.#take(new Uint8Array(data));
    });
    // An error is always followed by a close; listening keeps the ws package from throwing it.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => {
      if (socket === this.#socket) this.#lost();
    });
  }

  #lost(): void {
    this.#socket = undefined;
    this.#lastSequence = undefined;
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
    this.#pending = bytes;
    if (!this.#unpacking) void this.#unpack();
  }

  async #unpack(): Promise<void> {
    this.#unpacking = true;
    try {
      while (this.#pending) {
        const bytes = this.#pending;
        this.#pending = undefined;
        const frame = await decodeFrame(bytes, this.#lastSequence).catch((error: DepthcastError) => {
          this.#options.onError?.(error);
        });
        if (frame && this.#socket) this.#deliver(frame);
      }
    } finally {
      this.#unpacking = false;
    }
  }

  #deliver(frame: ReceivedFrame): void {
    this.#attempts = 0;
    this.#lastSequence = frame.sequence;
    this.received++;
    this.skipped += frame.skipped;
    const next = this.#waiting.shift();
    if (next) next({ done: false, value: frame });
    else this.#fresh = frame;
    this.#options.onFrame?.(frame);
  }

  #enter(state: ConnectionState, retryInMs?: number): void {
    if (this.state === 'closed') return;
    this.state = state;
    this.#options.onState?.(state, retryInMs);
  }
}

function webSocketUrl(url: string | URL): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
    parsed.protocol = parsed.protocol.replace(/^http/, 'ws');
  } catch {
    // Reported below, with the other addresses that are none.
  }
  if (parsed?.protocol === 'ws:' || parsed?.protocol === 'wss:') return parsed.href;
  throw new DepthcastError('option-invalid', `'${url}' is not the address of a stream.`, {
    advice: 'Give one like ws://127.0.0.1:8080/streams/1.',
  });
}
