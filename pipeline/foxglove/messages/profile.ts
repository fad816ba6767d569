import { DepthcastError } from '../../../frames/index.ts';
import type { FrameContent } from './frame-content.ts';

/** What is sent of a stream, each on a topic of its own. */
export const TOPIC_KINDS = ['image', 'calibration', 'depth', 'metres', 'points', 'consistency', 'tf', 'log'] as const;

/** One of {@link TOPIC_KINDS}. */
export type TopicKind = (typeof TOPIC_KINDS)[number];

/** How the messages of one kind are to be read. */
export interface MessageSchema {
  readonly name: string;
  /** Of the messages. */
  readonly encoding: 'protobuf' | 'json' | 'cdr';
  /** Of `data`. */
  readonly schemaEncoding: 'protobuf' | 'jsonschema' | 'ros2msg';
  readonly data: Uint8Array;
}

/** A vocabulary that frames are told in. */
export interface Profile {
  readonly name: 'foxglove' | 'ros2';
  /** What the head of an MCAP file states. */
  readonly mcapProfile: '' | 'ros2';
  /** Names of the topics, without the stream. */
  readonly paths: Readonly<Record<TopicKind, string>>;
  readonly schemas: Readonly<Record<TopicKind, MessageSchema>>;
  /** The messages of one kind for a frame; none where there is nothing to say. */
  encode(kind: TopicKind, content: FrameContent): Promise<readonly Uint8Array[]>;
}

/** Kinds that all streams share one topic for, as viewers and ROS expect it. */
export const SHARED_KINDS: readonly TopicKind[] = ['tf', 'log'];

/** Name of the topic of a kind: `/STREAM/depth/image`; `/tf` and `/log` are those of all streams. */
export function topicName(profile: Profile, stream: string, kind: TopicKind): string {
  return SHARED_KINDS.includes(kind) ? profile.paths[kind] : `/${stream}/${profile.paths[kind]}`;
}

/** Checks names of kinds. Throws `option-invalid`. */
export function topicKinds(names: readonly string[]): TopicKind[] {
  return [...new Set(names)].map((name) => {
    const kind = TOPIC_KINDS.find((known) => known === name);
    if (kind) return kind;
    throw new DepthcastError('option-invalid', `There is no topic called "${name}".`, {
      advice: `Choose from ${TOPIC_KINDS.join(', ')}.`,
      facts: { name },
    });
  });
}
