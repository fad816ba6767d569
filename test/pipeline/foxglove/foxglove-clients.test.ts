import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { DepthFrame } from '../../../frames/index.ts';
import type { FoxgloveDoor } from '../../../pipeline/foxglove/foxglove-door.ts';
import { endAll } from '../server/serving.ts';
import { until } from '../server/until.ts';
import { connect, open } from './door-client.ts';
import { decodeBySchema } from './reading.ts';
import { streetAnswers } from './street-answers.ts';

afterEach(endAll);

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(3);
});

describe('a client of /foxglove', () => {
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
    // The answer to what comes behind them says that they were heard.
    client.socket.send('{"op":"launch"}');
    await until('the answer', () => client.statuses.length > 0);
    expect(client.statuses).toEqual([expect.objectContaining({ level: 2 })]);
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
});
