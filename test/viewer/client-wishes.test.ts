import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { encodeMessage, quantiseDepth, toRawBytes } from '../../frames/index.ts';
import { startServer } from '../../pipeline/server/depth-server.ts';
import {
  type ConnectOptions,
  connect,
  type DepthMessage,
  type ReceivedFrame,
  type StreamNews,
} from '../../viewer/client.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import { until } from '../pipeline/server/until.ts';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A server of the test's own, which writes down what it hears. */
async function hear(onText: (socket: WebSocket, text: string) => void = () => {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'depthcast.v1' });
  endings.push(() => server.close());
  const heard: unknown[] = [];
  const offered: (string | undefined)[] = [];
  server.on('connection', (socket, request) => {
    offered.push(request.headers['sec-websocket-protocol']);
    socket.on('message', (data) => {
      heard.push(JSON.parse(String(data)));
      onText(socket, String(data));
    });
  });
  await until('it listens', () => server.address() !== null);
  const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}/streams`;
  return { server, url, heard, offered };
}

function open(url: string, options: ConnectOptions = {}) {
  const client = connect(url, { WebSocket, reconnect: { minMs: 10, maxMs: 20 }, ...options });
  endings.push(() => client.close());
  return client;
}

function messageOf(stream: string, sequence: number): Uint8Array {
  const { frame, depth, estimator, latencyMs, inferenceMs } = roadFrame({ width: 16, height: 8 });
  const { codes, kind, quantisation } = quantiseDepth(depth);
  return encodeMessage({
    stream,
    sequence,
    frameIndex: sequence,
    dropped: 0,
    timestamp: sequence,
    capturedAt: 0,
    latencyMs,
    inferenceMs,
    sourceSize: frame.sourceSize,
    estimator,
    picture: new Uint8Array(),
    depth: { kind, width: 16, height: 8, quantisation, codec: 'raw', bytes: toRawBytes(codes) },
  });
}

describe('what the client asks a server for', () => {
  it('goes out on connecting, on each change, and again after each reconnecting', async () => {
    const { server, url, heard } = await hear();
    const client = open(url, { subscribe: { streams: ['a'], size: 'half' } });
    await until('the first wish', () => heard.length === 1);
    client.subscribe({ streams: ['a'], maxFps: 1 });
    client.subscribe({ streams: ['a'], maxFps: 2 });
    await until('the second wish', () => heard.length === 2);
    expect(heard).toEqual([
      { op: 'subscribe', streams: ['a'], size: 'half' },
      { op: 'subscribe', streams: ['a'], maxFps: 2 },
    ]);
    for (const socket of server.clients) socket.close();
    await until('the wish of the next connection', () => heard.length === 3);
    expect(heard[2]).toEqual(heard[1]);
  });

  it('never goes out more than four times a second, however often it changes', async () => {
    const { url, heard } = await hear();
    const client = open(url, { subscribe: {} });
    await until('it is open', () => heard.length === 1);
    for (let fps = 1; fps <= 50; fps++) client.subscribe({ maxFps: fps });
    await until('the last wish', () => heard.length === 2);
    expect(heard[1]).toEqual({ op: 'subscribe', maxFps: 50 });
  });

  it('is nothing where nothing is wished, and the token travels as a subprotocol', async () => {
    const { url, heard, offered } = await hear();
    const client = open(url, { token: 'abc123' });
    await until('it is open', () => client.state === 'open');
    expect(offered).toEqual(['depthcast.v1,depthcast.token.abc123']);
    expect(heard).toEqual([]);
  });

  it('brings news of the streams; other texts are for later versions', async () => {
    const { url } = await hear((socket) => {
      socket.send('{"op":"later"}');
      socket.send('not even JSON');
      socket.send(
        '{"op":"streams","streams":[{"name":"a","state":"waiting","fault":{"code":"x","message":"No answer."}},3]}',
      );
      socket.send('{"op":"streams","streams":[{"name":"b","state":"live"}]}');
    });
    const news: (readonly StreamNews[])[] = [];
    open(url, { subscribe: {}, onStreams: (streams) => news.push(streams) });
    await until('both', () => news.length === 2);
    expect(news).toEqual([
      [{ name: 'a', state: 'waiting', fault: { code: 'x', message: 'No answer.' } }],
      [{ name: 'b', state: 'live', fault: undefined }],
    ]);
  });
});

describe('a wish at the real server', () => {
  it('for the picture alone brings the picture, and depth that is unknown everywhere', async () => {
    const server = await startServer({ port: 0, streams: ['street'] });
    endings.push(() => server.close());
    server.hub('street').publish(roadFrame({ width: 64, height: 32 }));
    const frames: ReceivedFrame[] = [];
    const errors: Error[] = [];
    open(`${server.url}/streams/street`, {
      subscribe: { depth: false },
      onFrame: (frame) => frames.push(frame),
      onError: (error) => errors.push(error),
    });
    await until('a frame without depth', () => frames.some((frame) => Number.isNaN(frame.depthAt(32, 30))));
    const frame = frames.at(-1)!;
    expect([frame.quantised.width, frame.quantised.height, frame.depthMap().data.length]).toEqual([64, 32, 64 * 32]);
    expect(frame.picture.length).toBeGreaterThan(100);
    expect(errors).toEqual([]);
  });

  it('that it does not understand is told, and the stream goes on', async () => {
    const server = await startServer({ port: 0, streams: ['street'] });
    endings.push(() => server.close());
    const errors: Error[] = [];
    const frames: ReceivedFrame[] = [];
    open(`${server.url}/streams/street`, {
      subscribe: { size: 'huge' as 'full' },
      onFrame: (frame) => frames.push(frame),
      onError: (error) => errors.push(error),
    });
    await until('the answer', () => errors.length === 1);
    expect(errors[0]).toMatchObject({ code: 'wire-format', message: expect.stringContaining("'size'") as string });
    server.hub('street').publish(roadFrame({ width: 64, height: 32 }));
    await until('a frame', () => frames.length > 0);
  });
});

describe('several streams through one connection', () => {
  it('come newest first each, and their losses are counted apart', async () => {
    const seen: string[] = [];
    const sent = [
      ['a', 5],
      ['a', 6],
      ['b', 100],
      ['b', 103],
    ] as const;
    const { url } = await hear(async (socket) => {
      // One after the other: of those that come together only the newest is shown.
      for (const [at, [stream, sequence]] of sent.entries()) {
        socket.send(messageOf(stream, sequence));
        await until('it is shown', () => seen.length > at);
      }
    });
    const client = open(url, {
      subscribe: { streams: '*' },
      onFrame: ({ stream, sequence }) => seen.push(`${stream}${sequence}`),
    });
    await until('all', () => seen.length === 4);
    expect(seen).toEqual(['a5', 'a6', 'b100', 'b103']);
    expect(client.skipped).toBe(2);
  });

  it('can be taken as they came, packed', async () => {
    const { url } = await hear((socket) => socket.send(messageOf('a', 1)));
    const messages: DepthMessage[] = [];
    const client = open(url, { subscribe: {}, onMessage: (message) => messages.push(message) });
    await until('one', () => messages.length === 1);
    expect(messages[0]).toMatchObject({ stream: 'a', depth: { width: 16, codec: 'raw' } });
    expect(client.received).toBe(0);
  });
});

describe('the client as a package', () => {
  it('is at most 10 kB, bundled and gzipped, and asks for nothing else', async () => {
    const built = await build({
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        minify: 'esbuild',
        target: 'es2023',
        lib: { entry: fileURLToPath(new URL('../../viewer/client.ts', import.meta.url)), formats: ['es'] },
      },
    });
    const { output } = (Array.isArray(built) ? built[0]! : built) as {
      output: { code?: string; imports?: string[] }[];
    };
    expect(output).toHaveLength(1);
    expect(output[0]!.imports).toEqual([]);
    const bytes = gzipSync(output[0]!.code!).length;
    console.info(`depthcast/client: ${bytes} bytes, bundled and gzipped`);
    expect(bytes).toBeLessThanOrEqual(10_000);
  });
});
