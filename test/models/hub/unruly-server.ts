import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** How a server treats one request; `served` counts the requests before it. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, served: number) => void;

/** A web server on this machine that does what a test says, and remembers what it was asked. */
export interface UnrulyServer {
  readonly url: string;
  readonly asked: readonly { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
}

export async function unrulyServer(behave: Behaviour, host = '127.0.0.1'): Promise<UnrulyServer> {
  const asked: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    behave(request, response, asked.length - 1);
  });
  const port = await listening(server, host);
  return { url: `http://${host}:${port}`, asked };
}

/** Starts a server for the length of a test. */
export async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Serves bytes as a good server does: ETag, If-Range, Range (RFC 9110). */
export function serve(bytes: Uint8Array, etag: string | undefined = `"${sha256(bytes).slice(0, 12)}"`): Behaviour {
  return (request, response) => {
    const from = resumesAt(request, etag);
    if (etag !== undefined) response.setHeader('etag', etag);
    if (from !== undefined && from >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    if (from !== undefined) {
      response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    }
    const rest = bytes.subarray(from ?? 0);
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': rest.length }).end(rest);
  };
}

/** Says it serves everything asked for, and breaks off after so many bytes. */
export function cut(bytes: Uint8Array, after: number, etag?: string): Behaviour {
  return (request, response) => {
    const from = resumesAt(request, etag) ?? 0;
    if (etag !== undefined) response.setHeader('etag', etag);
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from });
    response.write(bytes.subarray(from, from + after), () => setTimeout(() => response.destroy(), 200));
  };
}

function resumesAt(request: IncomingMessage, etag: string | undefined): number | undefined {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const condition = request.headers['if-range'];
  return from === undefined || (condition !== undefined && condition !== etag) ? undefined : Number(from);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes that look like nothing, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
