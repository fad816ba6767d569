import { request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import WebSocket, { type ClientOptions } from 'ws';
import { type DepthMessage, decodeMessage, parseServerMessage, type ServerMessage } from '../../../frames/index.ts';
import { type DepthServer, type ServerOptions, startServer } from '../../../pipeline/server/depth-server.ts';

/** What a test has to undo, last first. */
export const endings: (() => unknown)[] = [];

/** Ends whatever a test has started. */
export async function endAll(): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end();
}

/** A server on a free port that ends with the test. */
export async function serve(options: Partial<ServerOptions> = {}): Promise<DepthServer> {
  const server = await startServer({ port: 0, streams: ['street'], ...options });
  endings.push(() => server.close());
  return server;
}

/** A viewer that writes down what it gets. */
export interface Watcher {
  readonly socket: WebSocket;
  readonly messages: DepthMessage[];
  /** What came in text. */
  readonly texts: ServerMessage[];
  readonly closed: Promise<number>;
}

/** Connects a viewer; rejects when it is turned away. */
export async function watch(
  server: DepthServer,
  stream: string | undefined = 'street',
  options: ClientOptions & { readonly protocols?: string[] } = {},
): Promise<Watcher> {
  const address = `${server.url.replace('http', 'ws')}/streams${stream === '' ? '' : `/${stream}`}`;
  const socket = new WebSocket(address, options.protocols ?? 'depthcast.v1', options);
  endings.push(() => socket.terminate());
  const messages: DepthMessage[] = [];
  const texts: ServerMessage[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) messages.push(decodeMessage(data));
    else texts.push(parseServerMessage(data.toString())!);
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return { socket, messages, texts, closed };
}

/** Status and text of a plain request, or of a refused upgrade when `upgrade` is set. */
export function ask(
  server: DepthServer,
  path: string,
  options: { headers?: Record<string, string>; method?: string } = {},
) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>((resolve, reject) => {
    const call = request(new URL(server.url), {
      path,
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
    });
    call.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    call.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve({ status: 101, headers: {}, body: '' });
    });
    call.on('error', reject);
    call.end();
  });
}

/** Headers of a WebSocket handshake. */
export const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

/** A TCP connection that has sent a WebSocket handshake and answers nothing by itself. */
export function shakeHands(server: DepthServer): Socket {
  const socket = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
  endings.push(() => socket.destroy());
  socket.on('error', () => {});
  const handshake = Object.entries({ Host: '127.0.0.1', ...UPGRADE }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /streams/street HTTP/1.1\r\n${handshake.join('')}\r\n`);
  return socket;
}
