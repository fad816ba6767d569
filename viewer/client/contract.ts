import type { DepthcastError } from '../../frames/errors.ts';
import type { DepthMessage } from '../../frames/wire.ts';
import type { ReceivedFrame } from './received-frame.ts';
import type { StreamNews, Subscription } from './subscription.ts';

/** `waiting` = the connection was lost or refused and the next attempt is on its way; `closed` is final. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed';

/** The part of a WebSocket that the client needs; the browser's and that of the `ws` package both have it. */
export interface WebSocketLike {
  binaryType: string;
  // biome-ignore lint/suspicious/noExplicitAny: the two implementations name their event types differently.
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: any) => void): void;
  /** Carries wishes; without it the client takes what the server sends. */
  send?(text: string): void;
  close(code?: number, reason?: string): void;
}

/** How a connection behaves; everything is optional. */
export interface ConnectOptions {
  /** Called with each frame, newest first served: frames that arrive while one is unpacked are skipped but the last. */
  readonly onFrame?: ((frame: ReceivedFrame) => void) | undefined;
  /**
   * Called with each message as it came, its depth still packed. Who gives only this unpacks elsewhere (in a worker,
   * later, or never): without `onFrame` and without iterating, the client unpacks nothing. `bytes` are the caller's.
   */
  readonly onMessage?: ((message: DepthMessage, bytes: Uint8Array) => void) | undefined;
  /** Called when the server tells how its streams do: after each wish that was sent, and on each change. */
  readonly onStreams?: ((streams: readonly StreamNews[]) => void) | undefined;
  /** Called on each change, with the milliseconds until the next attempt while `waiting`. */
  readonly onState?: ((state: ConnectionState, retryInMs?: number) => void) | undefined;
  /** Called for a message that is none (`wire-format`); it is left out and the connection goes on. */
  readonly onError?: ((error: DepthcastError) => void) | undefined;
  /** What to ask for on every connecting; see {@link DepthClient.subscribe}. Nothing is asked for by default. */
  readonly subscribe?: Subscription | undefined;
  /** Token of a server that lets only known viewers in. It travels as a subprotocol, never in the address. */
  readonly token?: string | undefined;
  /** Constructor to use; the global one by default. Node 20 has none: pass the one of the `ws` package. */
  readonly WebSocket?: (new (url: string, protocols?: string | string[]) => WebSocketLike) | undefined;
  /** First and longest pause before reconnecting, in milliseconds: 500 and 10 000 by default; `false` = once only. */
  readonly reconnect?: { readonly minMs: number; readonly maxMs: number } | false | undefined;
  /** Ends the connection like {@link DepthClient.close}. */
  readonly signal?: AbortSignal | undefined;
}

/** A live connection; iterating gives the newest frame (of each stream) each time and ends when it is closed. */
export interface DepthClient extends AsyncIterable<ReceivedFrame> {
  readonly state: ConnectionState;
  /** Frames delivered so far. */
  readonly received: number;
  /** Answers of the streams that did not reach this client while it was connected: it or its line is slow. */
  readonly skipped: number;
  /** Asks for less (or all) from now on, and again after each reconnecting; sent four times a second at most. */
  subscribe(subscription: Subscription): void;
  /** While `waiting`: tries again now. */
  retry(): void;
  /** Ends the connection for good. */
  close(): void;
}
