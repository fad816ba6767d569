import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { DepthcastError } from '../../../frames/index.ts';
import { connectOptions, pinned } from './address.ts';
import { unreachable } from './dial.ts';
import { refusal } from './faults.ts';
import { LoginAnswers, loginOf } from './login.ts';

/** How something is fetched over HTTP. */
export interface HttpGetOptions {
  /** What the user calls it; begins a sentence. */
  readonly subject: string;
  readonly signal: AbortSignal;
  readonly allowHosts: readonly string[];
  readonly insecureTls: boolean;
  /** Of the request, e.g. `range`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How often one answer may point to the next. */
const REDIRECTS = 3;

/**
 * Fetches a URL: the host is resolved here, checked and pinned, at every redirection anew; certificates are verified;
 * the login of the URL is answered (Basic, Digest) and goes to its own host and scheme only. No proxy is asked. A
 * redirection is followed on the same host and to those in `allowHosts`: else any server could have us ask what lies
 * beside us, where it cannot reach itself.
 *
 * The answer is a success whose body is still to be read; its URL is the one behind the redirections. Throws
 * `source-unreachable`, `source-auth`, `source-not-found`, `source-refused`.
 */
export async function httpGet(url: URL, options: HttpGetOptions): Promise<{ body: IncomingMessage; url: URL }> {
  const login = loginOf(url);
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const own = at.origin === url.origin;
    const body = await answered(at, own && login ? new LoginAnswers(login) : undefined, options);
    const status = body.statusCode ?? 0;
    if (status >= 200 && status < 300) return { body, url: at };
    body.destroy();
    const location = body.headers.location;
    if (status < 300 || status >= 400 || location === undefined || redirects === REDIRECTS) {
      throw refusal(options.subject, status, body.statusMessage?.replace(/[^ -~]/g, '?').slice(0, 80));
    }
    if (!URL.canParse(location, at)) throw refusal(options.subject, status, 'a redirection to nowhere');
    const next = new URL(location, at);
    // What was asked for over TLS is not given to whoever listens in.
    if (!/^https?:$/.test(next.protocol) || (at.protocol === 'https:' && next.protocol === 'http:')) {
      throw refusal(options.subject, status, 'a redirection to another kind of place');
    }
    if (next.hostname !== url.hostname && !isNamed(next, options.allowHosts)) {
      throw new DepthcastError('source-refused', `${options.subject} sends its players to ${next.hostname}.`, {
        advice: 'Where that is right, name the host with the option allowHosts.',
        facts: { status, host: next.hostname },
      });
    }
    at = next;
  }
}

/** Whether the host of a URL is one of those that a user named, alone or with its port. */
export function isNamed(url: URL, allowHosts: readonly string[]): boolean {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return [url.hostname, name, `${name}:${port}`].some((text) => allowHosts.includes(text));
}

async function answered(url: URL, login: LoginAnswers | undefined, options: HttpGetOptions): Promise<IncomingMessage> {
  const first = await ask(url, undefined, options);
  if (first.statusCode !== 401 || !login) return first;
  const headers = first.headersDistinct['www-authenticate'] ?? [];
  if (!login.challenge(headers)) return first;
  first.destroy();
  return ask(url, login.authorization('GET', url.pathname + url.search), options);
}

async function ask(url: URL, authorization: string | undefined, options: HttpGetOptions): Promise<IncomingMessage> {
  const { subject, signal, allowHosts, insecureTls } = options;
  const to = await pinned(url, allowHosts, signal);
  const request: RequestOptions = {
    method: 'GET',
    ...connectOptions(to),
    path: url.pathname + url.search,
    headers: { ...options.headers, host: url.host, ...(authorization === undefined ? {} : { authorization }) },
    agent: false,
  };
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const tls = { rejectUnauthorized: !insecureTls, ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }) };
  const asking = url.protocol === 'https:' ? requestHttps({ ...request, ...tls }) : requestHttp(request);
  // Until it answers only: a stream of pictures outlives every limit for that.
  const abort = (): void => void asking.destroy(new Error('given up'));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  asking.end();
  try {
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    // Behind the head errors come as an early end of the body.
    asking.on('error', () => {});
    answer.on('error', () => {});
    return answer;
  } catch (cause) {
    asking.on('error', () => {});
    asking.destroy();
    throw unreachable(subject, signal.aborted ? undefined : (cause as NodeJS.ErrnoException));
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The first `length` bytes of a body, which stay in it; fewer where it ends before. Aborting ends the body. */
export function beginning(body: IncomingMessage, length: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve) => {
    let head: Buffer = Buffer.alloc(0);
    const abort = (): void => void body.destroy();
    const done = (): void => {
      body.pause();
      body.off('data', take).off('end', done).off('close', done);
      signal.removeEventListener('abort', abort);
      if (!body.readableEnded && !body.destroyed && head.length > 0) body.unshift(head);
      resolve(head);
    };
    const take = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      if (head.length >= length) done();
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    body.on('end', done).on('close', done).on('data', take);
  });
}

/** A whole body of at most `limit` bytes; it must be there before `signal` aborts. Throws `source-refused` for a longer one and `source-lost` for half of one. */
export async function wholeBody(
  body: IncomingMessage,
  limit: number,
  { subject, signal }: Pick<HttpGetOptions, 'subject' | 'signal'>,
): Promise<Buffer> {
  const abort = (): void => void body.destroy();
  signal.addEventListener('abort', abort, { once: true });
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw refusal(subject, body.statusCode ?? 0, `more than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof DepthcastError) throw cause;
    throw new DepthcastError('source-lost', `${subject} closed the connection.`, {
      advice: 'It is asked again.',
      cause,
    });
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return Buffer.concat(chunks);
}
