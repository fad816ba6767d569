import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import wsProtocol, { type Channel } from '@foxglove/ws-protocol';
import WebSocket, { WebSocketServer } from 'ws';
import type { DepthFrame } from '../../../frames/index.ts';
import { type FoxgloveOptions, foxgloveDoor } from '../../../pipeline/foxglove/foxglove-door.ts';
import { endings } from '../server/serving.ts';
import { until } from '../server/until.ts';

// CommonJS, and its typings say otherwise.
const { FoxgloveClient } = wsProtocol as unknown as typeof import('@foxglove/ws-protocol');

/** Streams with names, as the depth server has them. */
class Streams {
  readonly #hubs = new Map<string, Set<(frame: DepthFrame) => void>>();
  readonly #listeners = new Set<() => void>();
  readonly #objects = new Map<string, { tap(listener: (frame: DepthFrame) => void): () => void }>();

  get streams(): string[] {
    return [...this.#hubs.keys()];
  }
  onStreams(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  hub(name: string) {
    return this.#objects.get(name)!;
  }
  add(name: string): void {
    const taps = new Set<(frame: DepthFrame) => void>();
    this.#hubs.set(name, taps);
    this.#objects.set(name, {
      tap(listener) {
        taps.add(listener);
        return () => taps.delete(listener);
      },
    });
    for (const listener of this.#listeners) listener();
  }
  remove(name: string): void {
    this.#hubs.delete(name);
    for (const listener of this.#listeners) listener();
  }
  publish(name: string, frame: DepthFrame): void {
    for (const tap of this.#hubs.get(name)!) tap(frame);
  }
  taps(name: string): number {
    return this.#hubs.get(name)?.size ?? 0;
  }
}

/** A door on a port of its own, with streams that a test publishes to. */
export async function open(names: readonly string[], options: FoxgloveOptions = {}) {
  const streams = new Streams();
  for (const name of names) streams.add(name);
  const door = foxgloveDoor(options);
  door.follow(streams);
  const server = createServer();
  const sockets = new WebSocketServer({
    server,
    path: door.path,
    perMessageDeflate: false,
    handleProtocols: (offered) => door.protocols.find((protocol) => offered.has(protocol)) ?? false,
  });
  sockets.on('connection', (socket, request) => door.accept(socket, request, () => true));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    door.close();
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    server.close();
  });
  return { streams, door, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/foxglove` };
}

interface Got {
  readonly topic: string;
  readonly channel: Channel;
  readonly time: bigint;
  readonly data: Uint8Array;
}

/** The client that Foxglove's and Lichtblick's desktop apps are built on. */
export async function connect(
  url: string,
  protocol: string,
  topics: (topic: string) => boolean = () => true,
  token = '',
) {
  const headers = token === '' ? {} : { Authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, [protocol], { headers });
  const client = new FoxgloveClient({ ws: socket as never });
  endings.push(() => client.close());
  const channels = new Map<number, Channel>();
  const bySubscription = new Map<number, Channel>();
  const got: Got[] = [];
  const statuses: { level: number; message: string }[] = [];
  const unadvertised: number[] = [];
  const info: Record<string, unknown>[] = [];
  const errors: unknown[] = [];
  client.on('serverInfo', (message) => info.push(message as never));
  client.on('status', (message) => statuses.push(message as never));
  client.on('error', (error) => errors.push(error));
  client.on('unadvertise', (ids) => unadvertised.push(...ids));
  client.on('advertise', (list) => {
    for (const channel of list) {
      channels.set(channel.id, channel);
      if (topics(channel.topic)) bySubscription.set(client.subscribe(channel.id), channel);
    }
  });
  client.on('message', ({ subscriptionId, timestamp, data }) => {
    const channel = bySubscription.get(subscriptionId);
    if (!channel) throw new Error('a message of a subscription that there is not');
    got.push({
      topic: channel.topic,
      channel,
      time: timestamp,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
  });
  await until('the channels', () => info.length > 0 && channels.size > 0);
  const topicsOf = (): string[] => [...channels.values()].map(({ topic }) => topic).sort();
  return { socket, client, channels, bySubscription, got, statuses, unadvertised, info, errors, topicsOf };
}
