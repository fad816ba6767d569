import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { encodeMessage, quantiseDepth, toResidualPlanes } from '../../frames/index.ts';
import { type DepthServer, startServer } from '../../pipeline/server/depth-server.ts';
import {
  type ConnectionState,
  type ConnectOptions,
  connect,
  decodeFrame,
  type ReceivedFrame,
} from '../../viewer/client.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import { until } from '../pipeline/server/until.ts';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function serve(port = 0): Promise<DepthServer> {
  const server = await startServer({ port, streams: ['street'] });
  endings.push(() => server.close());
  return server;
}

/** A client that writes down what it is told. */
function listen(url: string, options: ConnectOptions = {}) {
  const frames: ReceivedFrame[] = [];
  const states: ConnectionState[] = [];
  const errors: Error[] = [];
  const client = connect(url, {
    WebSocket,
    reconnect: { minMs: 10, maxMs: 40 },
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    onError: (error) => errors.push(error),
    ...options,
  });
  endings.push(() => client.close());
  return { client, frames, states, errors };
}

describe('the client', () => {
  it('gives depth in metres, the picture and what is known of the frame', async () => {
    const server = await serve();
    const { frames } = listen(`${server.url}/streams/street`);
    const truth = roadFrame({ index: 6 });
    server.hub('street').publish(truth);
    await until('a frame', () => frames.length === 1);
    const frame = frames[0]!;
    expect(frame).toMatchObject({ stream: 'street', frameIndex: 6, skipped: 0, estimator: 'tc-depth-lite' });
    expect(frame.timestamp).toBe(truth.frame.timestamp);
    expect(frame.intrinsics!.fx).toBeCloseTo(truth.frame.intrinsics!.fx, 3);
    expect(frame.consistency!.score).toBeCloseTo(truth.consistency!.score, 6);
    expect([...frame.picture.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    const at = truth.depth.data[150 * 640 + 320]!;
    expect(Math.abs(frame.depthAt(320.7, 150.2) - at)).toBeLessThan(3.86e-5 * at * at + 1e-6 * at);
    expect(frame.depthAt(320, 2)).toBeNaN();
    for (const [x, y] of [
      [-1, 0],
      [640, 0],
      [0, 192],
      [Number.NaN, 0],
    ] as const)
      expect(frame.depthAt(x, y)).toBeNaN();
    const map = frame.depthMap();
    expect(map).toMatchObject({ kind: 'metric', width: 640, height: 192 });
    expect(map.data[150 * 640 + 320]).toBeCloseTo(frame.depthAt(320, 150), 4);
  });

  it('can be iterated; leaving the loop ends the connection', async () => {
    const server = await serve();
    const hub = server.hub('street');
    const client = connect(`${server.url}/streams/street`, { WebSocket });
    hub.publish(roadFrame({ index: 0 }));
    const seen: number[] = [];
    for await (const frame of client) {
      seen.push(frame.frameIndex);
      if (seen.length === 3) break;
      hub.publish(roadFrame({ index: seen.length }));
    }
    expect(seen).toEqual([0, 1, 2]);
    expect(client.state).toBe('closed');
    await until('the server noticed', () => hub.viewers.size === 0);
  });

  it('ends an iteration that waits when it is closed or aborted', async () => {
    const server = await serve();
    const aborter = new AbortController();
    const client = connect(`${server.url}/streams/street`, { WebSocket, signal: aborter.signal });
    const next = client[Symbol.asyncIterator]().next();
    aborter.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(client.state).toBe('closed');
  });

  it('counts the answers that it did not get', async () => {
    const server = await serve();
    const hub = server.hub('street');
    const { client, frames } = listen(`${server.url}/streams/street`);
    await until('it is in', () => hub.viewers.size === 1);
    for (let index = 0; index < 10; index++) hub.publish(roadFrame({ index }));
    await until('the last', () => frames.at(-1)?.frameIndex === 9);
    expect(client.skipped).toBe(10 - frames.length);
    expect(client.received).toBe(frames.length);
  });

  it('comes back by itself after the server was away, and says so', async () => {
    const server = await serve();
    const { client, frames, states } = listen(`${server.url}/streams/street`);
    server.hub('street').publish(roadFrame());
    await until('a frame', () => frames.length === 1);
    await server.close();
    await until('it waits', () => states.includes('waiting'));
    const again = await serve(Number(new URL(server.url).port));
    again.hub('street').publish(roadFrame({ index: 77 }));
    await until('a frame from the new server', () => frames.at(-1)?.frameIndex === 77);
    expect(client.state).toBe('open');
    expect(client.skipped).toBe(0);
  });

  it('does not come back when told so', async () => {
    const server = await serve();
    const { client, states } = listen(`${server.url}/streams/other`, { reconnect: false });
    await until('it gave up', () => client.state === 'closed');
    expect(states).toEqual(['connecting', 'closed']);
  });

  it('passes over messages that are none, tells of them, and goes on', async () => {
    const good = await goodMessage();
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    endings.push(() => server.close());
    await until('it listens', () => server.address() !== null);
    server.on('connection', (socket) => {
      socket.send('text of a later version');
      socket.send(good.subarray(0, 200));
      setTimeout(() => socket.send(good), 50);
    });
    const { frames, errors } = listen(`ws://127.0.0.1:${(server.address() as { port: number }).port}/`);
    await until('the good one', () => frames.length === 1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'wire-format' });
  });

  it('refuses what is no address, and says what to do where there is no WebSocket', () => {
    expect(() => connect('not an address', { WebSocket })).toThrow(/not the address of a stream/);
    expect(() => connect('ftp://host/streams/1', { WebSocket })).toThrow(/not the address of a stream/);
    const own = globalThis.WebSocket;
    try {
      Reflect.deleteProperty(globalThis, 'WebSocket');
      expect(() => connect('ws://127.0.0.1:1/')).toThrow(/no WebSocket of its own/);
    } finally {
      if (own) globalThis.WebSocket = own;
    }
  });
});

describe('a message whose depth cannot be unpacked', () => {
  const withDepth = async (bytes: Uint8Array) => {
    const quantised = quantiseDepth(roadFrame({ width: 64, height: 32 }).depth);
    const { kind, width, height, quantisation } = quantised;
    const good = await goodMessage();
    const frame = await decodeFrame(good);
    return encodeMessage({ ...frame, depth: { kind, width, height, quantisation, codec: 'residual-deflate', bytes } });
  };

  it.each([
    ['broken', Uint8Array.from([7, 7, 7, 7])],
    ['cut short', deflateRawSync(new Uint8Array(64 * 32 * 2)).subarray(0, 8)],
    ['too small', deflateRawSync(new Uint8Array(64 * 32 * 2 - 1))],
    ['too large', deflateRawSync(new Uint8Array(64 * 32 * 2 + 1))],
    ['a bomb', deflateRawSync(new Uint8Array(50_000_000))],
    ['empty', new Uint8Array(0)],
  ])('is refused: %s', async (_, bytes) => {
    await expect(decodeFrame(await withDepth(bytes))).rejects.toMatchObject({ code: 'wire-format' });
  });
});

async function goodMessage(): Promise<Uint8Array> {
  const { frame, depth, estimator, latencyMs, inferenceMs } = roadFrame({ width: 64, height: 32 });
  const { codes, ...rest } = quantiseDepth(depth);
  return encodeMessage({
    stream: 'street',
    sequence: 0,
    frameIndex: 0,
    dropped: 0,
    timestamp: 0,
    capturedAt: 0,
    latencyMs,
    inferenceMs,
    sourceSize: frame.sourceSize,
    estimator,
    picture: new Uint8Array(0),
    depth: { ...rest, codec: 'residual-deflate', bytes: deflateRawSync(toResidualPlanes({ codes, width: 64 })) },
  });
}
