import { randomUUID } from 'node:crypto';
import type { SocketDoor } from '../server/socket-door.ts';
import { type FollowedServer, followStreams, type StreamsFollower } from './follow-streams.ts';
import { type ClientHome, type ClientLimits, FoxgloveClient } from './foxglove-client.ts';
import { foxgloveProfile } from './messages/foxglove-profile.ts';
import { SHARED_KINDS, TOPIC_KINDS, type TopicKind, topicName } from './messages/profile.ts';
import { type ContentOptions, checkContentOptions } from './messages/stream-content.ts';
import { type ChannelMessage, type FoxgloveLoss, StreamChannels } from './stream-channels.ts';

/** How {@link foxgloveDoor} works. */
export interface FoxgloveOptions extends Omit<ContentOptions, 'clock'> {
  /** Clients at once (16). Each may ask for tens of megabytes a second. */
  readonly maxClients?: number | undefined;
  /** Bytes that may wait in a client's socket before newer messages replace older ones (2 MiB). */
  readonly bufferedBytes?: number | undefined;
  /** Told of a frame that could not be encoded; the stream goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Counters of a door. */
export interface FoxgloveStatus {
  readonly clients: number;
  readonly sent: number;
  /** Messages that clients were spared because a newer one was ready first. */
  readonly dropped: number;
}

/** The WebSocket `/foxglove`, for Foxglove and Lichtblick. */
export interface FoxgloveDoor extends SocketDoor {
  /** Offers the streams of a server from now on; to be called once. */
  follow(server: FollowedServer): void;
  /** The counters so far. */
  status(): FoxgloveStatus;
}

/**
 * Speaks `foxglove.sdk.v1` and `foxglove.websocket.v1`, which are the same on the wire: server info, channels that come
 * and go with the streams, binary messages for what a client subscribed to. Times are wall-clock times of the pictures.
 *
 * Specification: foxglove/ws-protocol, docs/spec.md (until July 2025), and the Foxglove SDK's protocol v1. Throws
 * `option-invalid`.
 */
export function foxgloveDoor(options: FoxgloveOptions = {}): FoxgloveDoor {
  checkContentOptions(options);
  const content: ContentOptions = { pointStride: 2, ...options, clock: 'wall' };
  const { maxClients = 16, onError = () => {} } = options;
  const limits: ClientLimits = {
    bufferedBytes: options.bufferedBytes ?? 2 << 20,
    messagesPerSecond: 100,
    subscriptions: 1024,
    stalledMs: 30_000,
  };
  const sessionId = randomUUID();
  const clients = new Set<FoxgloveClient>();
  const past = { sent: 0, dropped: 0 };
  const streams = new Map<string, StreamChannels>();
  let lastId = 0;
  const newId = (): number => ++lastId;
  const shared = new Map<TopicKind, number>(SHARED_KINDS.map((kind) => [kind, newId()]));
  let stopFollowing = (): void => {};

  const home = {
    wanted: (channel: number, stream: string): boolean =>
      [...clients].some((client) => client.wants(channel) && client.mayWatch(stream)),
    deliver(message: ChannelMessage): void {
      for (const client of clients) if (client.mayWatch(message.stream)) client.offer(message);
    },
    onError,
  };

  const follower: StreamsFollower = {
    came(name, stream) {
      const lost = (reason: FoxgloveLoss): void => stream.lost?.('foxglove', reason);
      const channels = new StreamChannels(name, foxgloveProfile, shared, newId, content, { ...home, lost });
      streams.set(name, channels);
      const news = { op: 'advertise', channels: advertised(channels) };
      for (const client of clients) if (client.mayWatch(name)) client.tell(news);
      return (frame) => channels.next(frame);
    },
    went(name) {
      const channelIds = [...streams.get(name)!.ids.keys()];
      streams.delete(name);
      for (const client of clients) {
        client.forget(channelIds);
        if (client.mayWatch(name)) client.tell({ op: 'unadvertise', channelIds });
      }
    },
  };

  /** Who has a channel: one stream, or all of them for a shared one. */
  function owners(channel: number): { readonly kind: TopicKind; readonly of: readonly StreamChannels[] } | undefined {
    const common = SHARED_KINDS.find((kind) => shared.get(kind) === channel);
    if (common) return { kind: common, of: [...streams.values()] };
    for (const stream of streams.values()) {
      const kind = stream.ids.get(channel);
      if (kind) return { kind, of: [stream] };
    }
    return undefined;
  }

  async function tellLatest(client: FoxgloveClient, channel: number): Promise<void> {
    const found = owners(channel);
    for (const stream of found?.of ?? []) {
      if (!client.mayWatch(stream.name)) continue;
      for (const message of await stream.latest(found!.kind)) client.offer(message);
    }
  }

  const clientHome: ClientHome = {
    has(channel, mayWatch) {
      const found = owners(channel);
      return found !== undefined && (shared.has(found.kind) || found.of.some(({ name }) => mayWatch(name)));
    },
    subscribed: (client, channel) => void tellLatest(client, channel).catch(onError),
    lost: ({ stream }, reason) => streams.get(stream)?.lost(reason),
  };

  return {
    path: '/foxglove',
    protocols: ['foxglove.sdk.v1', 'foxglove.websocket.v1'],
    accept(socket, _request, mayWatch) {
      const client = new FoxgloveClient(socket, limits, clientHome, mayWatch);
      if (clients.size >= maxClients) return client.close(1013, 'too many clients');
      clients.add(client);
      socket.on('close', () => {
        clients.delete(client);
        past.sent += client.sent;
        past.dropped += client.dropped;
      });
      client.tell({
        op: 'serverInfo',
        name: 'depthcast',
        // No `time`: streams are live or looped, so the viewer's own clock is the right one.
        capabilities: [],
        supportedEncodings: [],
        metadata: {},
        sessionId,
      });
      const channels = [...streams.values()].filter(({ name }) => mayWatch(name)).flatMap(advertised);
      client.tell({ op: 'advertise', channels: [...sharedChannels(shared), ...channels] });
    },
    follow(server) {
      stopFollowing = followStreams(server, follower);
    },
    status: () => ({
      clients: clients.size,
      sent: past.sent + [...clients].reduce((sum, client) => sum + client.sent, 0),
      dropped: past.dropped + [...clients].reduce((sum, client) => sum + client.dropped, 0),
    }),
    close() {
      stopFollowing();
      for (const client of clients) client.close(1001, 'server closing');
    },
  };
}

function advertised(stream: StreamChannels): Record<string, unknown>[] {
  return [...stream.ids].map(([id, kind]) => channelOf(id, stream.topic(kind), kind));
}

function sharedChannels(shared: ReadonlyMap<TopicKind, number>): Record<string, unknown>[] {
  return TOPIC_KINDS.filter((kind) => shared.has(kind)).map((kind) =>
    channelOf(shared.get(kind)!, topicName(foxgloveProfile, '', kind), kind),
  );
}

function channelOf(id: number, topic: string, kind: TopicKind): Record<string, unknown> {
  const { name, encoding, schemaEncoding, data } = foxgloveProfile.schemas[kind];
  // Binary schemas travel as base64, text as it is.
  const schema = schemaEncoding === 'protobuf' ? Buffer.from(data).toString('base64') : Buffer.from(data).toString();
  return { id, topic, encoding, schemaName: name, schemaEncoding, schema };
}
