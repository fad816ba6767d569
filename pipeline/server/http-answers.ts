import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { PageFile } from './page-files.ts';
import { healthJson, metricsText } from './status-report.ts';
import type { StreamHub } from './stream-hub.ts';

/** The page may load its own files and talk to its own server; nothing inline, nothing from elsewhere, in no frame. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Answers plain HTTP: the page, `/healthz`, `/metrics`, and a sentence for everything else. */
export function httpAnswers(
  hubs: ReadonlyMap<string, StreamHub>,
  page: ReadonlyMap<string, PageFile>,
  isHostAllowed: (host: string | undefined) => boolean,
): RequestListener {
  return (request, response) => {
    if (!isHostAllowed(request.headers.host)) return text(request, response, 421, 'This server has another name.');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return text(request, response, 405, 'Only GET and HEAD are answered.');
    }
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const status = () => [...hubs.values()].map((hub) => hub.status());
    if (path === '/healthz') return send(request, response, 200, 'application/json', healthJson(status()));
    if (path === '/metrics') return send(request, response, 200, 'text/plain; version=0.0.4', metricsText(status()));
    if (path.startsWith('/streams/')) {
      response.setHeader('Upgrade', 'websocket');
      return text(request, response, 426, 'This is a WebSocket: connect with subprotocol depthcast.v1.');
    }
    const file = page.get(path);
    if (file) {
      response.setHeader('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
      return send(request, response, 200, file.type, file.body);
    }
    if (path === '/' && page.size === 0) {
      return text(request, response, 503, 'The viewer page has not been built: run `npm run build`. The streams work.');
    }
    return text(request, response, 404, 'There is nothing here.');
  };
}

function text(request: IncomingMessage, response: ServerResponse, status: number, sentence: string): void {
  send(request, response, status, 'text/plain; charset=utf-8', `${sentence}\n`);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}
