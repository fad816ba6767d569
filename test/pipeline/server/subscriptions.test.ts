import { inflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type DepthFrame,
  type DepthMessage,
  depthCodes,
  dequantiseDepth,
  type Subscription,
  scaleIntrinsics,
  subscribeText,
} from '../../../frames/index.ts';
import { FrameEncoder } from '../../../pipeline/server/frame-encoder.ts';
import { roadFrame } from './road-frames.ts';
import { endAll, serve, type Watcher, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

const subscribe = ({ socket }: Watcher, wish: Partial<Subscription>) => socket.send(subscribeText(wish));
/** The same frame later in its stream: making a new one costs more than all that is tested here. */
const at = (frame: DepthFrame, index: number): DepthFrame => ({ ...frame, frame: { ...frame.frame, index } });
const depthOf = ({ depth }: DepthMessage) =>
  dequantiseDepth({
    ...depth,
    codes: depthCodes(depth, depth.codec === 'residual-deflate' ? inflateRawSync(depth.bytes) : depth.bytes),
  });

describe('a subscription', () => {
  it.each([
    ['full', 1],
    ['half', 2],
    ['quarter', 4],
  ] as const)('of size %s brings picture, depth and camera at that size', async (size, factor) => {
    const server = await serve();
    const frame = roadFrame({ index: 2 });
    const viewer = await watch(server);
    subscribe(viewer, { size });
    await until('the news', () => viewer.texts.length === 1);
    server.hub('street').publish(frame);
    await until('a message', () => viewer.messages.length === 1);
    const message = viewer.messages[0]!;
    const to = { width: 640 / factor, height: 192 / factor };
    expect(message.depth).toMatchObject(to);
    const camera = scaleIntrinsics(frame.frame.intrinsics!, to);
    for (const key of ['fx', 'fy', 'cx', 'cy'] as const) expect(message.intrinsics![key]).toBeCloseTo(camera[key], 4);
    const depth = depthOf(message);
    for (let i = 0; i < depth.data.length; i += 5) {
      const x = (i % to.width) * factor;
      const y = Math.floor(i / to.width) * factor;
      const block = Array.from({ length: factor * factor }, (_, k) => {
        const at = (y + Math.floor(k / factor)) * 640 + x + (k % factor);
        return frame.depth.data[at]!;
      });
      const known = block.filter((z) => !Number.isNaN(z));
      const z = depth.data[i]!;
      if (known.length === 0) expect(z).toBeNaN();
      // Never nearer than the nearest nor farther than the farthest of its block.
      if (Number.isNaN(z)) expect(known.length).toBeLessThan(block.length);
      else {
        expect(z).toBeGreaterThanOrEqual(Math.min(...known) * (1 - 3.9e-5 * z));
        expect(z).toBeLessThanOrEqual(Math.max(...known) * (1 + 3.9e-5 * z));
      }
    }
    const { data, info } = await sharp(message.picture).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject(to);
    // The sky at the top left and the road at the bottom are where they were.
    const centre = (factor - 1) / 2;
    let difference = 0;
    for (let i = 0; i < data.length; i += 3) {
      const x = Math.round(((i / 3) % to.width) * factor + centre);
      const y = Math.round(Math.floor(i / 3 / to.width) * factor + centre);
      difference += Math.abs(data[i]! - frame.frame.pixels[3 * (y * 640 + x)]!);
    }
    expect(difference / (data.length / 3)).toBeLessThan(10);
  });

  it('may leave out the picture, the depth, or both', async () => {
    const server = await serve();
    const frame = roadFrame();
    const [depthOnly, pictureOnly, neither] = [await watch(server), await watch(server), await watch(server)];
    subscribe(depthOnly, { picture: false });
    subscribe(pictureOnly, { depth: false, size: 'half' });
    subscribe(neither, { picture: false, depth: false });
    for (const viewer of [depthOnly, pictureOnly, neither]) await until('news', () => viewer.texts.length === 1);
    server.hub('street').publish(frame);
    for (const viewer of [depthOnly, pictureOnly, neither])
      await until('a message', () => viewer.messages.length === 1);
    expect(depthOnly.messages[0]!.picture).toHaveLength(0);
    expect(depthOf(depthOnly.messages[0]!).data[640 * 190]).toBeCloseTo(frame.depth.data[640 * 190]!, 2);
    expect((await sharp(pictureOnly.messages[0]!.picture).metadata()).width).toBe(320);
    expect(pictureOnly.messages[0]!.depth).toMatchObject({ codec: 'none', width: 320, height: 96 });
    expect(depthOf(pictureOnly.messages[0]!).data.every(Number.isNaN)).toBe(true);
    expect(neither.messages[0]).toMatchObject({ frameIndex: 0, estimator: 'tc-depth-lite', latencyMs: 30 });
    expect(neither.messages[0]!.picture).toHaveLength(0);
    expect(server.status()[0]!.sentBytes).toBeLessThan(80_000);
  });

  it('is packed once for all who want the same', async () => {
    const server = await serve();
    const viewers = await Promise.all(Array.from({ length: 12 }, () => watch(server)));
    for (const [i, viewer] of viewers.entries()) subscribe(viewer, i % 2 ? { size: 'quarter' } : {});
    for (const viewer of viewers) await until('news', () => viewer.texts.length === 1);
    const hub = server.hub('street');
    for (let index = 0; index < 5; index++) {
      hub.publish(roadFrame({ index }));
      for (const { messages } of viewers) await until('it', () => messages.at(-1)?.frameIndex === index);
    }
    expect(hub.status()).toMatchObject({ encoded: 5, unencoded: 0, sent: 60 });
    const encoder = new FrameEncoder(roadFrame(), { sequence: 0, dropped: 0 }, {});
    const wish = { picture: true, depth: true, size: 'half' } as const;
    expect(encoder.message(wish)).toBe(encoder.message({ ...wish }));
    expect(await encoder.message(wish)).not.toEqual(await encoder.message({ ...wish, size: 'quarter' }));
  });

  it('brings the newest frame at once, in the new form, when it changes', async () => {
    const server = await serve();
    server.hub('street').publish(roadFrame());
    const viewer = await watch(server);
    await until('the whole', () => viewer.messages.length === 1);
    subscribe(viewer, { size: 'half' });
    await until('the half', () => viewer.messages.length === 2);
    expect(viewer.messages.map(({ depth }) => depth.width)).toEqual([640, 320]);
    expect(server.status()[0]).toMatchObject({ frames: 1, encoded: 1, viewers: 1 });
  });

  it('to a lower rate gets that rate, evenly, and every other viewer all frames', async () => {
    const server = await serve();
    const hub = server.hub('street');
    const [all, few] = [await watch(server), await watch(server)];
    subscribe(few, { maxFps: 10, size: 'quarter' });
    await until('news', () => few.texts.length === 1);
    const began = performance.now();
    for (let index = 0; index < 40; index++) {
      hub.publish(roadFrame({ index, width: 64, height: 32 }));
      await until('it', () => all.messages.at(-1)?.frameIndex === index);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const seconds = (performance.now() - began) / 1000;
    expect(all.messages).toHaveLength(40);
    expect(few.messages.length).toBeGreaterThan(5);
    expect(few.messages.length).toBeLessThanOrEqual(seconds * 10 + 2);
    await until('all that was sent', () => few.messages.length + 40 === hub.status().sent);
    const { messages } = hub.status();
    expect(messages.lost.rate).toBeGreaterThan(0);
    expect(messages.lost.rate + messages.lost.slow + messages.waiting).toBe(40 - few.messages.length);
  });

  it('that is none is answered, changes nothing, and the connection goes on', async () => {
    const server = await serve({ streams: ['street', 'yard'] });
    const viewer = await watch(server);
    for (const text of ['{', '{"op":"subscribe","size":"tiny"}', '{"op":"subscribe","streams":["yard"]}']) {
      viewer.socket.send(text);
    }
    viewer.socket.send(Buffer.from([1, 2, 3]));
    await until('four answers', () => viewer.texts.length === 4);
    expect(viewer.texts.every(({ op }) => op === 'error')).toBe(true);
    server.hub('street').publish(roadFrame());
    await until('the whole message', () => viewer.messages[0]?.depth.width === 640);
  });
});

describe('one connection for several streams', () => {
  it('brings nothing until it subscribes, then what it named', async () => {
    const server = await serve({ streams: ['left', 'middle', 'right'] });
    const viewer = await watch(server, '');
    for (const stream of server.streams) server.hub(stream).publish(roadFrame({ stream }));
    subscribe(viewer, { streams: ['left', 'right', 'nobody'], size: 'quarter' });
    await until('two messages', () => viewer.messages.length === 2);
    expect(viewer.messages.map(({ stream }) => stream).sort()).toEqual(['left', 'right']);
    expect(viewer.texts[0]).toEqual({
      op: 'streams',
      streams: ['left', 'middle', 'right'].map((name) => ({ name, state: 'live' })),
    });
    subscribe(viewer, { streams: [] });
    await until('nobody watches', () => server.status().every(({ viewers }) => viewers === 0));
    subscribe(viewer, {});
    await until('the answer', () => viewer.texts.at(-1)?.op === 'error');
  });

  it('follows streams that come and go', async () => {
    const server = await serve({ streams: ['left'] });
    const viewer = await watch(server, '');
    const other = await watch(server, '');
    const alone = await watch(server, 'left');
    subscribe(viewer, { streams: '*' });
    subscribe(other, { streams: ['later'] });
    await until('news', () => viewer.texts.length === 1);
    const heard: string[][] = [];
    const stop = server.onStreams(() => heard.push([...server.streams]));
    server.addStream('later').publish(roadFrame({ stream: 'later' }));
    for (const { messages } of [viewer, other]) await until('the new stream', () => messages[0]?.stream === 'later');
    await server.removeStream('left');
    expect(await alone.closed).toBe(1001);
    await until('the news of it', () => {
      const last = viewer.texts.at(-1);
      return last?.op === 'streams' && last.streams.length === 1 && last.streams[0]!.name === 'later';
    });
    expect(viewer.socket.readyState).toBe(viewer.socket.OPEN);
    stop();
    await server.removeStream('later');
    expect(heard).toEqual([['left', 'later'], ['later']]);
    expect(() => server.addStream('a/b')).toThrow(/cannot stand/);
    server.addStream('left');
    expect(() => server.addStream('left')).toThrow(/already/);
  });

  it('shares a slow line fairly and keeps one message a stream at most', async () => {
    const streams = ['a', 'b', 'c'];
    // Nobody is let go here for being slow.
    const server = await serve({ streams, depthCodec: 'raw', stalledMs: 3_600_000 });
    const viewer = await watch(server, '');
    subscribe(viewer, { streams: '*' });
    await until('news', () => viewer.texts.length === 1);
    viewer.socket.pause();
    const frames = streams.map((stream) => roadFrame({ stream, width: 320, height: 192 }));
    for (let index = 0; index < 60; index++) {
      for (const frame of frames) server.hub(frame.frame.stream).publish(at(frame, index));
      await until('all are packed', () => server.status().every(({ encoded }) => encoded === index + 1));
    }
    const { messages, bufferedBytes } = server.status()[0]!;
    expect(messages.waiting).toBe(1);
    expect(bufferedBytes).toBeLessThan(5 * 160_000);
    viewer.socket.resume();
    await until('the last of each', () =>
      streams.every((stream) =>
        viewer.messages.some((message) => message.stream === stream && message.frameIndex === 59),
      ),
    );
  });
});

describe('news', () => {
  it('tell what state a stream is in, as it changes, and what its source says of itself', async () => {
    const server = await serve();
    const viewer = await watch(server);
    subscribe(viewer, {});
    const states = () => viewer.texts.flatMap((text) => (text.op === 'streams' ? text.streams : []));
    await until('waiting', () => states().at(-1)?.state === 'waiting');
    server.hub('street').publish(roadFrame());
    await until('live', () => states().at(-1)?.state === 'live');
    const fault = { code: 'source-lost', message: 'The camera is gone.' };
    server.hub('street').explain(() => ({ state: 'stalled', fault }));
    await until('its own word', () => states().at(-1)?.fault?.code === 'source-lost');
    expect(states().map(({ state }) => state)).toEqual(['waiting', 'live', 'stalled']);
  });

  it('come to nobody who did not ask', async () => {
    const server = await serve();
    const viewer = await watch(server);
    server.hub('street').publish(roadFrame());
    server.addStream('yard');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(viewer.texts).toEqual([]);
  });
});

describe('accounting', () => {
  it('settles every message: offered = sent + dropped + waiting, sent = received', async () => {
    const server = await serve({ streams: ['street'] });
    const hub = server.hub('street');
    const viewers = [await watch(server), await watch(server), await watch(server)];
    subscribe(viewers[1]!, { maxFps: 5, size: 'half' });
    subscribe(viewers[2]!, { picture: false });
    await until('news', () => viewers[1]!.texts.length + viewers[2]!.texts.length === 2);
    const frame = roadFrame({ width: 320, height: 96 });
    for (let index = 0; index < 60; index++) {
      hub.publish(at(frame, index));
      // Some come faster than they can be packed.
      if (index % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await until('the last', () => viewers[0]!.messages.at(-1)?.frameIndex === 59);
    await until('all is settled', () => hub.status().messages.offered === 3 * 60);
    const { messages, frames, encoded, unencoded } = hub.status();
    const { slow, rate, encode, closed } = messages.lost;
    expect(frames).toBe(60);
    expect(encoded + unencoded).toBe(60);
    expect(encode).toBe(3 * unencoded);
    expect(messages.offered).toBe(messages.sent + slow + rate + encode + closed + messages.waiting);
    const received = () => viewers.reduce((sum, viewer) => sum + viewer.messages.length, 0);
    await until('all that was sent', () => received() === hub.status().messages.sent);
    expect(rate).toBeGreaterThan(0);
    for (const { messages: seen } of viewers) {
      const order = seen.map(({ sequence }) => sequence);
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
    }
    viewers[0]!.socket.terminate();
    await until('it is out', () => hub.viewers.size === 2);
    expect(hub.status().messages.offered).toBe(180);
  });
});
