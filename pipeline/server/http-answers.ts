import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { DepthcastError } from '../../frames/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { PageFile } from './page-files.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { ServerOptions } from './server-options.ts';
import { healthJson, readiness } from './status-report.ts';
import {
  authorise,
  type DoorRules,
  type House,
  isHostAllowed,
  isLoopbackHost,
  isOriginAllowed,
  type Refusal,
} from './viewer-door.ts';

/** What plain HTTP is answered from. */
export interface HttpHouse extends House {
  readonly rules: DoorRules;
  readonly telemetry: Telemetry;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly admin: ServerOptions['admin'];
  /** Whether the server is on its way out. */
  isStopping(): boolean;
  /** Told of a reload that failed in a way nobody foresaw. */
  onError(error: unknown): void;
  /** Told of each request that was turned away. */
  onRefused(refusal: Refusal): void;
}

/** Answers plain HTTP: the page, health, metrics, `POST /admin/reload`, and a sentence for everything else. */
export function httpAnswers(house: HttpHouse): RequestListener {
  let isReloading = false;

  const reload = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // What a reload costs is not bounded by the time a silent connection may stay.
    request.socket.setTimeout(0);
    isReloading = true;
    try {
      json(request, response, 200, (await house.admin!.reload()) ?? { ok: true });
    } catch (error) {
      if (!(error instanceof DepthcastError)) house.onError(error);
      const { code, message, advice } = error instanceof DepthcastError ? error : UNKNOWN;
      json(request, response, error instanceof DepthcastError ? 422 : 500, { error: { code, message, advice } });
    } finally {
      isReloading = false;
    }
  };

  const administrate = (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      return text(request, response, 405, 'Send this by POST.');
    }
    // A browser sends the origin with every POST: no page from elsewhere may reload what runs here.
    // `null` is the origin of any page in a sandbox: it may be let in to watch, never to do something.
    if (request.headers.origin === 'null' || !isOriginAllowed(request, house.rules)) {
      return text(request, response, 403, 'This page may not do this.');
    }
    // Under another name it is asked through a proxy, which others reach.
    const isHere = house.rules.loopback && isLoopbackHost(request.headers.host);
    const isOpen = isHere && !house.tokens.asks('viewer') && !house.tokens.asks('admin');
    const pass = isOpen ? undefined : authorise(request, house, 'admin');
    if (pass && 'status' in pass) return turnAway(request, response, pass);
    if (!house.admin) return text(request, response, 404, 'There is nothing to reload.');
    if (isReloading) return text(request, response, 409, 'A reload is under way.');
    void reload(request, response);
  };

  const turnAway = (request: IncomingMessage, response: ServerResponse, refusal: Refusal) => {
    house.onRefused(refusal);
    if (refusal.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="depthcast"');
    if (refusal.retryAfter !== undefined) response.setHeader('Retry-After', refusal.retryAfter);
    text(request, response, refusal.status, refusal.sentence);
  };

  return (request, response) => {
    if (!isHostAllowed(request.headers.host, house.rules)) {
      return text(request, response, 421, 'This server has another name.');
    }
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (path === '/admin/reload') return administrate(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return text(request, response, 405, 'Only GET and HEAD are answered.');
    }
    if (path === '/livez') return text(request, response, 200, 'ok');
    if (path === '/readyz') {
      const state = readiness(house.streams.news(), house.isStopping());
      return text(request, response, state === 'ready' ? 200 : 503, state);
    }
    if (path === '/healthz' || path === '/metrics') {
      const pass = authorise(request, house, 'viewer');
      if ('status' in pass) return turnAway(request, response, pass);
      if (path === '/healthz') {
        return send(request, response, 200, 'application/json', healthJson(house.streams, house.telemetry, pass));
      }
      void house.telemetry.text().then(
        (body) => send(request, response, 200, 'text/plain; version=0.0.4; charset=utf-8', body),
        () => text(request, response, 500, 'The metrics could not be collected.'),
      );
      return;
    }
    const door = house.doors.find((other) => other.path === path);
    if (door || path === '/streams' || path.startsWith('/streams/')) {
      response.setHeader('Upgrade', 'websocket');
      const protocol = door?.protocols.join(' or ') ?? 'depthcast.v1';
      return text(request, response, 426, `This is a WebSocket: connect with subprotocol ${protocol}.`);
    }
    const file = house.page.get(path);
    if (file) {
      response.setHeader('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
      return send(request, response, 200, file.type, file.body);
    }
    if (path === '/' && house.page.size === 0) {
      return text(request, response, 503, 'The viewer page has not been built: run `npm run build`. The streams work.');
    }
    return text(request, response, 404, 'There is nothing here.');
  };
}

const UNKNOWN = { code: 'unknown', message: 'The reload failed.', advice: 'See the log of the server.' };

function text(request: IncomingMessage, response: ServerResponse, status: number, sentence: string): void {
  send(request, response, status, 'text/plain; charset=utf-8', `${sentence}\n`);
}

function json(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  send(request, response, status, 'application/json', JSON.stringify(body));
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  response.writeHead(status, { ...SECURITY_HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}
