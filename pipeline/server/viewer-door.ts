import type { IncomingMessage } from 'node:http';
import { TOKEN_PROTOCOL, WIRE_PROTOCOL } from '../../frames/index.ts';
import { clientOf } from './client-of.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import type { Guests } from './guests.ts';
import { isLoopback } from './loopback.ts';
import type { SocketDoor } from './socket-door.ts';
import type { StreamSet } from './stream-set.ts';
import { mayWatch, type Pass, type Tokens } from './tokens.ts';

/** Who may come in, and how many. */
export interface DoorRules {
  readonly maxViewers: number;
  readonly maxViewersPerAddress: number;
  /** Origins of other pages that may watch, e.g. `https://example.org`. */
  readonly allowedOrigins: readonly string[];
  /** True when the server listens on this machine only. */
  readonly loopback: boolean;
}

/** What stands behind the door. */
export interface House {
  readonly streams: StreamSet;
  readonly guests: Guests;
  readonly tokens: Tokens;
  readonly attempts: FailedAttempts;
  readonly doors: readonly SocketDoor[];
}

/** Why a request was turned away: an HTTP status and a sentence for the client, a word for the metrics. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 421 | 429 | 503;
  readonly sentence: string;
  readonly reason: string;
  /** Seconds after which it is worth trying again. */
  readonly retryAfter?: number | undefined;
}

/** Who was let in, and to what: a stream, all of them (`undefined`), or another door. */
export interface Admission {
  readonly pass: Pass;
  readonly to: string | SocketDoor | undefined;
}

/**
 * True for a Host header that may be answered. A server on loopback answers loopback names, and those of the origins
 * that may watch, by which a reverse proxy beside it is known: a page elsewhere whose name was made to point at this
 * machine (DNS rebinding) would otherwise count as the server's own.
 */
export function isHostAllowed(
  host: string | undefined,
  { loopback, allowedOrigins }: Pick<DoorRules, 'allowedOrigins' | 'loopback'>,
): boolean {
  if (!loopback || isLoopbackHost(host)) return true;
  const name = nameIn(host);
  return name !== undefined && allowedOrigins.some((origin) => hostOf(origin)?.hostname === name);
}

/** True for a Host header that names this machine by a loopback name. */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = nameIn(host);
  return name !== undefined && isLoopback(name);
}

/** What an upgrade request is let in to, or why not. */
export function admit(request: IncomingMessage, house: House, rules: DoorRules): Admission | Refusal {
  const path = (request.url ?? '').split('?', 1)[0]!;
  if (!isHostAllowed(request.headers.host, rules)) {
    return refuse(421, 'host', 'This server has another name.');
  }
  const door = house.doors.find((other) => other.path === path);
  const isStream = path === '/streams' || path.startsWith('/streams/');
  if (!door && !isStream) return refuse(404, 'path', 'There is nothing here.');
  if (!isOriginAllowed(request, rules) && !(door && isDesktopApp(request, rules))) {
    return refuse(403, 'origin', 'This page may not watch.');
  }
  const protocols = door?.protocols ?? [WIRE_PROTOCOL];
  const offered = offeredProtocols(request);
  if (offered.length > 0 && !offered.some((name) => protocols.includes(name))) {
    return refuse(400, 'protocol', `The subprotocol is ${protocols.join(' or ')}.`);
  }
  const pass = authorise(request, house, 'viewer');
  if ('status' in pass) return pass;
  const stream = path.slice('/streams/'.length);
  if (!door && path !== '/streams') {
    if (!mayWatch(pass, stream)) return refuse(403, 'token-scope', 'This token is not good for this stream.');
    if (!house.streams.get(stream)) return refuse(404, 'path', 'There is no such stream.');
  }
  if (house.guests.count >= rules.maxViewers) return refuse(503, 'viewers', 'There are too many viewers.', 5);
  if (house.guests.countFrom(request.socket.remoteAddress) >= rules.maxViewersPerAddress) {
    return refuse(429, 'address', 'There are too many viewers from this address.', 5);
  }
  return { pass, to: door ?? (path === '/streams' ? undefined : stream) };
}

/**
 * What a client may do by its token: a bearer token, or one offered as a subprotocol. Everybody may watch where there
 * are no viewer tokens; nobody may administrate without an admin token (the loopback exception is the caller's).
 */
export function authorise(
  request: IncomingMessage,
  { tokens, attempts }: Pick<House, 'tokens' | 'attempts'>,
  role: Pass['role'],
): Pass | Refusal {
  const token = tokenOf(request);
  if (role === 'viewer' && !tokens.asks('viewer')) return { role: 'viewer' };
  if (token === undefined) return refuse(401, 'token-missing', 'This needs a token.');
  const client = clientOf(request.socket.remoteAddress);
  const pass = tokens.find(token);
  if (pass === 'expired') return refuse(401, 'token-expired', 'This token is no longer valid.');
  if (!pass) {
    // Wrong ones alone wait: behind a proxy everybody has one address, and none may lock the others out.
    const wait = attempts.waitOf(client);
    if (wait > 0) return refuse(429, 'token-attempts', 'There were too many wrong tokens from this address.', wait);
    attempts.add(client);
    return refuse(401, 'token-wrong', 'This token is not valid.');
  }
  if (role === 'admin' && pass.role !== 'admin') return refuse(403, 'token-scope', 'This needs an admin token.');
  return pass;
}

/** Subprotocols a client offers, without a token among them. */
export function offeredProtocols({ headers }: IncomingMessage): string[] {
  return allOffered(headers).filter((name) => !name.startsWith(TOKEN_PROTOCOL));
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  const bearer = /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1];
  return (
    bearer ??
    allOffered(headers)
      .find((name) => name.startsWith(TOKEN_PROTOCOL))
      ?.slice(TOKEN_PROTOCOL.length)
  );
}

function allOffered(headers: IncomingMessage['headers']): string[] {
  const offered = headers['sec-websocket-protocol'];
  return offered === undefined ? [] : offered.split(',').map((name) => name.trim());
}

/**
 * Browsers always name the page that opens a WebSocket and let any page open one anywhere, so this is what keeps other
 * pages out. A program names none.
 */
export function isOriginAllowed(
  { headers }: Pick<IncomingMessage, 'headers'>,
  { allowedOrigins, loopback }: Pick<DoorRules, 'allowedOrigins' | 'loopback'>,
): boolean {
  const { origin, host } = headers;
  if (origin === undefined || allowedOrigins.includes(origin)) return true;
  const page = hostOf(origin);
  return page !== undefined && (page.host === host || (loopback && isLoopback(page.hostname)));
}

/**
 * True on loopback for the origin of desktop apps that are pages inside (Foxglove, Lichtblick): `file://`. No page from
 * the web can have it; a page of this machine's own files can.
 */
function isDesktopApp({ headers }: IncomingMessage, { loopback }: DoorRules): boolean {
  return loopback && headers.origin === 'file://';
}

/** The name in a Host header, without the port. */
function nameIn(host: string | undefined): string | undefined {
  const name = host === undefined ? '' : hostOf(`http://${host}`)?.hostname;
  return name === '' ? undefined : name;
}

function hostOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function refuse(status: Refusal['status'], reason: string, sentence: string, retryAfter?: number): Refusal {
  return { status, sentence, reason, retryAfter };
}
