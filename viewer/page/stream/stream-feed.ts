import { frameOf, type ReceivedFrame } from '../../client/received-frame.ts';
import { type ConnectionState, connect, type DepthClient, type StreamNews, type Subscription } from '../../client.ts';
import type { FrameDecoder } from './frame-decoder.ts';
import { type KeptMessage, MessageHistory } from './message-history.ts';

/** A frame on the screen. The bitmap lives until the next frame takes its place. */
export interface ShownFrame {
  readonly frame: ReceivedFrame;
  readonly bitmap: ImageBitmap | undefined;
  readonly arrivedAt: number;
}

/** What a feed tells the page. */
export interface FeedListener {
  /** Another frame is to be shown. */
  shown(feed: StreamFeed): void;
  /** A message came in, shown or not. */
  arrived(feed: StreamFeed, kept: KeptMessage): void;
  /** The connection changed, or the server told how its streams do. */
  changed(feed: StreamFeed): void;
}

/** Where feeds come from. */
export interface FeedOptions {
  /** Address of the page. */
  readonly base: URL;
  readonly token: string | undefined;
  readonly decoder: FrameDecoder;
  readonly listener: FeedListener;
}

/** One stream on the page: its connection, the last ten seconds of it, and the frame on the screen. */
export class StreamFeed {
  readonly name: string;
  readonly history = new MessageHistory();
  shown: ShownFrame | undefined;
  state: ConnectionState = 'connecting';
  /** When the next attempt is due while `waiting`. */
  retryAt = 0;
  /** When the newest message came; 0 before the first. */
  lastArrival = 0;
  /** What the server said of this stream last. */
  news: StreamNews | undefined;
  /** Largest width of depth seen: the width of what the server has in full. */
  fullWidth = 0;
  /** Answers of the stream that did not come. */
  missed = 0;
  readonly #client: DepthClient;
  readonly #decoder: FrameDecoder;
  readonly #listener: FeedListener;
  #wanted: KeptMessage | undefined;
  #isDecoding = false;
  #isFrozen = false;
  #isClosed = false;
  #wish = '';

  constructor(name: string, { base, token, decoder, listener }: FeedOptions) {
    this.name = name;
    this.#decoder = decoder;
    this.#listener = listener;
    this.#client = connect(new URL(`streams/${name}`, base), {
      token,
      // Asking for all changes nothing, but tells the server that this client wants to hear how its streams do.
      subscribe: { size: 'full' },
      onState: (state, retryInMs) => {
        this.state = state;
        this.retryAt = performance.now() + (retryInMs ?? 0);
        if (state !== 'open') this.news = undefined;
        listener.changed(this);
      },
      onStreams: (streams) => {
        this.news = streams.find((stream) => stream.name === name) ?? this.news;
        listener.changed(this);
      },
      onMessage: (message, bytes) => {
        const now = performance.now();
        this.lastArrival = now;
        this.fullWidth = Math.max(this.fullWidth, message.depth.width);
        if (this.#isFrozen) return;
        const before = this.history.newest?.message.sequence;
        // A smaller number is another run of the server.
        if (before !== undefined && message.sequence > before) this.missed += message.sequence - before - 1;
        const kept = { message, arrivedAt: now, bytes: bytes.byteLength };
        this.history.add(kept);
        listener.arrived(this, kept);
        this.show(kept);
      },
    });
  }

  /** While frozen, what comes in is let go, so that the history stays what it is. */
  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
  }

  /** Asks the server for less, or for all. */
  wish(subscription: Subscription): void {
    const text = JSON.stringify(subscription);
    if (text === this.#wish) return;
    this.#wish = text;
    this.#client.subscribe(subscription);
  }

  /** Tries again now, while waiting. */
  retry(): void {
    this.#client.retry();
  }

  /** Unpacks a message and shows it; of several asked for meanwhile, the last one. */
  show(kept: KeptMessage): void {
    this.#wanted = kept;
    if (!this.#isDecoding) void this.#decode();
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
    this.history.clear();
    this.shown?.bitmap?.close();
    this.shown = undefined;
  }

  async #decode(): Promise<void> {
    this.#isDecoding = true;
    while (this.#wanted) {
      const { message, arrivedAt } = this.#wanted;
      this.#wanted = undefined;
      const decoded = await this.#decoder.decode(message);
      if (!decoded) continue;
      if (this.#isClosed) {
        decoded.bitmap?.close();
        break;
      }
      this.shown?.bitmap?.close();
      this.shown = { frame: frameOf(message, decoded.codes, 0), bitmap: decoded.bitmap, arrivedAt };
      this.#listener.shown(this);
    }
    this.#isDecoding = false;
  }
}
