import type { IncomingMessage, ServerResponse } from 'node:http';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { Refusal } from './viewer-door.ts';

/** Answers a request with a sentence. */
export function text(request: IncomingMessage, response: ServerResponse, status: number, sentence: string): void {
  send(request, response, status, 'text/plain; charset=utf-8', `${sentence}\n`);
}

/** Answers a request with JSON. */
export function json(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  send(request, response, status, 'application/json', JSON.stringify(body));
}

/** Turns a request away, and tells of it. */
export function turnAway(
  request: IncomingMessage,
  response: ServerResponse,
  house: { onRefused(refusal: Refusal): void },
  refusal: Refusal,
): void {
  house.onRefused(refusal);
  if (refusal.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="depthcast"');
  if (refusal.retryAfter !== undefined) response.setHeader('Retry-After', refusal.retryAfter);
  text(request, response, refusal.status, refusal.sentence);
}

/** Answers a request: the headers that every answer has, and no body where none was asked for. */
export function send(
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
