import { FrameDecoder } from './stream/frame-decoder.ts';
import { type FeedListener, type FeedOptions, StreamFeed } from './stream/stream-feed.ts';
import { streamNames } from './stream/stream-list.ts';

/** The streams of the server, and the feeds of those that the page shows. */
export class Feeds {
  /** Names of all streams, as far as known. */
  names: readonly string[] = [];
  readonly #options: FeedOptions;
  #open: StreamFeed[] = [];

  constructor(base: URL, token: string | undefined, listener: FeedListener) {
    this.#options = { base, token, decoder: new FrameDecoder(), listener };
  }

  /** Feeds on the page, in the server's order. */
  get open(): readonly StreamFeed[] {
    return this.#open;
  }

  /** Makes the open feeds those of these streams. */
  show(names: readonly string[]): void {
    for (const feed of this.#open) if (!names.includes(feed.name)) feed.close();
    this.#open = names.map(
      (name) => this.#open.find((feed) => feed.name === name) ?? new StreamFeed(name, this.#options),
    );
  }

  /** Asks the server for its streams; resolves with whether there are any. */
  async list(): Promise<boolean> {
    const names = await streamNames(this.#options.base, this.#options.token);
    if (names && names.length > 0) this.names = names;
    return this.names.length > 0;
  }
}
