import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { DepthcastError } from '../../frames/index.ts';
import { liveInput } from '../ffmpeg/recipe.ts';
import { secretsOf, shownAddress } from '../ffmpeg/redact.ts';
import type { Camera } from './frame-source.ts';
import { cameraSettings } from './live/camera-options.ts';
import { httpGet } from './live/http-get.ts';
import { type CameraConnection, liveCamera } from './live/live-camera.ts';
import { MultipartReader } from './live/multipart.ts';
import { ffmpegFor, warnOfOldFfmpeg } from './reading/opened-ffmpeg.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/**
 * A camera that sends JPEG pictures over HTTP, one after the other in one answer (`multipart/x-mixed-replace`).
 *
 * The pictures are fetched here and given to ffmpeg's stdin, so ffmpeg opens no connection at all. They have no time of
 * their own; the moment at which each was complete counts. Where they come faster than they are decoded, the older of
 * two that wait is let go before it is decoded.
 */
export const mjpeg: SourceKind = {
  layouts: ['mjpeg'],
  summary: 'an HTTP camera that sends JPEG pictures (http://host/path, https://…)',
  recognises: (place) => place.kind === 'url' && /^https?:$/.test(place.url.protocol),
  open,
};

async function open(place: Place, options: OpenOptions): Promise<Camera> {
  if (place.kind !== 'url' || !/^https?:$/.test(place.url.protocol)) {
    throw new DepthcastError('option-invalid', 'The layout mjpeg needs an http:// URL.', {
      advice: 'Give http://host/path.',
    });
  }
  const { url } = place;
  const settings = cameraSettings(options.camera);
  const decoder = await ffmpegFor(options);
  warnOfOldFfmpeg(decoder.binary);
  const { allowHosts, insecureTls } = settings;
  const address = shownAddress(url);
  const subject = `The camera ${address}`;
  const inputOptions = [...liveInput('pipe', 'mpjpeg'), '-f', 'mpjpeg'];

  async function connect(signal: AbortSignal, letGo: (reason: string) => void): Promise<CameraConnection> {
    const { body } = await httpGet(url, { subject, signal, allowHosts, insecureTls });
    const type = body.headers['content-type'] ?? '';
    if (!/^multipart\//i.test(type)) {
      body.destroy();
      const list = /mpegurl/i.test(type);
      throw new DepthcastError('source-refused', `${subject} sends ${type.slice(0, 60) || 'something'}, no pictures.`, {
        advice: list ? 'It is a play list: give --layout hls.' : 'Give the URL of its MJPEG stream.',
        facts: { type },
      });
    }
    const pictures = new JpegFeed(body, type, letGo);
    return {
      inputOptions,
      input: Readable.from(pictures.parts(), { objectMode: false }),
      receivedAt: () => pictures.decoded(),
      close: () => body.destroy(),
    };
  }
  return liveCamera({ address, subject, secrets: secretsOf(url), connect }, decoder, settings);
}

/** Pictures that may be on their way through the decoder; what waits in its pipe grows old unseen. */
const ON_THE_WAY = 2;

/** Milliseconds after which a picture that went in and did not come out is taken for one that could not be decoded. */
const SWALLOWED = 1000;

/** Hands JPEG pictures to the decoder, the newest each time it has room, and remembers when each was received. */
class JpegFeed {
  readonly #body: IncomingMessage;
  readonly #letGo: (reason: string) => void;
  /** When the pictures on their way were received, the oldest first. */
  readonly #sent: number[] = [];
  #newest: { readonly picture: Buffer; readonly at: number } | undefined;
  #wake = (): void => {};
  #over = false;
  #last = 0;

  constructor(body: IncomingMessage, contentType: string, letGo: (reason: string) => void) {
    this.#body = body;
    this.#letGo = letGo;
    const reader = new MultipartReader(contentType);
    body.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk, (picture) => this.#take(picture));
      } catch {
        body.destroy();
      }
    });
    body.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** A picture came out of the decoder; answers when it was received. */
  decoded(): number {
    this.#last = Math.max(this.#last + 0.001, this.#sent.shift() ?? performance.now());
    this.#wake();
    return this.#last;
  }

  #take(picture: Buffer): void {
    if (this.#newest) this.#letGo('not-decoded');
    this.#newest = { picture, at: performance.now() };
    this.#wake();
  }

  /** In the one form that ffmpeg reads without waiting for the next: with their length in front. */
  async *parts(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const now = performance.now();
        if (this.#sent[0] !== undefined && now - this.#sent[0] > SWALLOWED && this.#last > 0) this.#sent.length = 0;
        const next = this.#sent.length < ON_THE_WAY ? this.#newest : undefined;
        if (next) {
          this.#newest = undefined;
          this.#sent.push(next.at);
          const head = `--picture\r\nContent-Type: image/jpeg\r\nContent-Length: ${next.picture.length}\r\n\r\n`;
          yield Buffer.concat([Buffer.from(head), next.picture, Buffer.from('\r\n')]);
        } else if (this.#over) return;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      if (this.#newest) this.#letGo('not-decoded');
      this.#newest = undefined;
      this.#body.destroy();
    }
  }
}
