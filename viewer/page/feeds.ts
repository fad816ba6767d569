import { FrameDecoder } from './stream/frame-decoder.ts';
import { type FeedListener, type FeedOptions, StreamFeed } from './stream/stream-feed.ts';
import { type StreamList, streamList } from './stream/stream-list.ts';

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

  /** Asks the server for its streams, and keeps their names if there are any. */
  async list(): Promise<StreamList> {
    const list = await streamList(this.#options.base, this.#options.token);
    if (list && 'names' in list && list.names.length > 0) this.names = list.names;
    return list;
  }
}
