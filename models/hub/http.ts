import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import { DepthcastError } from '../../frames/index.ts';
import type { Environment } from './folders.ts';
import { proxyFor } from './proxy.ts';

const MOST_REDIRECTS = 5;

/** A failure that may be gone at the next try: a cut, a stall, a server that is busy. */
export class Cut extends Error {}

/** How to ask. */
export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds that connecting, and the answer's first line, may take. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly environment?: Environment | undefined;
  /** Told of each host that the server sends on to. */
  readonly onRedirect?: ((from: URL, to: URL) => void) | undefined;
}

/** Where `DEPTHCAST_MIRROR` has a URL's file: the mirror's own path, then the host and the path of the URL. */
export function mirrored(url: URL, environment: Environment = process.env): URL {
  const said = environment['DEPTHCAST_MIRROR'];
  if (!said) return url;
  if (!URL.canParse(said) || !/^https?:$/.test(new URL(said).protocol)) {
    throw new DepthcastError('option-invalid', 'DEPTHCAST_MIRROR is no http or https URL.', {
      advice: 'Set it to something like https://mirror.example/models, or leave it out.',
    });
  }
  const mirror = new URL(said);
  mirror.pathname = `${mirror.pathname.replace(/\/+$/, '')}/${url.host}${url.pathname}`;
  mirror.search = url.search;
  return mirror;
}

/**
 * GET by HTTP/1.1, through the proxy of the environment, following redirects. The answer's body was not read yet.
 *
 * A redirect to another host is followed only from https to https, one to the same host never from https to http.
 * Throws Cut where trying again may help, a DepthcastError `model-download` where it does not.
 */
export async function get(start: URL, options: GetOptions): Promise<IncomingMessage> {
  let url = start;
  for (let redirects = 0; ; redirects++) {
    options.signal?.throwIfAborted();
    const answer = await ask(url, options);
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.statusCode ?? 0) || location === undefined) return answer;
    answer.destroy();
    if (redirects === MOST_REDIRECTS) throw refused(start, `sends on more than ${MOST_REDIRECTS} times`);
    const next = redirectTarget(url, location);
    if (next.host !== url.host) options.onRedirect?.(url, next);
    url = next;
  }
}

/** Where a redirect leads. Throws `model-download` where it must not be followed. */
export function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from)) throw refused(from, 'sends on to something that is no URL');
  const to = new URL(location, from);
  to.username = '';
  to.password = '';
  const sound =
    to.host === from.host
      ? to.protocol === from.protocol || (from.protocol === 'http:' && to.protocol === 'https:')
      : from.protocol === 'https:' && to.protocol === 'https:';
  if (sound) return to;
  throw refused(from, `sends on to ${to.protocol}//${to.host}, which is not safe: only https to https is followed`);
}

/** The error for a server that does what cannot be gone along with; names its host, never a query or a password. */
export function refused(url: URL, what: string, facts: Readonly<Record<string, unknown>> = {}): DepthcastError {
  return new DepthcastError('model-download', `${url.host} ${what}.`, {
    advice: 'Check the url in the card, the network and DEPTHCAST_MIRROR.',
    facts: { url: `${url.origin}${url.pathname}`, ...facts },
  });
}

async function ask(url: URL, options: GetOptions): Promise<IncomingMessage> {
  const proxy = proxyFor(url, options.environment);
  const plain: RequestOptions = {
    method: 'GET',
    headers: { 'user-agent': 'depthcast', 'accept-encoding': 'identity', ...options.headers },
    agent: false,
  };
  if (!proxy) return answerOf(url, requestTo(url, plain), options);
  if (url.protocol === 'http:') {
    const headers = { ...plain.headers, host: url.host, ...authorization(proxy) };
    return answerOf(proxy, requestTo(proxy, { ...plain, headers, path: url.href }), options);
  }
  const socket = await tunnel(url, proxy, options);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const createConnection = (): Socket => tls.connect({ socket, host, ...(isIP(host) ? {} : { servername: host }) });
  return answerOf(url, requestTo(url, { ...plain, createConnection }), options);
}

function requestTo(url: URL, options: RequestOptions): http.ClientRequest {
  return (url.protocol === 'https:' ? https : http).request(url, options);
}

/** A connection to the URL's host through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6). */
async function tunnel(url: URL, proxy: URL, options: GetOptions): Promise<Socket> {
  const path = `${url.hostname}:${url.port || 443}`;
  const headers = { host: path, ...authorization(proxy) };
  const request = requestTo(proxy, { method: 'CONNECT', path, headers, agent: false });
  return new Promise((resolve, reject) => {
    const done = watch(proxy, request, options, reject);
    request.once('connect', (answer: IncomingMessage, socket: Socket) => {
      done();
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(refused(proxy, `is the proxy, and answers ${answer.statusCode}`, { status: answer.statusCode }));
    });
    request.once('response', (answer: IncomingMessage) => {
      answer.destroy();
      reject(refused(proxy, `is the proxy, and answers ${answer.statusCode}`, { status: answer.statusCode }));
    });
    request.end();
  });
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function answerOf(url: URL, request: http.ClientRequest, options: GetOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const done = watch(url, request, options, reject);
    request.once('response', (answer) => {
      done();
      // From here on the body's errors belong to whoever reads it.
      request.on('error', () => {});
      resolve(answer);
    });
    request.end();
  });
}

/** Ends a request that stalls or is not wanted any more; returns what stops watching. */
function watch(
  url: URL,
  request: http.ClientRequest,
  { stallMs, signal }: GetOptions,
  reject: (cause: unknown) => void,
): () => void {
  const stop = (): void => {
    reject(signal?.reason);
    request.destroy();
  };
  const stalled = setTimeout(() => {
    reject(new Cut(`${url.host} did not answer for ${stallMs / 1000} s`));
    request.destroy();
  }, stallMs);
  const done = (): void => {
    clearTimeout(stalled);
    signal?.removeEventListener('abort', stop);
  };
  signal?.addEventListener('abort', stop, { once: true });
  request.once('error', (cause: NodeJS.ErrnoException) => {
    done();
    reject(asFault(url, cause));
  });
  return done;
}

/** What a connection's error means: some go away by themselves, others do not. */
function asFault(url: URL, cause: NodeJS.ErrnoException): Error {
  const code = cause.code ?? '';
  if (['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'].includes(code)) {
    return new Cut(`the connection to ${url.host} broke (${code})`);
  }
  const what = code === 'ENOTFOUND' ? 'is not known here' : `cannot be reached safely (${code || cause.message})`;
  return new DepthcastError('model-download', `${url.host} ${what}.`, {
    advice: 'Check the network, HTTPS_PROXY and DEPTHCAST_MIRROR.',
    facts: { host: url.host, reason: cause.message },
    cause,
  });
}
