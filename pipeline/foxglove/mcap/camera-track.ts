import type { McapTypes } from '@mcap/core';
import type { CameraIntrinsics } from '../../../frames/index.ts';
import { mcapRecords, openIndexed } from './mcap-records.ts';
import { CAMERAS, PICTURES, plainSchemaName } from './picture-messages.ts';

/** The pictures of one camera in an MCAP file. */
export interface CameraTrack {
  readonly topic: string;
  /** Schema of its messages, plain. */
  readonly schema: string;
  /** The first message. */
  readonly first: Uint8Array;
  /** Of the topic beside it, where there is one. */
  readonly intrinsics?: CameraIntrinsics | undefined;
  /** Number of pictures, where the file has an index. */
  readonly count?: number | undefined;
  /** All topics with pictures, for messages to users. */
  readonly topics: readonly string[];
}

/** One message of a topic. */
export interface TopicMessage {
  readonly logTime: bigint;
  readonly data: Uint8Array;
}

/** Records of a file without an index that are searched for cameras and their calibration. */
const SEARCHED = 5000;

/**
 * Finds the camera of an MCAP file: its first topic of pictures by name, those named like depth last. `undefined` where
 * there is none.
 */
export async function findCameraTrack(path: string): Promise<CameraTrack | undefined> {
  const found = (await searchIndexed(path)) ?? (await searchRecords(path));
  const topics = [...found.pictures.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const topic = topics[0];
  if (topic === undefined) return undefined;
  const base = topic.replace(/\/(image\w*(\/compressed)?|compressed)$/, '');
  const beside = [...found.cameras].filter(([name]) => name.startsWith(`${base}/`)).map(([, camera]) => camera);
  const { schema, first, count } = found.pictures.get(topic)!;
  return { topic, schema, first, count, intrinsics: beside[0] ?? [...found.cameras.values()][0], topics };
}

/**
 * The messages of one topic in the order of their time, or of the file where it has no index. `onDamage` is told of a
 * record that makes no sense; the file then ends there.
 */
export async function* topicMessages(
  path: string,
  topic: string,
  onDamage: (error: unknown) => void,
): AsyncGenerator<TopicMessage, void, void> {
  const indexed = await openIndexed(path);
  if (indexed) {
    try {
      for await (const { logTime, data } of indexed.reader.readMessages({ topics: [topic] })) yield { logTime, data };
    } catch (error) {
      onDamage(error);
    } finally {
      await indexed.close();
    }
    return;
  }
  const ids = new Set<number>();
  for await (const record of mcapRecords(path, onDamage)) {
    if (record.type === 'Channel' && record.topic === topic) ids.add(record.id);
    if (record.type === 'Message' && ids.has(record.channelId)) yield { logTime: record.logTime, data: record.data };
  }
}

interface Found {
  readonly pictures: Map<string, { readonly schema: string; readonly first: Uint8Array; readonly count?: number }>;
  readonly cameras: Map<string, CameraIntrinsics>;
}

async function searchIndexed(path: string): Promise<Found | undefined> {
  const indexed = await openIndexed(path);
  if (!indexed) return undefined;
  const { reader } = indexed;
  const found: Found = { pictures: new Map(), cameras: new Map() };
  try {
    for (const channel of reader.channelsById.values()) {
      const schema = schemaOf(channel, reader.schemasById);
      if (!(schema in PICTURES) && !(schema in CAMERAS)) continue;
      for await (const { data } of reader.readMessages({ topics: [channel.topic] })) {
        const count = Number(reader.statistics?.channelMessageCounts.get(channel.id) ?? 0) || undefined;
        note(found, channel.topic, schema, data, count);
        break;
      }
    }
    return found;
  } catch {
    // A damaged chunk: what comes before it is found record by record.
    return undefined;
  } finally {
    await indexed.close();
  }
}

async function searchRecords(path: string): Promise<Found> {
  const found: Found = { pictures: new Map(), cameras: new Map() };
  const schemas = new Map<number, McapTypes.TypedMcapRecords['Schema']>();
  const channels = new Map<number, McapTypes.TypedMcapRecords['Channel']>();
  let searched = 0;
  for await (const record of mcapRecords(path)) {
    if (record.type === 'Schema') schemas.set(record.id, record);
    if (record.type === 'Channel') channels.set(record.id, record);
    if (record.type === 'Message') {
      const channel = channels.get(record.channelId);
      if (channel) note(found, channel.topic, schemaOf(channel, schemas), record.data);
    }
    if (++searched >= SEARCHED) break;
  }
  return found;
}

function note({ pictures, cameras }: Found, topic: string, schema: string, data: Uint8Array, count?: number): void {
  if (schema in PICTURES && !pictures.has(topic)) {
    // Depth and the like are pictures too; only those whose pixels can be shown count.
    if (isShown(schema, data)) pictures.set(topic, { schema, first: data.slice(), count });
  }
  if (schema in CAMERAS && !cameras.has(topic)) {
    const camera = CAMERAS[schema]!(data);
    if (camera) cameras.set(topic, camera);
  }
}

function isShown(schema: string, data: Uint8Array): boolean {
  try {
    return PICTURES[schema]!(data).content.bytes.length > 0;
  } catch {
    return false;
  }
}

function schemaOf(
  { schemaId, messageEncoding }: McapTypes.TypedMcapRecords['Channel'],
  schemas: ReadonlyMap<number, McapTypes.TypedMcapRecords['Schema']>,
): string {
  const name = plainSchemaName(schemas.get(schemaId)?.name ?? '');
  return messageEncoding === (name.startsWith('foxglove.') ? 'protobuf' : 'cdr') ? name : '';
}

/** Colour before what is named as something else. */
function rank(topic: string): number {
  return /depth|infra|mask|disparity/i.test(topic) ? 1 : 0;
}
