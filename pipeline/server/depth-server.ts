import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions as SocketOptions, WebSocketServer } from 'ws';
import { DepthcastError, WIRE_PROTOCOL } from '../../frames/index.ts';
import type { EncodingOptions } from './frame-encoder.ts';
import { httpAnswers } from './http-answers.ts';
import { readPageFiles } from './page-files.ts';
import { StreamHub, type StreamStatus } from './stream-hub.ts';
import { Viewer } from './viewer.ts';
import { admit, isHostAllowed, isLoopback, type Refusal } from './viewer-door.ts';

/** What {@link startServer} is told. */
export interface ServerOptions extends EncodingOptions {
  /** Address to listen on; 127.0.0.1 by default, which only this machine reaches. */
  readonly host?: string | undefined;
  /** 8080 by default; 0 takes any free port. */
  readonly port?: number | undefined;
  /** Names of the streams, each 1…64 of letters, digits, `.`, `_` and `-`, beginning with a letter or digit. */
  readonly streams: readonly string[];
  /** Must be true for a host other than loopback: anyone who reaches it may watch. */
  readonly allowPublic?: boolean | undefined;
  /** Origins of other pages that may watch, e.g. `https://example.org`. The server's own page always may. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Viewers in all (200) and from one address (50). */
  readonly maxViewers?: number | undefined;
  readonly maxViewersPerAddress?: number | undefined;
  /** A viewer is asked for a sign of life so often, in milliseconds (15 000), and let go when it gave none till then. */
  readonly pingIntervalMs?: number | undefined;
  /** A viewer whose line takes nothing for so long is let go, in milliseconds (10 000). */
  readonly stalledMs?: number | undefined;
  /** Told of a frame that could not be encoded; the stream goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A running server. */
export interface DepthServer {
  /** Address of the page, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where the answers of a stream are published. Throws `option-invalid` for a name that was not given at the start. */
  hub(stream: string): StreamHub;
  /** How each stream does. */
  status(): readonly StreamStatus[];
  /** Says goodbye to the viewers (1001) and frees the port, within about two seconds. */
  close(): Promise<void>;
}

// The typings of ws 8.18 do not know the two limits against floods of tiny fragments that 8.21 brought.
const SOCKET_LIMITS: SocketOptions & { readonly maxBufferedChunks: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: 4096,
  maxFragments: 16,
  maxBufferedChunks: 1024,
};

const CLOSING: Refusal = { status: 503, sentence: 'The server is closing.' };

/**
 * Starts the viewer page, `/healthz`, `/metrics` and one WebSocket a stream (`/streams/NAME`) on one port.
 *
 * Rejects with `option-invalid` for a bad option or an address that is not this machine's, and with `port-in-use`.
 */
export async function startServer(options: ServerOptions): Promise<DepthServer> {
  const { host = '127.0.0.1', port = 8080 } = options;
  check(options, host, port);
  const onError = options.onError ?? (() => {});
  const hubs = new Map(options.streams.map((name) => [name, new StreamHub(name, options, onError)]));
  const rules = {
    maxViewers: options.maxViewers ?? 200,
    maxViewersPerAddress: options.maxViewersPerAddress ?? 50,
    allowedOrigins: options.allowedOrigins ?? [],
    loopback: isLoopback(host),
  };
  const limits = { stalledMs: options.stalledMs ?? 10_000, messagesPerSecond: 10 };
  const answer = httpAnswers(hubs, await readPageFiles(), (name) => isHostAllowed(name, rules.loopback));
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 },
    answer,
  );
  server.maxConnections = rules.maxViewers + 64;
  // The header timeout of node:http does not see a connection that never sends a byte.
  server.on('connection', (socket) => socket.setTimeout(10_000, () => socket.destroy()));

  const sockets = new WebSocketServer({
    ...SOCKET_LIMITS,
    handleProtocols: (offered) => (offered.has(WIRE_PROTOCOL) ? WIRE_PROTOCOL : false),
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const hub = server.listening ? admit(request, hubs, rules) : CLOSING;
    if (!(hub instanceof StreamHub)) return turnAway(socket, hub);
    request.socket.setTimeout(0);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const viewer = new Viewer(webSocket, request.socket.remoteAddress ?? '', limits);
      webSocket.on('close', () => hub.leave(viewer));
      hub.join(viewer);
    });
  });

  await listen(server, host, port);
  const viewers = () => [...hubs.values()].flatMap((hub) => [...hub.viewers]);
  const pings = setInterval(() => {
    for (const viewer of viewers()) viewer.ping();
  }, options.pingIntervalMs ?? 15_000);
  pings.unref();
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${(server.address() as AddressInfo).port}`,
    hub(stream) {
      const hub = hubs.get(stream);
      if (hub) return hub;
      throw invalid(
        `There is no stream '${stream}'.`,
        `Name it when starting the server; now: ${options.streams.join(', ')}.`,
      );
    },
    status: () => [...hubs.values()].map((hub) => hub.status()),
    async close() {
      clearInterval(pings);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const viewer of viewers()) viewer.close(1001, 'server closing');
      server.closeIdleConnections();
      // Whatever request is still open by then waits for nothing that will come.
      setTimeout(() => server.closeAllConnections(), 2000).unref();
      await closed;
    },
  };
}

function check({ streams, allowPublic }: ServerOptions, host: string, port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalid(`The port ${port} is none.`, 'Give a number from 1 to 65535, or 0 for any free one.');
  }
  for (const name of streams) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw invalid(
        `The stream name '${name}' cannot stand in an address.`,
        'Use up to 64 letters, digits, dots, dashes and underscores.',
      );
    }
  }
  if (new Set(streams).size < streams.length) throw invalid('Two streams have the same name.', 'Name each one apart.');
  if (!isLoopback(host) && allowPublic !== true) {
    throw invalid(
      `Listening on ${host} would let anyone on the network watch.`,
      'Listen on 127.0.0.1, or say that it is meant (--public, in code allowPublic).',
    );
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new DepthcastError('port-in-use', `Port ${port} of ${host} is in use.`, {
            advice: 'Stop the program that uses it, or choose another port (0 takes any free one).',
            facts: { host, port },
            cause: error,
          }),
        );
      } else {
        reject(invalid(`Cannot listen on ${host}:${port} (${error.code}).`, 'Choose another host or port.', error));
      }
    });
    server.listen(port, host, resolve);
  });
}

function turnAway(socket: Duplex, { status, sentence }: Refusal): void {
  const body = `${sentence}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function invalid(message: string, advice: string, cause?: unknown): DepthcastError {
  return new DepthcastError('option-invalid', message, { advice, cause });
}
