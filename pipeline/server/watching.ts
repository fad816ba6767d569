import {
  type DepthcastError,
  parseClientMessage,
  type StreamNews,
  type Subscription,
  WHOLE_VIEW,
} from '../../frames/index.ts';
import type { Seat } from './seat.ts';
import type { StreamHub } from './stream-hub.ts';
import type { StreamSet } from './stream-set.ts';
import type { Viewer } from './viewer.ts';

/**
 * What one viewer watches: one stream named by its address, or those it subscribed to, and how that changes as it
 * subscribes and as streams come and go.
 */
export class Watching {
  readonly #viewer: Viewer;
  readonly #streams: StreamSet;
  readonly #mayWatch: (stream: string) => boolean;
  /** The stream of its address; absent for `/streams`. */
  readonly #home: string | undefined;
  readonly #seats = new Map<StreamHub, Seat>();
  #subscription: Subscription | undefined;
  #told = '';

  constructor(viewer: Viewer, streams: StreamSet, home: string | undefined, mayWatch: (stream: string) => boolean) {
    this.#viewer = viewer;
    this.#streams = streams;
    this.#home = home;
    this.#mayWatch = mayWatch;
    this.follow();
  }

  /** Whether the stream of its address is gone. */
  get isHomeless(): boolean {
    return this.#home !== undefined && !this.#streams.get(this.#home);
  }

  /** Whether its token is no longer good for the stream of its address. */
  get isShutOut(): boolean {
    return this.#home !== undefined && !this.#mayWatch(this.#home);
  }

  /** Takes a text message of the viewer; one that is none is answered and changes nothing. */
  hear(text: string): void {
    const subscription = this.#parse(text);
    if (!subscription) return;
    this.#subscription = subscription;
    // A new wish is a new seat; the newest frame comes at once in the form now asked for.
    this.leave();
    this.follow();
    this.#told = '';
    this.tell(this.#streams.news());
  }

  /** Takes the seats it is entitled to at the streams of this moment, and gives up those of streams that are gone. */
  follow(): void {
    const wanted = new Set(this.#wantedHubs());
    for (const [hub, seat] of this.#seats) {
      if (wanted.has(hub)) continue;
      hub.leave(seat);
      this.#seats.delete(hub);
    }
    for (const hub of wanted) {
      if (!this.#seats.has(hub)) this.#seats.set(hub, hub.join(this.#viewer, this.#subscription ?? WHOLE_VIEW));
    }
  }

  /** Tells the viewer how the streams do that it may see, if it ever subscribed and anything has changed. */
  tell(news: readonly StreamNews[]): void {
    if (!this.#subscription) return;
    const streams = news.filter(({ name }) => (this.#home === undefined ? this.#mayWatch(name) : name === this.#home));
    const text = JSON.stringify({ op: 'streams', streams });
    if (text === this.#told) return;
    this.#told = text;
    this.#viewer.tell(text);
  }

  /** Gives up all seats. */
  leave(): void {
    for (const [hub, seat] of this.#seats) hub.leave(seat);
    this.#seats.clear();
  }

  #wantedHubs(): StreamHub[] {
    const names = this.#home === undefined ? (this.#subscription?.streams ?? []) : [this.#home];
    const all = names === '*' ? this.#streams.names : names;
    return all.flatMap((name) => (this.#mayWatch(name) ? (this.#streams.get(name) ?? []) : []));
  }

  #parse(text: string): Subscription | undefined {
    try {
      const subscription = parseClientMessage(text);
      const problem = this.#problemOf(subscription);
      if (problem === undefined) return subscription;
      this.#complain(problem);
    } catch (error) {
      this.#complain((error as DepthcastError).message);
    }
    return undefined;
  }

  #problemOf({ streams }: Subscription): string | undefined {
    if (this.#home !== undefined) {
      if (streams === undefined) return undefined;
      return "The message was not understood: the address names the stream, so 'streams' has no place.";
    }
    if (streams === undefined) return "The message was not understood: 'streams' is missing.";
    const foreign = streams === '*' ? undefined : streams.find((name) => !this.#mayWatch(name));
    return foreign === undefined ? undefined : `This token is not good for the stream '${foreign}'.`;
  }

  #complain(message: string): void {
    this.#viewer.complain(JSON.stringify({ op: 'error', message }));
  }
}
