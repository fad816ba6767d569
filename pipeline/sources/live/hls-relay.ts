import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { DepthcastError } from '../../../frames/index.ts';
import { refusal } from './faults.ts';
import { beginning, type HttpGetOptions, httpGet, isNamed, wholeBody } from './http-get.ts';

/** Longest play list. */
const LONGEST_LIST = 4 << 20;

/** Addresses that are remembered; a live list names a few dozen at a time. */
const REMEMBERED = 2000;

/** Play lists among them that stay as long as the relay; they are asked for again and again, seldom by name. */
const LISTS = 100;

/** What ffmpeg takes for a play list, whatever it is called and sent as. */
const LIST_MARK = Buffer.from('#EXTM3U');

/**
 * Stands between ffmpeg and an HLS server: ffmpeg asks a port of the loopback interface, everything is fetched here.
 *
 * Play lists come from whoever runs the server, and what they name would be fetched by ffmpeg wherever it lies. So every
 * address in a list is replaced by one of the relay's, and fetched only if it is of the list's own host, or of one in
 * `allowHosts`. The login stays here. Should an address in a list be overlooked, ffmpeg still brings it here, because the
 * relay is its proxy as well ({@link HlsRelay.proxy}), and here it is refused.
 */
export class HlsRelay {
  readonly target: string;
  /** For ffmpeg's `-http_proxy`. With it no setting of the environment leads anywhere else either. */
  readonly proxy: string;
  /** Why the last list or segment could not be had; `undefined` once one could be again. */
  fault: DepthcastError | undefined;
  readonly #server: Server;
  readonly #options: HttpGetOptions;
  readonly #root: URL;
  readonly #token = randomBytes(9).toString('hex');
  readonly #places = new Map<string, URL>();
  /** Names by address, the one that was used longest ago first. */
  readonly #names = new Map<string, string>();
  /** Addresses that turned out to be play lists. */
  readonly #lists = new Set<string>();
  #count = 0;

  private constructor(url: URL, options: HttpGetOptions, server: Server) {
    this.#root = url;
    this.#options = options;
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response));
    this.proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.target = `${this.proxy}${this.#nameOf(url)}`;
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
    const asked = request.url ?? '';
    // A proxy is asked with the whole address.
    const place = this.#places.get(asked.startsWith(`${this.proxy}/`) ? asked.slice(this.proxy.length) : asked);
    response.on('error', () => {});
    if (!place) {
      const host = URL.canParse(asked) ? new URL(asked).hostname : '';
      if (host !== '' && host !== '127.0.0.1') this.fault = this.#elsewhere(host);
      response.writeHead(404).end();
      return;
    }
    try {
      const { signal } = this.#options;
      const { range } = request.headers;
      const { body, url } = await httpGet(place, { ...this.#options, headers: range === undefined ? {} : { range } });
      const head = await beginning(body, LIST_MARK.length, signal);
      if (head.subarray(0, LIST_MARK.length).equals(LIST_MARK)) {
        if (this.#lists.size < LISTS) this.#lists.add(place.href);
        const text = (await wholeBody(body, LONGEST_LIST, this.#options)).toString('utf8');
        const list = this.#rewritten(text, url);
        response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(list);
      } else {
        const kept = ['content-type', 'content-length', 'content-range', 'accept-ranges'];
        const headers = kept.flatMap((name) => (body.headers[name] === undefined ? [] : [[name, body.headers[name]!]]));
        response.writeHead(body.statusCode ?? 200, Object.fromEntries(headers));
        if (body.readableEnded) response.end(head);
        else await pipeline(body, response);
      }
      this.fault = undefined;
    } catch (error) {
      if (error instanceof DepthcastError) this.fault = error;
      if (!response.headersSent) response.writeHead(502);
      response.end();
    }
  }

  /** The list with every address replaced; lines end and attributes are written as ffmpeg reads them, not as they should. */
  #rewritten(text: string, base: URL): string {
    return text
      .split(/\r\n|[\r\n\0]/)
      .map((line) => {
        if (line.trim() === '') return '';
        if (!line.startsWith('#')) return this.#replaced(line.trim(), base);
        return line.replace(
          /URI=(?:"([^"]*)"|([^\s,]*))/gi,
          (_, quoted: string | undefined, plain = '') => `URI="${this.#replaced(quoted ?? plain, base)}"`,
        );
      })
      .join('\n');
  }

  #replaced(uri: string, base: URL): string {
    const { subject, allowHosts } = this.#options;
    if (!URL.canParse(uri, base)) throw refusal(subject, 0, 'a play list with an address that is none');
    const url = new URL(uri, base);
    const known = url.hostname === this.#root.hostname || url.hostname === base.hostname;
    if (!/^https?:$/.test(url.protocol) || !(known || isNamed(url, allowHosts))) throw this.#elsewhere(url.hostname);
    // A login goes where it was given for.
    if (url.origin === this.#root.origin && url.username === '') {
      url.username = this.#root.username;
      url.password = this.#root.password;
    }
    return this.#nameOf(url);
  }

  #elsewhere(host: string): DepthcastError {
    return new DepthcastError('source-refused', `${this.#options.subject} names pieces on ${host || 'no host'}.`, {
      advice: 'Where that is right, name the host with the option allowHosts.',
      facts: { host },
    });
  }

  /** The relay's own path for a place; with its ending, which ffmpeg looks at. */
  #nameOf(url: URL): string {
    const known = this.#names.get(url.href);
    if (known !== undefined) {
      this.#names.delete(url.href);
      this.#names.set(url.href, known);
      return known;
    }
    const ending = /\.[a-z0-9]{1,5}$/i.exec(url.pathname)?.[0] ?? '.ts';
    const name = `/${this.#token}/${this.#count++}${this.#count === 1 ? '.m3u8' : ending}`;
    if (this.#count === 1) this.#lists.add(url.href);
    this.#names.set(url.href, name);
    this.#places.set(name, url);
    if (this.#names.size > REMEMBERED + LISTS) {
      for (const [oldest, oldName] of this.#names) {
        if (this.#lists.has(oldest)) continue;
        this.#places.delete(oldName);
        this.#names.delete(oldest);
        break;
      }
    }
    return name;
  }
}
