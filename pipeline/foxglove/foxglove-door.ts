import { randomUUID } from 'node:crypto';
import type { DepthFrame } from '../../frames/index.ts';
import type { SocketDoor } from '../server/server-options.ts';
import { type ClientHome, type ClientLimits, FoxgloveClient } from './foxglove-client.ts';
import { foxgloveProfile } from './messages/foxglove-profile.ts';
import { SHARED_KINDS, TOPIC_KINDS, type TopicKind, topicName } from './messages/profile.ts';
import { type ContentOptions, checkContentOptions } from './messages/stream-content.ts';
import { type ChannelMessage, StreamChannels } from './stream-channels.ts';

/** What a door follows: a server with named streams that come and go. */
export interface FollowedServer {
  readonly streams: readonly string[];
  /** Called after a stream came or went; answers how to stop. */
  onStreams(listener: () => void): () => void;
  hub(stream: string): { tap(listener: (frame: DepthFrame) => void): () => void };
}

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
  const taps = new Map<string, { readonly hub: object; readonly stop: () => void }>();
  let lastId = 0;
  const newId = (): number => ++lastId;
  const shared = new Map<TopicKind, number>(SHARED_KINDS.map((kind) => [kind, newId()]));
  let stopFollowing = (): void => {};

  const home = {
    wanted: (channel: number, stream: string): boolean =>
      [...clients].some((client) => client.wants(channel) && client.mayWatch(stream)),
    deliver({ stream, channel, ...message }: ChannelMessage): void {
      for (const client of clients) if (client.mayWatch(stream)) client.offer(channel, message);
    },
    onError,
  };

  function add(name: string, server: FollowedServer): void {
    const channels = new StreamChannels(name, foxgloveProfile, shared, newId, content, home);
    streams.set(name, channels);
    const hub = server.hub(name);
    taps.set(name, { hub, stop: hub.tap((frame) => channels.next(frame)) });
    const news = { op: 'advertise', channels: advertised(channels) };
    for (const client of clients) if (client.mayWatch(name)) client.tell(news);
  }

  function remove(name: string): void {
    const channelIds = [...streams.get(name)!.ids.keys()];
    taps.get(name)?.stop();
    taps.delete(name);
    streams.delete(name);
    for (const client of clients) {
      client.forget(channelIds);
      if (client.mayWatch(name)) client.tell({ op: 'unadvertise', channelIds });
    }
  }

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
      const messages = await stream.latest(found!.kind);
      for (const { time, payload } of messages) client.offer(channel, { time, payload });
    }
  }

  const clientHome: ClientHome = {
    has(channel, mayWatch) {
      const found = owners(channel);
      return found !== undefined && (shared.has(found.kind) || found.of.some(({ name }) => mayWatch(name)));
    },
    subscribed: (client, channel) => void tellLatest(client, channel).catch(onError),
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
      const update = (): void => {
        for (const name of [...streams.keys()]) {
          // A stream that was removed and added again under its name has another hub.
          if (!server.streams.includes(name) || server.hub(name) !== taps.get(name)?.hub) remove(name);
        }
        for (const name of server.streams) if (!streams.has(name)) add(name, server);
      };
      stopFollowing = server.onStreams(update);
      update();
    },
    status: () => ({
      clients: clients.size,
      sent: past.sent + [...clients].reduce((sum, client) => sum + client.sent, 0),
      dropped: past.dropped + [...clients].reduce((sum, client) => sum + client.dropped, 0),
    }),
    close() {
      stopFollowing();
      for (const { stop } of taps.values()) stop();
      taps.clear();
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
