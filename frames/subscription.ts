import { DepthcastError } from './errors.ts';

/** What a token is preceded by where a WebSocket client offers it as a subprotocol beside `depthcast.v1`. */
export const TOKEN_PROTOCOL = 'depthcast.token.';

/** Sizes a viewer may ask for: all pixels, every second or every fourth of each row and column. */
export const VIEW_SIZES = ['full', 'half', 'quarter'] as const;

/** One of {@link VIEW_SIZES}. */
export type ViewSize = (typeof VIEW_SIZES)[number];

/** What a viewer wants of a stream. */
export interface ViewWish {
  /** With the picture; `true` by default. */
  readonly picture: boolean;
  /** With the depth; `true` by default. Without both a message holds the readings alone. */
  readonly depth: boolean;
  /** `full` by default. */
  readonly size: ViewSize;
  /** Most frames a second, above 0 up to 1000; as many as there are by default. */
  readonly maxFps?: number | undefined;
}

/** A viewer's wish, and the streams it is for: names, or `*` for all there are and will be. */
export interface Subscription extends ViewWish {
  /** Left out where the address names the stream (`/streams/NAME`), needed where it does not (`/streams`). */
  readonly streams?: readonly string[] | '*' | undefined;
}

/** How a stream does, as viewers are told. */
export interface StreamNews {
  readonly name: string;
  /** `waiting`, `live`, `stalled`, `ended`, or what the stream's source says of itself; later servers may add words. */
  readonly state: string;
  /** Why it is not live. */
  readonly fault?: { readonly code: string; readonly message: string } | undefined;
}

/** What a server says in text: the streams and how they do, or that a message of the client was none. */
export type ServerMessage =
  | { readonly op: 'streams'; readonly streams: readonly StreamNews[] }
  | { readonly op: 'error'; readonly message: string };

/** What a viewer gets that asked for nothing: everything. */
export const WHOLE_VIEW: ViewWish = { picture: true, depth: true, size: 'full' };

/** Names a single subscription may list. */
const MOST_NAMES = 64;

const KEYS: readonly string[] = ['op', 'streams', 'picture', 'depth', 'size', 'maxFps'];

/** The text message that asks for something; what is left out is as in {@link WHOLE_VIEW}. */
export function subscribeText(wish: Partial<Subscription>): string {
  const { streams, picture, depth, size, maxFps } = wish;
  return JSON.stringify({ op: 'subscribe', streams, picture, depth, size, maxFps });
}

/**
 * The subscription in a client's text message. It stands for itself: what it leaves out is as in {@link WHOLE_VIEW},
 * whatever an earlier one said.
 *
 * Throws `wire-format` for text that is no such message, with a sentence fit to be sent back.
 */
export function parseClientMessage(text: string): Subscription {
  const message = jsonObject(text);
  if (!message) throw wrong('it is not a JSON object');
  if (message['op'] !== 'subscribe') throw wrong("its op is not 'subscribe'");
  for (const key of Object.keys(message)) if (!KEYS.includes(key)) throw wrong(`it has an unknown key '${clip(key)}'`);
  const { streams, picture = true, depth = true, size = 'full', maxFps } = message;
  if (typeof picture !== 'boolean') throw wrong("'picture' is not true or false");
  if (typeof depth !== 'boolean') throw wrong("'depth' is not true or false");
  if (!isViewSize(size)) throw wrong(`'size' is not one of ${VIEW_SIZES.join(', ')}`);
  if (maxFps !== undefined && !(typeof maxFps === 'number' && maxFps > 0 && maxFps <= 1000)) {
    throw wrong("'maxFps' is not a number above 0 and up to 1000");
  }
  if (streams !== undefined && !isStreams(streams)) throw wrong(`'streams' is not "*" or up to ${MOST_NAMES} names`);
  return { streams, picture, depth, size, maxFps };
}

/** What a server says in a text message; `undefined` for what this version does not know: ignore that. */
export function parseServerMessage(text: string): ServerMessage | undefined {
  const message = jsonObject(text);
  if (message?.['op'] === 'error' && typeof message['message'] === 'string') {
    return { op: 'error', message: message['message'] };
  }
  if (message?.['op'] !== 'streams' || !Array.isArray(message['streams'])) return undefined;
  const streams: StreamNews[] = [];
  for (const entry of message['streams']) {
    const { name, state, fault } = (entry ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof state !== 'string') continue;
    const { code, message: why } = (fault ?? {}) as Record<string, unknown>;
    const known = typeof code === 'string' && typeof why === 'string' ? { code, message: why } : undefined;
    streams.push({ name, state, fault: known });
  }
  return { op: 'streams', streams };
}

function isViewSize(value: unknown): value is ViewSize {
  return VIEW_SIZES.includes(value as ViewSize);
}

function isStreams(value: unknown): value is readonly string[] | '*' {
  if (value === '*') return true;
  return (
    Array.isArray(value) &&
    value.length <= MOST_NAMES &&
    value.every((name) => typeof name === 'string' && name.length >= 1 && name.length <= 64)
  );
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function clip(text: string): string {
  return text.length > 32 ? `${text.slice(0, 32)}…` : text;
}

function wrong(why: string): DepthcastError {
  return new DepthcastError('wire-format', `The message was not understood: ${why}.`, {
    advice: 'Send {"op":"subscribe"} as docs/protocol.md tells.',
  });
}
