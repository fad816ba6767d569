import { WebSocket } from 'ws';
import { decodeMessage, WIRE_PROTOCOL } from '../../frames/index.ts';

/** What was seen of one stream. */
interface Seen {
  /** Unix milliseconds of the newest picture. */
  newest: number;
  messages: number;
}

/** Viewers of the service, and what reached them. A viewer that is let go comes back. */
export class Audience {
  /** Greatest age of a picture when it reached a viewer that reads, in milliseconds. */
  oldestMs = 0;
  readonly #url: string;
  readonly #seen = new Map<string, Seen>();
  readonly #sockets: (WebSocket | undefined)[];
  readonly #streams: readonly string[];
  readonly #spoilt = new Set<number>();
  #over = false;

  /** `count` viewers, spread over the streams; each stream has at least one. */
  constructor(url: string, streams: readonly string[], count: number) {
    this.#url = url.replace(/^http/, 'ws');
    this.#streams = streams;
    this.#sockets = Array.from({ length: Math.max(count, streams.length) });
    for (const name of streams) this.#seen.set(name, { newest: 0, messages: 0 });
    for (let at = 0; at < this.#sockets.length; at++) this.#join(at);
  }

  get viewers(): number {
    return this.#sockets.length;
  }

  get messages(): number {
    return [...this.#seen.values()].reduce((sum, { messages }) => sum + messages, 0);
  }

  /** Resolves with the moment at which a picture taken after `after` (Unix ms) has come; `undefined` after `ms`. */
  async pictureAfter(stream: string, after: number, ms: number): Promise<number | undefined> {
    const until = performance.now() + ms;
    while (performance.now() < until) {
      if (this.#seen.get(stream)!.newest > after) return Date.now();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return undefined;
  }

  /** One of the viewers beyond the first of each stream, which keep watch. */
  spare(random: () => number): number | undefined {
    const spares = this.#sockets.length - this.#streams.length;
    return spares > 0 ? this.#streams.length + Math.floor(random() * spares) : undefined;
  }

  /** Stops reading for a while; what then comes is old, and is the line's fault. */
  stall(at: number, ms: number): void {
    const socket = this.#sockets[at];
    this.#spoilt.add(at);
    socket?.pause();
    setTimeout(() => {
      socket?.resume();
      setTimeout(() => this.#spoilt.delete(at), 2000).unref();
    }, ms).unref();
  }

  /** Is gone without a goodbye. */
  vanish(at: number): void {
    this.#sockets[at]?.terminate();
  }

  /** Says what no viewer may say. */
  babble(at: number, text: string): void {
    const socket = this.#sockets[at];
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
  }

  close(): void {
    this.#over = true;
    for (const socket of this.#sockets) socket?.terminate();
  }

  #join(at: number): void {
    const stream = this.#streams[at % this.#streams.length]!;
    const socket = new WebSocket(`${this.#url}/streams/${stream}`, [WIRE_PROTOCOL]);
    this.#sockets[at] = socket;
    socket.binaryType = 'nodebuffer';
    // A newcomer is given the newest answer there is, however old: it says so, and nobody takes it for live.
    let first = true;
    socket.on('message', (data, isBinary) => {
      if (!isBinary) return;
      const { capturedAt } = decodeMessage(data as Buffer);
      const seen = this.#seen.get(stream)!;
      seen.messages++;
      seen.newest = Math.max(seen.newest, capturedAt);
      if (!first && !this.#spoilt.has(at)) this.oldestMs = Math.max(this.oldestMs, Date.now() - capturedAt);
      first = false;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!this.#over) setTimeout(() => this.#over || this.#join(at), 200).unref();
    });
  }
}
