import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions as SocketOptions, type WebSocket, WebSocketServer } from 'ws';
import { DepthcastError, WIRE_PROTOCOL } from '../../frames/index.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { Guests, TOKEN_ENDED } from './guests.ts';
import { httpAnswers } from './http-answers.ts';
import { invalidOption } from './invalid-option.ts';
import { isLoopback } from './loopback.ts';
import { openFileLimit } from './open-file-limit.ts';
import { readPageFiles } from './page-files.ts';
import { addServerMetrics } from './server-metrics.ts';
import { checkOptions, type DepthServer, type ServerOptions } from './server-options.ts';
import type { SocketDoor } from './socket-door.ts';
import { goodbye } from './socket-line.ts';
import { StreamSet } from './stream-set.ts';
import { readTls } from './tls-files.ts';
import { type GivenTokens, mayWatch, Tokens } from './tokens.ts';
import { Viewer } from './viewer.ts';
import { type Admission, admit, offeredProtocols, type Refusal } from './viewer-door.ts';
import { Watching } from './watching.ts';

export type { DepthServer, ServerOptions } from './server-options.ts';
export type { SocketDoor } from './socket-door.ts';

// The typings of ws 8.18 do not know the two limits against floods of tiny fragments that 8.21 brought.
const SOCKET_LIMITS: SocketOptions & { readonly maxBufferedChunks: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxFragments: 16,
  maxBufferedChunks: 1024,
};

/** Milliseconds until headers must be whole, a silent connection ends, and a request must be whole. */
const HEADERS_MS = 3000;
const SILENCE_MS = 5000;
const REQUEST_MS = 10_000;

/** Milliseconds between two looks at whether there is news for viewers and whether their tokens have ended. */
const NEWS_MS = 500;

/** File descriptors that viewers must leave: for this process, its decoders, files, and clients that are turned away. */
const FILES_OF_OUR_OWN = 48;

const STOPPING: Refusal = { status: 503, reason: 'stopping', sentence: 'The server is closing.' };

/**
 * Starts the viewer page, health, metrics and the WebSockets (`/streams/NAME`, `/streams`, other doors) on one port.
 *
 * Rejects with `option-invalid` for a bad option, a certificate that does not fit or an address that is not this
 * machine's, and with `port-in-use`.
 */
export async function startServer(options: ServerOptions): Promise<DepthServer> {
  const { host = '127.0.0.1', port = 8080, doors = [] } = options;
  checkOptions(options);
  const telemetry = options.telemetry ?? new Telemetry();
  const onError = options.onError ?? (() => {});
  const streams = new StreamSet(options, onError, telemetry, options.telemetry === undefined);
  for (const name of options.streams) streams.add(name);
  const guests = new Guests();
  const tokens = new Tokens(options.tokens);
  const files = openFileLimit();
  const rules = {
    maxViewers: Math.max(1, Math.min(options.maxViewers ?? 200, files - FILES_OF_OUR_OWN)),
    maxViewersPerAddress: options.maxViewersPerAddress ?? 50,
    allowedOrigins: options.allowedOrigins ?? [],
    loopback: isLoopback(host),
  };
  const limits = { stalledMs: options.stalledMs ?? 10_000, messagesPerSecond: 10 };
  const countRefusal = addServerMetrics(telemetry, streams, guests);
  const watchings = new Map<WebSocket, Watching>();
  let isStopping = false;

  const house = { streams, guests, tokens, attempts: new FailedAttempts(), doors };
  const answer = httpAnswers({
    ...house,
    rules,
    telemetry,
    page: await readPageFiles(),
    admin: options.admin,
    isStopping: () => isStopping,
    onError,
    onRefused: ({ reason }) => countRefusal(reason),
  });
  const server = await createHttp(options, answer);
  // Room for those that are told 503, and for health checks beside a full house; silence ends after seconds.
  server.maxConnections = Math.max(2, Math.min(rules.maxViewers + 1024, files - FILES_OF_OUR_OWN / 2));

  const receive = (socket: WebSocket, request: IncomingMessage, { pass, to }: Admission): void => {
    guests.add(socket, request.socket.remoteAddress, pass);
    // By what its token is good for now, not by what it was good for when it came in.
    const allows = (stream: string): boolean => {
      const now = tokens.current(pass);
      return now !== undefined && mayWatch(now, stream);
    };
    if (typeof to === 'object') {
      to.accept(socket, request, allows);
      return;
    }
    const viewer = new Viewer(socket, limits, (text) => watching.hear(text));
    const watching = new Watching(viewer, streams, to, allows);
    watchings.set(socket, watching);
    socket.on('close', () => {
      watchings.delete(socket);
      watching.leave();
    });
  };
  const handshakes = new Map<SocketDoor | undefined, WebSocketServer>();
  for (const door of [undefined, ...doors]) handshakes.set(door, handshake(door));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const admission = server.listening && !isStopping ? admit(request, house, rules) : STOPPING;
    if ('status' in admission) {
      countRefusal(admission.reason);
      return turnAway(socket, admission);
    }
    request.socket.setTimeout(0);
    const door = typeof admission.to === 'object' ? admission.to : undefined;
    handshakes.get(door)!.handleUpgrade(request, socket, head, (webSocket) => receive(webSocket, request, admission));
  });
  streams.onChange(() => {
    for (const watching of watchings.values()) watching.follow();
  });

  const setTokens = (given: GivenTokens): void => {
    tokens.set(given);
    guests.recheck((pass) => tokens.stands(pass));
    for (const [socket, watching] of watchings) {
      watching.follow();
      if (watching.isShutOut) goodbye(socket, 1008, TOKEN_ENDED);
    }
  };

  await listen(server, host, port);
  // No longer a reason not to start, and none to end: too many open files, for example.
  server.on('error', onError);
  const pings = setInterval(() => guests.ping(), options.pingIntervalMs ?? 15_000).unref();
  const news = setInterval(() => {
    guests.recheck((pass) => tokens.stands(pass));
    if (watchings.size === 0) return;
    const now = streams.news();
    for (const watching of watchings.values()) watching.tell(now);
  }, NEWS_MS).unref();
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${options.tls ? 'https' : 'http'}://${name}:${(server.address() as AddressInfo).port}`,
    telemetry,
    hub(stream) {
      const hub = streams.get(stream);
      if (hub) return hub;
      throw invalidOption(
        `There is no stream '${stream}'.`,
        `Name it when starting the server, or add it; now: ${streams.names.join(', ')}.`,
      );
    },
    addStream: (stream) => streams.add(stream),
    async removeStream(stream) {
      if (!streams.remove(stream)) return;
      for (const [socket, watching] of watchings) if (watching.isHomeless) goodbye(socket, 1001, 'stream removed');
    },
    get streams() {
      return streams.names;
    },
    onStreams: (listener) => streams.onChange(listener),
    status: () => streams.status(),
    async reloadTls() {
      if (options.tls) (server as TlsServer).setSecureContext(await readTls(options.tls));
    },
    setTokens(given) {
      checkOptions({ ...options, tokens: given });
      setTokens(given);
    },
    async prepareReload(given) {
      checkOptions({ ...options, tokens: given });
      new Tokens(given);
      const certificate = options.tls && (await readTls(options.tls));
      return () => {
        if (certificate) (server as TlsServer).setSecureContext(certificate);
        setTokens(given);
      };
    },
    stopping() {
      isStopping = true;
    },
    async close() {
      isStopping = true;
      clearInterval(pings);
      clearInterval(news);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const door of doors) door.close();
      guests.closeAll(1001, 'server closing');
      server.closeIdleConnections();
      // Whatever request is still open by then waits for nothing that will come.
      setTimeout(() => server.closeAllConnections(), 2000).unref();
      await closed;
      // The lines are cut; what the sockets still have to say of it must not be waited for.
      for (const watching of watchings.values()) watching.leave();
      if (!options.telemetry) telemetry.close();
    },
  };
}

async function createHttp({ tls }: ServerOptions, answer: ReturnType<typeof httpAnswers>): Promise<Server | TlsServer> {
  const timeouts = { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: 500 };
  const server = tls
    ? createTlsServer({ ...timeouts, ...(await readTls(tls)), handshakeTimeout: SILENCE_MS }, answer)
    : createServer(timeouts, answer);
  // The header timeout of node:http does not see a connection that never sends a byte; this one does.
  server.setTimeout(SILENCE_MS);
  return server;
}

/** Finishes the handshakes of a door, of the depth streams where there is none. */
function handshake(door: SocketDoor | undefined): WebSocketServer {
  const protocols = door?.protocols ?? [WIRE_PROTOCOL];
  return new WebSocketServer({
    ...SOCKET_LIMITS,
    maxPayload: door ? (door.maxPayload ?? 65_536) : 4096,
    // The token that came among them is never said back.
    handleProtocols: (_, request) => {
      const offered = offeredProtocols(request);
      return protocols.find((protocol) => offered.includes(protocol)) ?? false;
    },
  });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new DepthcastError('port-in-use', `Port ${port} of ${host} is in use.`, {
            advice: 'Stop the program that uses it, or choose another port (0 takes any free one).',
            facts: { host, port },
            cause: error,
          }),
        );
      } else {
        reject(
          invalidOption(`Cannot listen on ${host}:${port} (${error.code}).`, 'Choose another host or port.', error),
        );
      }
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function turnAway(socket: Duplex, { status, sentence, retryAfter }: Refusal): void {
  const body = `${sentence}\n`;
  const wait = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`;
  const ask = status === 401 ? 'WWW-Authenticate: Bearer realm="depthcast"\r\n' : '';
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `${wait}${ask}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
