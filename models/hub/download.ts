import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DepthcastError } from '../../frames/index.ts';
import { contentOf } from './content.ts';
import type { Environment } from './folders.ts';
import { Cut, get, refused } from './http.ts';
import { writeWhole } from './write-whole.ts';

/** A file to get. */
export interface DownloadOrder {
  readonly url: URL;
  /** Where it grows; what an earlier try left there is gone on from. */
  readonly path: string;
  readonly sha256?: string | undefined;
  readonly bytes?: number | undefined;
}

/** How to get it. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly environment?: Environment | undefined;
  /** Milliseconds without an answer, or with less than 1 KB of it, that count as a cut; default 30,000. */
  readonly stallMs?: number | undefined;
  /** Tries in a row that may bring nothing new; default 5. */
  readonly tries?: number | undefined;
  /** Milliseconds before the second try, doubled at each further one; default 500. */
  readonly pauseMs?: number | undefined;
  /** Bytes there are, and that there will be where that is known. */
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined;
  /** Told what the user should know: a redirect to another host, a cut. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** What was being fetched when the file was left in the middle; lies beside it as `….json`. */
interface Beginning {
  readonly url: string;
  /** ETag or Last-Modified of the bytes that are there. */
  readonly validator?: string | undefined;
}

/** Protobuf, hence ONNX in one file, ends here. */
const largest = 2 ** 31 - 1;
const leastInStall = 1024;

/**
 * Gets a file, goes on after a cut (RFC 9110 sections 13.1.5 and 14: `If-Range`, `Range`), and checks it.
 *
 * Resolves with the sha256 and length of what lies at `path`. Rejects with `model-download`, or with `model-hash` where
 * the bytes are not those wanted, which are deleted then; the signal's reason where it was told to stop.
 */
export async function download(
  order: DownloadOrder,
  options: DownloadOptions = {},
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  await mkdir(dirname(order.path), { recursive: true });
  const pieced = await fetchAll(order, options);
  let found = await contentOf(order.path);
  if (!isWanted(order, found) && pieced) {
    // What an earlier try left may be of other bytes.
    options.onNote?.('the file went wrong on its way; getting it again from the start');
    await forget(order.path);
    await fetchAll(order, options);
    found = await contentOf(order.path);
  }
  if (isWanted(order, found)) {
    await rm(`${order.path}.json`, { force: true });
    return found;
  }
  await forget(order.path);
  throw new DepthcastError('model-hash', `${order.url.host} sent other bytes than the ones wanted.`, {
    advice: 'Nothing of it was kept. Check the url and sha256 in the card, and DEPTHCAST_MIRROR.',
    facts: { wanted: order.sha256, found: found.sha256, wantedBytes: order.bytes, foundBytes: found.bytes },
  });
}

function isWanted(order: DownloadOrder, found: { sha256: string; bytes: number }): boolean {
  return (order.sha256 ?? found.sha256) === found.sha256 && (order.bytes ?? found.bytes) === found.bytes;
}

/** Fetches until the file is whole; `true` where it was put together from more than one answer. */
async function fetchAll(order: DownloadOrder, options: DownloadOptions): Promise<boolean> {
  const { tries = 5, pauseMs = 500, signal, onNote } = options;
  for (let fruitless = 0; ; ) {
    const before = await lengthOf(order.path);
    try {
      await fetchOnce(order, options);
      return before > 0;
    } catch (cause) {
      signal?.throwIfAborted();
      if (!(cause instanceof Cut)) throw cause;
      fruitless = (await lengthOf(order.path)) > before ? 0 : fruitless + 1;
      if (fruitless >= tries) {
        throw new DepthcastError('model-download', `The download stopped: ${cause.message}.`, {
          advice: 'The same command goes on where it stopped.',
          facts: { url: `${order.url.origin}${order.url.pathname}`, tries },
          cause,
        });
      }
      onNote?.(`${cause.message}; trying again`);
      await delay(pauseMs * 2 ** fruitless, undefined, { signal });
    }
  }
}

async function fetchOnce(order: DownloadOrder, options: DownloadOptions): Promise<void> {
  const { url, path } = order;
  const have = await lengthOf(path);
  const beginning = await readBeginning(path);
  const known = beginning?.url === url.href && (beginning.validator !== undefined || order.sha256 !== undefined);
  const goOn = have > 0 && known;
  if (goOn && have === order.bytes) return;
  const headers: Record<string, string> = {};
  if (goOn) headers['range'] = `bytes=${have}-`;
  if (goOn && beginning.validator !== undefined) headers['if-range'] = beginning.validator;
  const answer = await get(url, {
    headers,
    stallMs: options.stallMs ?? 30_000,
    signal: options.signal,
    environment: options.environment,
    onRedirect: (from, to) => options.onNote?.(`${from.host} sends on to ${to.host}`),
  });
  try {
    const from = await startOf(answer, order, goOn ? have : 0, beginning);
    if (from === 'whole') return;
    await receive(answer, from, order, options);
  } finally {
    answer.destroy();
  }
}

/** From which byte on the answer brings the file and how long that will be; throws where it brings something else. */
async function startOf(
  answer: IncomingMessage,
  order: DownloadOrder,
  have: number,
  beginning: Beginning | undefined,
): Promise<{ readonly at: number; readonly total: number | undefined } | 'whole'> {
  const { url, path } = order;
  const status = answer.statusCode ?? 0;
  const validator = validatorOf(answer);
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '');
  const whole = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2]);
  if (status === 408 || status === 429 || status >= 500) throw new Cut(`${url.host} answers ${status}`);
  if (status === 416 && have > 0) {
    if (whole === have) return 'whole';
    await forget(path);
    throw new Cut(`${url.host} has another file than before`);
  }
  if (status === 206 && have > 0) {
    const same = beginning?.validator === undefined || validator === undefined || validator === beginning.validator;
    if (Number(range?.[1]) !== have || !same) {
      await forget(path);
      throw new Cut(`${url.host} went on at the wrong place`);
    }
  } else if (status !== 200) {
    const what = status === 401 || status === 403 ? `does not give the file away (${status})` : `answers ${status}`;
    throw refused(url, status === 404 ? 'has no such file (404)' : what, { status });
  }
  if (/^text\/html\b/i.test(answer.headers['content-type'] ?? '')) {
    throw refused(url, 'sends a web page instead of the file: a login, or a notice');
  }
  if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw refused(url, 'sends the file packed, which was not asked for');
  }
  const length = answer.headers['content-length'];
  const at = status === 206 ? have : 0;
  const total = whole ?? (length === undefined ? undefined : at + Number(length));
  if (total !== undefined && (total > largest || (order.bytes ?? total) !== total)) {
    throw refused(url, `offers ${total} bytes, not ${order.bytes ?? 'a file below 2 GiB'}`, {
      wanted: order.bytes,
      total,
    });
  }
  if (at === 0) await rm(path, { force: true });
  await writeWhole(`${path}.json`, JSON.stringify({ url: url.href, validator } satisfies Beginning));
  return { at, total: total ?? order.bytes };
}

async function receive(
  answer: IncomingMessage,
  { at, total }: { readonly at: number; readonly total: number | undefined },
  { url, path, bytes }: DownloadOrder,
  { signal, onProgress, stallMs = 30_000 }: DownloadOptions,
): Promise<void> {
  const most = bytes ?? total ?? largest;
  const file = await open(path, at === 0 ? 'w' : 'a');
  let length = at;
  let seen = at;
  const watch = setInterval(() => {
    if (length - seen < leastInStall) answer.destroy(new Cut(`${url.host} sent nothing for ${stallMs / 1000} s`));
    seen = length;
  }, stallMs);
  const stop = (): void => void answer.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (length + chunk.length > most) throw refused(url, `sends more than the ${most} bytes it should`);
      await file.writeFile(chunk);
      length += chunk.length;
      onProgress?.(length, total);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Cut || cause instanceof DepthcastError || isOfDisk(cause)) throw cause;
    throw new Cut(`${url.host} broke off after ${length} bytes`);
  } finally {
    clearInterval(watch);
    signal?.removeEventListener('abort', stop);
    await file.sync();
    await file.close();
  }
  if (total !== undefined && length < total) throw new Cut(`${url.host} ended after ${length} of ${total} bytes`);
}

/** A disk that is full does not get better by asking again. */
function isOfDisk(cause: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? '');
}

/** What says that the bytes are the same: a strong ETag, else the date of the last change. */
function validatorOf({ headers }: IncomingMessage): string | undefined {
  const { etag } = headers;
  return etag?.startsWith('"') ? etag : headers['last-modified'];
}

async function readBeginning(path: string): Promise<Beginning | undefined> {
  try {
    const { url, validator } = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Record<string, unknown>;
    if (typeof url !== 'string') return undefined;
    return { url, validator: typeof validator === 'string' ? validator : undefined };
  } catch {
    return undefined;
  }
}

async function lengthOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function forget(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.json`, { force: true });
}
