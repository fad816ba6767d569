import type { IncomingMessage } from 'node:http';
import { WIRE_PROTOCOL } from '../../frames/index.ts';
import type { StreamHub } from './stream-hub.ts';

/** Who may come in, and how many. */
export interface DoorRules {
  readonly maxViewers: number;
  readonly maxViewersPerAddress: number;
  /** Origins of other pages that may watch, e.g. `https://example.org`. */
  readonly allowedOrigins: readonly string[];
  /** True when the server listens on this machine only. */
  readonly loopback: boolean;
}

/** Why a request was turned away: an HTTP status and a sentence. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 421 | 429 | 503;
  readonly sentence: string;
}

/** True for `localhost`, 127.0.0.0/8 and ::1, with or without brackets. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^127(\.\d{1,3}){3}$/.test(host) || host === '::1' || host === '[::1]';
}

/**
 * True for a Host header that may be answered. A server on loopback answers loopback names only: a page elsewhere
 * whose name was made to point at this machine (DNS rebinding) would otherwise count as the server's own.
 */
export function isHostAllowed(host: string | undefined, loopback: boolean): boolean {
  if (!loopback) return true;
  const name = host === undefined ? undefined : hostOf(`http://${host}`)?.hostname;
  return name !== undefined && isLoopback(name);
}

/** The stream that an upgrade request may watch, or why not. */
export function admit(
  request: IncomingMessage,
  hubs: ReadonlyMap<string, StreamHub>,
  rules: DoorRules,
): StreamHub | Refusal {
  const path = (request.url ?? '').split('?', 1)[0]!;
  if (!isHostAllowed(request.headers.host, rules.loopback)) return refuse(421, 'This server has another name.');
  const hub = path.startsWith('/streams/') ? hubs.get(path.slice('/streams/'.length)) : undefined;
  if (!hub) return refuse(404, 'There is no such stream.');
  if (!isOriginAllowed(request, rules)) return refuse(403, 'This page may not watch.');
  const offered = request.headers['sec-websocket-protocol'];
  if (offered !== undefined && !offered.split(',').some((name) => name.trim() === WIRE_PROTOCOL)) {
    return refuse(400, `The subprotocol is ${WIRE_PROTOCOL}.`);
  }
  let all = 0;
  let fromThere = 0;
  for (const { viewers } of hubs.values()) {
    all += viewers.size;
    for (const viewer of viewers) if (viewer.address === request.socket.remoteAddress) fromThere++;
  }
  if (all >= rules.maxViewers) return refuse(503, 'There are too many viewers.');
  if (fromThere >= rules.maxViewersPerAddress) return refuse(429, 'There are too many viewers from this address.');
  return hub;
}

// Browsers always name the page that opens a WebSocket and let any page open one anywhere, so this is what keeps other
// pages out. A program names none.
function isOriginAllowed({ headers }: IncomingMessage, { allowedOrigins, loopback }: DoorRules): boolean {
  const { origin, host } = headers;
  if (origin === undefined || allowedOrigins.includes(origin)) return true;
  const page = hostOf(origin);
  return page !== undefined && (page.host === host || (loopback && isLoopback(page.hostname)));
}

function hostOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function refuse(status: Refusal['status'], sentence: string): Refusal {
  return { status, sentence };
}
