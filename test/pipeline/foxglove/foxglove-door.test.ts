import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import wsProtocol, { type Channel } from '@foxglove/ws-protocol';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { DepthFrame } from '../../../frames/index.ts';
import { type FoxgloveDoor, type FoxgloveOptions, foxgloveDoor } from '../../../pipeline/foxglove/foxglove-door.ts';
import { startServer } from '../../../pipeline/server/depth-server.ts';
import { until } from '../server/until.ts';
import { decodeBySchema } from './reading.ts';
import { SIZE, streetAnswers } from './street-answers.ts';

// CommonJS, and its typings say otherwise.
const { FoxgloveClient } = wsProtocol as unknown as typeof import('@foxglove/ws-protocol');

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(3);
});

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

async function open(names: readonly string[], options: FoxgloveOptions = {}) {
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
async function connect(url: string, protocol: string, topics: (topic: string) => boolean = () => true, token = '') {
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

const STREET_TOPICS = [
  '/log',
  '/street/camera/calibration',
  '/street/camera/image',
  '/street/consistency',
  '/street/depth/image',
  '/street/depth/metres',
  '/street/depth/points',
  '/tf',
];

describe('/foxglove', () => {
  it.each(['foxglove.sdk.v1', 'foxglove.websocket.v1'])(
    'gives the real FoxgloveClient every topic, each decoding by its schema (%s)',
    async (protocol) => {
      const door = foxgloveDoor();
      const server = await startServer({ port: 0, streams: ['street'], doors: [door] });
      endings.push(() => server.close());
      door.follow(server);
      const client = await connect(`${server.url.replace('http', 'ws')}/foxglove`, protocol);
      expect(client.socket.protocol).toBe(protocol);
      expect(client.info[0]).toMatchObject({ name: 'depthcast', capabilities: [] });
      await new Promise((resolve) => setTimeout(resolve, 50));
      server.hub('street').publish(answers[0]!);
      await until('all topics', () => new Set(client.got.map(({ topic }) => topic)).size === STREET_TOPICS.length);
      expect(client.topicsOf()).toEqual(STREET_TOPICS);
      for (const { channel, data, time } of client.got) {
        expect(Math.abs(Number(time / 1_000_000n) - Date.now())).toBeLessThan(600_000);
        if (channel.encoding === 'json') {
          expect(JSON.parse(channel.schema)).toMatchObject({ type: 'object' });
          expect(JSON.parse(Buffer.from(data).toString())).toMatchObject({ index: 0, estimator: 'the-truth' });
          continue;
        }
        const message = decodeBySchema(Buffer.from(channel.schema, 'base64'), channel.schemaName, data);
        const { seconds, nanos } = message['timestamp'] as { seconds: number; nanos: number };
        expect(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)).toBe(time);
        if (channel.schemaName === 'foxglove.RawImage') expect(message).toMatchObject(SIZE);
      }
      expect(client.errors).toEqual([]);
    },
  );

  it('shows a client only the streams that its token is good for, on shared topics as well', async () => {
    const token = 'a-token-for-the-yard-alone';
    const door = foxgloveDoor();
    const tokens = { viewer: [{ token, streams: ['yard'] }] };
    const server = await startServer({ port: 0, streams: ['street', 'yard'], doors: [door], tokens });
    endings.push(() => server.close());
    door.follow(server);
    const client = await connect(`${server.url.replace('http', 'ws')}/foxglove`, 'foxglove.sdk.v1', undefined, token);
    expect(client.topicsOf().filter((topic) => topic.startsWith('/street/'))).toEqual([]);
    // Channels it was not told of, by guessing.
    for (let id = 1; id < 20; id++) client.client.subscribe(id);
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.hub('street').publish(answers[0]!);
    server.hub('yard').publish(answers[1]!);
    await until('the yard', () =>
      ['/yard/depth/points', '/tf'].every((wanted) => client.got.some(({ topic }) => topic === wanted)),
    );
    await until('the refusals', () => client.statuses.length >= 6);
    const tf = client.got.filter(({ topic }) => topic === '/tf');
    const ofWhom = tf.map(
      ({ channel, data }) =>
        decodeBySchema(Buffer.from(channel.schema, 'base64'), channel.schemaName, data)['child_frame_id'],
    );
    expect(ofWhom).toEqual(['yard/camera']);
  });

  it('lets pages in whose origin is named', async () => {
    const door = foxgloveDoor();
    const server = await startServer({
      port: 0,
      streams: ['street'],
      doors: [door],
      allowedOrigins: ['https://app.foxglove.dev'],
    });
    endings.push(() => server.close());
    door.follow(server);
    const url = `${server.url.replace('http', 'ws')}/foxglove`;
    const outcome = (origin: string): Promise<string> => {
      const socket = new WebSocket(url, ['foxglove.websocket.v1'], { headers: { Origin: origin } });
      endings.push(() => socket.terminate());
      return new Promise((resolve) => {
        socket.on('open', () => resolve('open'));
        socket.on('error', (error) => resolve(error.message));
      });
    };
    expect(await outcome('https://app.foxglove.dev')).toBe('open');
    expect(await outcome('https://example.org')).toContain('403');
  });

  it('turns away who speaks neither', async () => {
    const { url } = await open(['street']);
    const socket = new WebSocket(url, ['something.else']);
    const failed = await new Promise((resolve) => {
      socket.on('error', resolve);
      socket.on('open', () => resolve('open'));
    });
    expect(String(failed)).toContain('subprotocol');
  });

  it('sends nothing that was not subscribed to, and nothing more once it was unsubscribed', async () => {
    const { streams, url, door } = await open(['street']);
    const client = await connect(url, 'foxglove.sdk.v1', (topic) => topic === '/street/consistency');
    streams.publish('street', answers[0]!);
    await until('a message', () => client.got.length === 1);
    client.client.unsubscribe([...client.bySubscription.keys()][0]!);
    // The answer to what comes behind it says that it was heard.
    client.socket.send('{"op":"launch"}');
    await until('the answer', () => client.statuses.length === 1);
    streams.publish('street', answers[1]!);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.got.map(({ topic }) => topic)).toEqual(['/street/consistency']);
    expect(door.status()).toEqual({ clients: 1, sent: 1, dropped: 0 });
  });

  it('encodes nothing while nobody subscribes', async () => {
    const errors: unknown[] = [];
    const { streams, url } = await open(['street'], { onError: (error) => errors.push(error) });
    await connect(url, 'foxglove.sdk.v1', () => false);
    // A frame that cannot be encoded would be complained of if anybody tried.
    const broken = { ...answers[0]!.frame, width: -1 };
    streams.publish('street', { ...answers[0]!, frame: broken });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(errors).toEqual([]);
    const watching = await connect(url, 'foxglove.sdk.v1', (topic) => topic.endsWith('camera/image'));
    await until('the complaint', () => errors.length > 0);
    expect(watching.got).toEqual([]);
  });

  it('shows the newest frame and what was logged to a client that comes late', async () => {
    const { streams, url } = await open(['street']);
    for (const answer of answers) streams.publish('street', answer);
    const client = await connect(url, 'foxglove.websocket.v1');
    await until('all topics', () => new Set(client.got.map(({ topic }) => topic)).size === STREET_TOPICS.length);
    const report = client.got.find(({ topic }) => topic === '/street/consistency')!;
    expect(JSON.parse(Buffer.from(report.data).toString())).toMatchObject({ index: 2 });
    const lines = client.got.filter(({ topic }) => topic === '/log');
    const texts = lines.map(
      ({ channel, data }) =>
        decodeBySchema(Buffer.from(channel.schema, 'base64'), channel.schemaName, data)['message'] as string,
    );
    expect(texts).toEqual(['640x192 depth, metres', 'the-truth answers']);
  });

  it('encodes a frame once however often a client subscribes, and asks for the newest once a second at most', async () => {
    const errors: unknown[] = [];
    const { streams, url } = await open(['street'], { onError: (error) => errors.push(error) });
    const client = await connect(url, 'foxglove.sdk.v1', () => false);
    // Each time somebody tries to encode this frame is complained of.
    streams.publish('street', { ...answers[0]!, frame: { ...answers[0]!.frame, width: -1 } });
    const channelId = [...client.channels.values()].find(({ topic }) => topic === '/street/camera/image')!.id;
    for (let id = 1; id <= 40; id++) {
      client.socket.send(JSON.stringify({ op: 'subscribe', subscriptions: [{ id, channelId }] }));
      client.socket.send(JSON.stringify({ op: 'unsubscribe', subscriptionIds: [id] }));
    }
    client.socket.send(JSON.stringify({ op: 'subscribe', subscriptions: [{ id: 99, channelId }] }));
    // At once, and for the last one when the second is over.
    await until('the second time', () => errors.length === 2);
    expect(errors[0]).toBe(errors[1]);
  });

  it('tells of streams that come and go, and taps each once', async () => {
    const { streams, url } = await open(['street']);
    const client = await connect(url, 'foxglove.sdk.v1');
    streams.add('yard');
    await until('the new channels', () => client.topicsOf().includes('/yard/depth/image'));
    streams.publish('yard', answers[1]!);
    await until('its frame', () => client.got.some(({ topic }) => topic === '/yard/depth/image'));
    const gone = [...client.channels.values()].filter(({ topic }) => topic.startsWith('/street/')).map(({ id }) => id);
    streams.remove('street');
    await until('the farewell', () => client.unadvertised.length === gone.length);
    expect(client.unadvertised.sort()).toEqual(gone.sort());
    expect(streams.taps('yard')).toBe(1);
    streams.remove('yard');
    streams.add('yard');
    await until('the new yard', () => client.topicsOf().filter((topic) => topic === '/yard/depth/image').length === 2);
    streams.publish('yard', answers[2]!);
    await until('its frame', () => client.got.filter(({ topic }) => topic === '/yard/depth/image').length === 2);
    expect(client.errors).toEqual([]);
  });

  it('keeps a slow client in bounds: the newest message wins, the client is told, others miss nothing', async () => {
    const { streams, url, door } = await open(['street'], { bufferedBytes: 1 << 20 });
    const slow = await connect(url, 'foxglove.sdk.v1', (topic) => topic.endsWith('metres'));
    const fast = await connect(url, 'foxglove.sdk.v1', (topic) => topic.endsWith('consistency'));
    // A reader that does not read.
    const tcp = (slow.socket as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    await until('both', () => door.status().clients === 2);
    // Both have subscribed once a frame has reached them.
    streams.publish('street', { ...answers[0]!, frame: { ...answers[0]!.frame, index: 0 } });
    await until('the first of both', () => slow.got.length === 1 && fast.got.length === 1);
    tcp.pause();
    const FRAMES = 60;
    for (let i = 1; i < FRAMES; i++) {
      const frame = { ...answers[i % 3]!.frame, index: i };
      streams.publish('street', { ...answers[i % 3]!, frame });
      await until('the quick one', () => fast.got.length === i + 1);
    }
    expect(door.status().dropped).toBeGreaterThan(20);
    tcp.resume();
    await until('the last frame', () => slow.got.length + door.status().dropped === FRAMES);
    await until('the notice', () => slow.statuses.length > 0);
    expect(slow.statuses).toEqual([expect.objectContaining({ message: 'Send buffer limit reached', level: 1 })]);
    // What arrives is in order, and the last one is the newest there was.
    const times = slow.got.map(({ time }) => time);
    expect(times.length).toBeLessThan(FRAMES - 20);
    const last = decodeBySchema(
      Buffer.from(slow.got[0]!.channel.schema, 'base64'),
      'foxglove.RawImage',
      slow.got.at(-1)!.data,
    );
    const newest = answers[(FRAMES - 1) % 3]!.depth.data;
    expect(Buffer.compare(Buffer.from(last['data'] as Uint8Array), Buffer.from(newest.buffer))).toBe(0);
  });

  it.each([
    ['no JSON', '{"op":'],
    ['null', 'null'],
    ['a number', '7'],
    ['no op', '{}'],
    ['an unknown op', '{"op":"launch"}'],
    ['subscriptions that are none', '{"op":"subscribe","subscriptions":[null]}'],
    ['ids that are none', '{"op":"subscribe","subscriptions":[{"id":-1,"channelId":1e99}]}'],
    ['a channel that is not there', '{"op":"subscribe","subscriptions":[{"id":1,"channelId":4000000000}]}'],
    ['unsubscribing nonsense', '{"op":"unsubscribe","subscriptionIds":"all"}'],
    ['bytes', Buffer.from([1, 0, 0, 0, 0, 9])],
  ])('answers %s with a status and goes on', async (_, message) => {
    const { url, streams } = await open(['street']);
    const client = await connect(url, 'foxglove.sdk.v1');
    client.socket.send(message);
    await until('the status', () => client.statuses.length === 1);
    expect(client.statuses[0]!.level).toBe(2);
    streams.publish('street', answers[0]!);
    await until('frames all the same', () => client.got.length > 0);
  });

  it('does not mind what other servers of this protocol offer and this one does not', async () => {
    const { url } = await open(['street']);
    const client = await connect(url, 'foxglove.sdk.v1');
    client.client.getParameters([], 'all');
    client.client.subscribeConnectionGraph();
    client.socket.send('{"op":"subscribe","subscriptions":[]}');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.statuses).toEqual([]);
  });

  it.each([
    ['a flood', 150, '{"op":"getParameters"}'],
    ['mistake upon mistake', 30, 'nonsense'],
  ])('lets a client go for %s', async (_, count, message) => {
    const { url } = await open(['street']);
    const client = await connect(url, 'foxglove.sdk.v1');
    const closed = new Promise<number>((resolve) => client.socket.on('close', resolve));
    for (let i = 0; i < count; i++) client.socket.send(message);
    expect(await closed).toBe(1008);
  });

  it('takes so many clients and no more, and says goodbye at the end', async () => {
    const { url, door } = await open(['street'], { maxClients: 1 });
    const first = await connect(url, 'foxglove.sdk.v1');
    const second = new WebSocket(url, ['foxglove.sdk.v1']);
    expect(await new Promise((resolve) => second.on('close', resolve))).toBe(1013);
    const closed = new Promise<number>((resolve) => first.socket.on('close', resolve));
    (door satisfies FoxgloveDoor).close();
    expect(await closed).toBe(1001);
  });

  it('refuses options that make no sense', () => {
    expect(() => foxgloveDoor({ pointStride: 0 })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});
