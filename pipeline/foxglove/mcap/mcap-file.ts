import { rm } from 'node:fs/promises';
import { McapWriter } from '@mcap/core';
import type { DepthFrame } from '../../../frames/index.ts';
import { outputFailed } from '../../files/atomic-file.ts';
import type { FrameContent } from '../messages/frame-content.ts';
import { type Profile, TOPIC_KINDS, type TopicKind, topicName } from '../messages/profile.ts';
import { type ContentOptions, StreamContent } from '../messages/stream-content.ts';
import { McapOutput } from './mcap-output.ts';

/** What an MCAP file of depth frames holds. */
export interface McapFileOptions extends ContentOptions {
  readonly profile: Profile;
  /** All of them by default. */
  readonly kinds?: readonly TopicKind[] | undefined;
  /** Name of the stream, which the topics begin with. */
  readonly stream: string;
  /** Who wrote it, for the head of the file. */
  readonly library: string;
}

/** Bytes of a chunk by what is in it. A kill costs the chunk that is not full yet: a frame or two. */
const CHUNK = { numbers: 256 << 10, pictures: 64 << 10, text: 4 << 10 } as const;

/**
 * An MCAP file that grows frame by frame (https://mcap.dev/spec). Chunks are uncompressed: depth fresh from a network has
 * noise in its low bits, and LZ4, which all players know, gains one percent of it.
 */
export class McapFile {
  readonly path: string;
  /** Nanoseconds of the first frame. */
  startedAt: bigint | undefined;
  frames = 0;
  readonly #output: McapOutput;
  readonly #writer: McapWriter;
  readonly #options: McapFileOptions;
  readonly #kinds: readonly TopicKind[];
  readonly #content: StreamContent;
  readonly #schemas = new Map<string, number>();
  readonly #channels = new Map<TopicKind, number>();
  #latest = 0n;

  private constructor(path: string, output: McapOutput, options: McapFileOptions) {
    this.path = path;
    this.#output = output;
    this.#options = options;
    this.#kinds = options.kinds ?? TOPIC_KINDS;
    this.#content = new StreamContent(options.stream, options);
    const has = (...kinds: TopicKind[]): boolean => kinds.some((kind) => this.#kinds.includes(kind));
    const chunkSize = has('depth', 'metres', 'points') ? CHUNK.numbers : has('image') ? CHUNK.pictures : CHUNK.text;
    this.#writer = new McapWriter({ writable: output, chunkSize });
  }

  /** Begins a new file. Throws `output-failed`, also where there is one by that name. */
  static async create(path: string, options: McapFileOptions): Promise<McapFile> {
    const output = await McapOutput.create(path);
    const file = new McapFile(path, output, options);
    try {
      await file.#guard(() => file.#writer.start({ profile: options.profile.mcapProfile, library: options.library }));
    } catch (error) {
      await output.close().catch(() => {});
      // An empty file is no recording, and there would be one more at each try.
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
    return file;
  }

  /** Bytes on disk so far. */
  get bytes(): number {
    return Number(this.#output.position());
  }

  /** Adds a frame's messages. One call at a time. Throws `output-failed`. */
  async write(answer: DepthFrame): Promise<void> {
    const content = this.#content.next(answer);
    this.startedAt ??= content.facts.time;
    await this.#guard(async () => {
      for (const kind of this.#kinds) await this.#add(kind, content);
    });
    this.frames++;
  }

  /** Writes what waits and the index, and closes the file. */
  async close(): Promise<void> {
    try {
      await this.#guard(() => this.#writer.end());
    } finally {
      await this.#output.close();
    }
  }

  /** Closes the file as it is, after a failed write. */
  async abandon(): Promise<void> {
    await this.#output.close();
  }

  async #add(kind: TopicKind, content: FrameContent): Promise<void> {
    const { profile } = this.#options;
    const { time } = content.facts;
    for (const data of await profile.encode(kind, content)) {
      let channelId = this.#channels.get(kind);
      if (channelId === undefined) {
        channelId = await this.#register(kind);
        this.#channels.set(kind, channelId);
      }
      await this.#writer.addMessage({ channelId, sequence: this.frames, logTime: time, publishTime: time, data });
    }
    if (time > this.#latest) this.#latest = time;
  }

  async #register(kind: TopicKind): Promise<number> {
    const { profile, stream } = this.#options;
    const schema = profile.schemas[kind];
    let schemaId = this.#schemas.get(schema.name);
    if (schemaId === undefined) {
      const { name, schemaEncoding: encoding, data } = schema;
      schemaId = await this.#writer.registerSchema({ name, encoding, data });
      this.#schemas.set(name, schemaId);
    }
    const topic = topicName(profile, stream, kind);
    return this.#writer.registerChannel({ schemaId, topic, messageEncoding: schema.encoding, metadata: new Map() });
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw outputFailed(this.path, error);
    }
  }
}
