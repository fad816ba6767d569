import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { DepthcastError } from '../../../frames/index.ts';
import { refusal } from './faults.ts';
import { type HttpGetOptions, httpGet, wholeBody } from './http-get.ts';

/** Longest play list. */
const LONGEST_LIST = 4 << 20;

/** Addresses that are remembered; a live list names a few dozen at a time. */
const REMEMBERED = 2000;

/**
 * Stands between ffmpeg and an HLS server: ffmpeg asks a port of the loopback interface, everything is fetched here.
 *
 * Play lists come from whoever runs the server, and what they name would be fetched by ffmpeg wherever it lies. So every
 * address in a list is replaced by one of the relay's, and fetched only if it is of the list's own host, or of one in
 * `allowHosts`. The login stays here.
 */
export class HlsRelay {
  readonly target: string;
  /** The last list or segment that could not be had. */
  fault: DepthcastError | undefined;
  readonly #server: Server;
  readonly #options: HttpGetOptions;
  readonly #root: URL;
  readonly #token = randomBytes(9).toString('hex');
  readonly #places = new Map<string, URL>();
  readonly #names = new Map<string, string>();
  #count = 0;

  private constructor(url: URL, options: HttpGetOptions, server: Server) {
    this.#root = url;
    this.#options = options;
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response));
    this.target = `http://127.0.0.1:${(server.address() as AddressInfo).port}${this.#nameOf(url)}`;
  }

  /** Asks for the play list once, so that what is wrong with it is known before a decoder is started. */
  static async open(url: URL, first: AbortSignal, options: HttpGetOptions): Promise<HlsRelay> {
    const { body } = await httpGet(url, { ...options, signal: first });
    const text = (await wholeBody(body, LONGEST_LIST, { ...options, signal: first })).toString('utf8');
    if (!text.trimStart().startsWith('#EXTM3U')) {
      throw new DepthcastError('source-refused', `${options.subject} sends no HLS play list.`, {
        advice: 'Give the URL of the .m3u8 file; for a camera that sends JPEG pictures give --layout mjpeg.',
        facts: { type: body.headers['content-type'] },
      });
    }
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HlsRelay(url, options, server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const place = this.#places.get(request.url ?? '');
    response.on('error', () => {});
    if (!place) {
      response.writeHead(404).end();
      return;
    }
    try {
      const { range } = request.headers;
      const { body, url } = await httpGet(place, { ...this.#options, headers: range === undefined ? {} : { range } });
      const list = /mpegurl/i.test(body.headers['content-type'] ?? '') || /\.m3u8$/i.test(place.pathname);
      if (list) {
        const text = (await wholeBody(body, LONGEST_LIST, this.#options)).toString('utf8');
        response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(this.#rewritten(text, url));
        return;
      }
      const kept = ['content-type', 'content-length', 'content-range', 'accept-ranges'];
      const headers = kept.flatMap((name) => (body.headers[name] === undefined ? [] : [[name, body.headers[name]!]]));
      response.writeHead(body.statusCode ?? 200, Object.fromEntries(headers));
      await pipeline(body, response);
    } catch (error) {
      if (error instanceof DepthcastError) this.fault = error;
      if (!response.headersSent) response.writeHead(502);
      response.end();
    }
  }

  /** The list with every address replaced. */
  #rewritten(text: string, base: URL): string {
    return text
      .split(/\r?\n/)
      .map((line) => {
        if (line.trim() === '') return line;
        if (!line.startsWith('#')) return this.#replaced(line.trim(), base);
        return line.replace(/\bURI="([^"]*)"/g, (_, uri: string) => `URI="${this.#replaced(uri, base)}"`);
      })
      .join('\n');
  }

  #replaced(uri: string, base: URL): string {
    const { subject, allowHosts } = this.#options;
    if (!URL.canParse(uri, base)) throw refusal(subject, 0, 'a play list with an address that is none');
    const url = new URL(uri, base);
    const known = url.hostname === this.#root.hostname || url.hostname === base.hostname;
    if (!/^https?:$/.test(url.protocol) || !(known || allowHosts.includes(url.hostname))) {
      throw new DepthcastError('source-refused', `${subject} names pieces on ${url.protocol}//${url.hostname}.`, {
        advice: 'Where that is right, name the host with the option allowHosts.',
        facts: { host: url.hostname },
      });
    }
    // A login goes where it was given for.
    if (url.origin === this.#root.origin && url.username === '') {
      url.username = this.#root.username;
      url.password = this.#root.password;
    }
    return this.#nameOf(url);
  }

  /** The relay's own path for a place; with its ending, which ffmpeg looks at. */
  #nameOf(url: URL): string {
    const known = this.#names.get(url.href);
    if (known !== undefined) return known;
    const ending = /\.[a-z0-9]{1,5}$/i.exec(url.pathname)?.[0] ?? '.ts';
    const name = `/${this.#token}/${this.#count++}${this.#count === 1 ? '.m3u8' : ending}`;
    this.#names.set(url.href, name);
    this.#places.set(name, url);
    if (this.#names.size > REMEMBERED) {
      // The play list itself is asked for again and again and stays.
      const [, oldest] = this.#names.keys();
      this.#places.delete(this.#names.get(oldest!)!);
      this.#names.delete(oldest!);
    }
    return name;
  }
}
