import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { DepthFrame } from '../../../frames/index.ts';
import { foxgloveDoor } from '../../../pipeline/foxglove/foxglove-door.ts';
import { startServer } from '../../../pipeline/server/depth-server.ts';
import { endAll, endings } from '../server/serving.ts';
import { until } from '../server/until.ts';
import { connect, open } from './door-client.ts';
import { decodeBySchema } from './reading.ts';
import { SIZE, streetAnswers } from './street-answers.ts';

afterEach(endAll);

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(3);
});

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

  it('refuses options that make no sense', () => {
    expect(() => foxgloveDoor({ pointStride: 0 })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});
