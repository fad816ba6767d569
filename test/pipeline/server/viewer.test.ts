import { inflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { depthCodes, dequantiseDepth } from '../../../frames/index.ts';
import { roadFrame } from './road-frames.ts';
import { endAll, serve, shakeHands, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

describe('a viewer', () => {
  it('gets picture, depth and what is known of a frame', async () => {
    const server = await serve();
    const { messages } = await watch(server);
    const frame = roadFrame({ index: 4, fallbackReason: 'scene-cut' });
    server.hub('street').publish(frame);
    await until('a message', () => messages.length === 1);
    const message = messages[0]!;
    expect(message).toMatchObject({
      stream: 'street',
      sequence: 0,
      frameIndex: 4,
      dropped: 0,
      estimator: 'tc-depth-lite-single',
      fallbackReason: 'scene-cut',
      sourceSize: { width: 1280, height: 384 },
      latencyMs: 30,
    });
    expect(Math.abs(message.capturedAt - (Date.now() - 30))).toBeLessThan(10_000);
    const depth = dequantiseDepth({
      ...message.depth,
      codes: depthCodes(message.depth, inflateRawSync(message.depth.bytes)),
    });
    for (let i = 0; i < depth.data.length; i += 7) {
      const truth = frame.depth.data[i]!;
      if (Number.isNaN(truth)) expect(depth.data[i]).toBeNaN();
      else expect(Math.abs(depth.data[i]! - truth)).toBeLessThanOrEqual(3.86e-5 * truth * truth + 1e-6 * truth);
    }
    const { data, info } = await sharp(message.picture).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 640, height: 192, channels: 3, format: 'raw' });
    let difference = 0;
    for (let i = 0; i < data.length; i++) difference += Math.abs(data[i]! - frame.frame.pixels[i]!);
    expect(difference / data.length).toBeLessThan(6);
  });

  it('sees the newest frame at once when it comes late, and nothing was encoded before it came', async () => {
    const server = await serve();
    const hub = server.hub('street');
    for (let index = 0; index < 5; index++) hub.publish(roadFrame({ index }));
    expect(hub.status()).toMatchObject({ frames: 5, encoded: 0, unencoded: 0 });
    const first = await watch(server);
    await until('the replay', () => first.messages.length === 1);
    expect(first.messages[0]).toMatchObject({ frameIndex: 4, sequence: 4 });
    const second = await watch(server);
    await until('the second replay', () => second.messages.length === 1);
    expect(second.messages[0]!.frameIndex).toBe(4);
    expect(hub.status().encoded).toBe(1);
  });

  it('gets the newest of the frames that came while one was encoded; the others are counted', async () => {
    const server = await serve();
    const hub = server.hub('street');
    const { messages } = await watch(server);
    await until('the viewer is in', () => hub.viewers.size === 1);
    for (let index = 0; index < 10; index++) hub.publish(roadFrame({ index }));
    await until('the last frame', () => messages.at(-1)?.frameIndex === 9);
    expect(messages.map(({ frameIndex }) => frameIndex)).toEqual([0, 9]);
    expect(hub.status()).toMatchObject({ frames: 10, encoded: 2, unencoded: 8 });
  });

  it('is told of frames that were let go before estimation', async () => {
    const server = await serve();
    const { messages } = await watch(server);
    for (const index of [3, 4, 7, 0]) {
      server.hub('street').publish(roadFrame({ index }));
      await until(`frame ${index}`, () => messages.at(-1)?.frameIndex === index);
    }
    expect(messages.map(({ dropped }) => dropped)).toEqual([0, 0, 2, 2]);
  });

  it('that is slow costs a bounded amount of memory, and another one still gets every frame', async () => {
    const server = await serve({ depthCodec: 'raw', stalledMs: 3_600_000 });
    const hub = server.hub('street');
    const slow = await watch(server);
    slow.socket.pause();
    const fast = await watch(server);
    await until('both are in', () => hub.viewers.size === 2);
    const [slowViewer] = hub.viewers;
    const frames = [0, 1, 2, 3].map((index) => roadFrame({ index }));
    let most = 0;
    for (let index = 0; index < 90; index++) {
      const frame = frames[index % 4]!;
      hub.publish({ ...frame, frame: { ...frame.frame, index } });
      await until(`frame ${index}`, () => fast.messages.at(-1)?.frameIndex === index);
      most = Math.max(most, slowViewer!.bufferedBytes);
    }
    expect(fast.messages).toHaveLength(90);
    const frameBytes = 245_760 + 60_000;
    expect(most).toBeGreaterThan(frameBytes / 2);
    expect(most).toBeLessThan(3 * frameBytes);
    expect(hub.status().skipped).toBeGreaterThan(0);
    slow.socket.resume();
    await until('the slow one sees the newest frame', () => slow.messages.at(-1)?.frameIndex === 89);
    expect(slow.messages.length).toBeLessThan(90);
  });

  it('whose line takes nothing for too long is let go', async () => {
    const server = await serve({ depthCodec: 'raw', stalledMs: 50 });
    const hub = server.hub('street');
    const slow = await watch(server);
    slow.socket.pause();
    await until('it is in', () => hub.viewers.size === 1);
    const frame = roadFrame();
    let index = 0;
    await until('it is out', () => {
      hub.publish({ ...frame, frame: { ...frame.frame, index: index++ } });
      return hub.viewers.size === 0;
    });
  });

  it('that answers no ping is let go', async () => {
    const server = await serve({ pingIntervalMs: 50 });
    const hub = server.hub('street');
    shakeHands(server);
    await until('it is in', () => hub.viewers.size === 1);
    await until('it is out', () => hub.viewers.size === 0);
  });

  it('stays as long as it answers pings', async () => {
    const server = await serve({ pingIntervalMs: 700 });
    const { socket } = await watch(server);
    let pings = 0;
    socket.on('ping', () => pings++);
    await until('several pings', () => pings >= 3);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it('may say little: text that is none is answered, a flood ends the connection with 1008', async () => {
    const server = await serve();
    const { socket, messages, texts, closed } = await watch(server);
    socket.send('{"later":"versions"}');
    server.hub('street').publish(roadFrame());
    await until('a frame', () => messages.length === 1);
    expect(texts).toEqual([{ op: 'error', message: "The message was not understood: its op is not 'subscribe'." }]);
    for (let i = 0; i < 20; i++) socket.send('x');
    expect(await closed).toBe(1008);
  });
});
