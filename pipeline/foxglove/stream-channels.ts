import type { DepthFrame } from '../../frames/index.ts';
import type { FrameContent } from './messages/frame-content.ts';
import { type Profile, SHARED_KINDS, TOPIC_KINDS, type TopicKind, topicName } from './messages/profile.ts';
import { type ContentOptions, StreamContent } from './messages/stream-content.ts';

/** A message that a frame gave rise to. */
export interface ChannelMessage {
  /** Whose frame it was; channels may be shared. */
  readonly stream: string;
  readonly channel: number;
  readonly time: bigint;
  readonly payload: Uint8Array;
}

/**
 * Why clients of a stream did not get something: `newer` = a whole frame was passed over, a newer one came while the one
 * before was encoded; `error` = a message could not be encoded; `slow`, `closed` = a message waited for one client's
 * line when a newer one came, or when the client left.
 */
export type FoxgloveLoss = 'newer' | 'error' | 'slow' | 'closed';

/** How {@link StreamChannels} speaks with the door. */
export interface ChannelsHome {
  /** Whether anybody who may watch a stream wants a channel now. */
  wanted(channel: number, stream: string): boolean;
  deliver(message: ChannelMessage): void;
  /** Something of the stream's was let go, and why. */
  lost(reason: FoxgloveLoss): void;
  onError(error: unknown): void;
}

/** What each frame has a message of; lines of the log come when there is something to say. */
const FRAME_KINDS = TOPIC_KINDS.filter((kind) => kind !== 'log');

/** Log lines that a client which comes late is still told. */
const LOG_KEPT = 20;

/**
 * One stream's channels. Frames are told to whoever wants them: one at a time, the newest waiting, and nothing is
 * encoded that nobody wants.
 */
export class StreamChannels {
  readonly name: string;
  /** Channel ids of the kinds this stream does not share with others. */
  readonly ids: ReadonlyMap<number, TopicKind>;
  readonly #all: ReadonlyMap<TopicKind, number>;
  readonly #profile: Profile;
  readonly #home: ChannelsHome;
  readonly #content: StreamContent;
  #newest: FrameContent | undefined;
  #waiting: FrameContent | undefined;
  #busy = false;
  #logs: readonly ChannelMessage[] = [];
  /** A frame is encoded once, however often somebody subscribes to it. */
  readonly #encoded = new WeakMap<FrameContent, Map<TopicKind, Promise<ChannelMessage[]>>>();

  /** `shared` names the channels of the kinds that all streams share. */
  constructor(
    name: string,
    profile: Profile,
    shared: ReadonlyMap<TopicKind, number>,
    newId: () => number,
    options: ContentOptions,
    home: ChannelsHome,
  ) {
    this.name = name;
    this.#profile = profile;
    this.#home = home;
    this.#content = new StreamContent(name, options);
    this.#all = new Map(TOPIC_KINDS.map((kind) => [kind, shared.get(kind) ?? newId()]));
    this.ids = new Map([...this.#all].filter(([kind]) => !SHARED_KINDS.includes(kind)).map(([kind, id]) => [id, kind]));
  }

  /** The topic of one of its kinds. */
  topic(kind: TopicKind): string {
    return topicName(this.#profile, this.name, kind);
  }

  /** Takes the next frame. Returns at once. */
  next(frame: DepthFrame): void {
    const content = this.#content.next(frame);
    if (content.facts.logs.length > 0) void this.#tellLog(content);
    this.#newest = content;
    if (this.#waiting && FRAME_KINDS.some((kind) => this.#isWanted(kind))) this.lost('newer');
    this.#waiting = content;
    if (!this.#busy) void this.#work();
  }

  /** What a client that comes late gets: the newest frame's message, or the last lines of the log. */
  async latest(kind: TopicKind): Promise<ChannelMessage[]> {
    if (kind === 'log') return [...this.#logs];
    try {
      return this.#newest ? await this.#encode(kind, this.#newest) : [];
    } catch (error) {
      this.#failed(error);
      return [];
    }
  }

  /** Books that something of the stream's did not reach a client. */
  lost(reason: FoxgloveLoss): void {
    this.#home.lost(reason);
  }

  /** Lines are few and each is said once: they do not wait their turn, and none is passed over. */
  async #tellLog(content: FrameContent): Promise<void> {
    try {
      const lines = await this.#encode('log', content);
      // The lines alone are kept: a frame's content would keep its picture and depth in memory.
      this.#logs = [...this.#logs, ...lines].slice(-LOG_KEPT);
      if (!this.#isWanted('log')) return;
      for (const line of lines) this.#home.deliver(line);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let content = this.#waiting; content; content = this.#waiting) {
      this.#waiting = undefined;
      await this.#tell(content);
    }
    this.#busy = false;
  }

  async #tell(content: FrameContent): Promise<void> {
    for (const kind of FRAME_KINDS) {
      if (!this.#isWanted(kind)) continue;
      try {
        for (const message of await this.#encode(kind, content)) this.#home.deliver(message);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #isWanted(kind: TopicKind): boolean {
    return this.#home.wanted(this.#all.get(kind)!, this.name);
  }

  #failed(error: unknown): void {
    this.lost('error');
    this.#home.onError(error);
  }

  #encode(kind: TopicKind, content: FrameContent): Promise<ChannelMessage[]> {
    const kinds = this.#encoded.get(content) ?? new Map<TopicKind, Promise<ChannelMessage[]>>();
    this.#encoded.set(content, kinds);
    const messages = kinds.get(kind) ?? this.#encodeNew(kind, content);
    kinds.set(kind, messages);
    return messages;
  }

  async #encodeNew(kind: TopicKind, content: FrameContent): Promise<ChannelMessage[]> {
    const channel = this.#all.get(kind)!;
    const payloads = await this.#profile.encode(kind, content);
    return payloads.map((payload) => ({ stream: this.name, channel, time: content.facts.time, payload }));
  }
}
