import { Readable } from 'node:stream';
import { DepthcastError } from '../../frames/index.ts';
import { secretsOf, shownAddress } from '../ffmpeg/redact.ts';
import type { Camera } from './frame-source.ts';
import { cameraUrl } from './live/camera-url.ts';
import { httpGet } from './live/http-get.ts';
import { JPEG_INPUT, JpegFeed } from './live/jpeg-feed.ts';
import { type CameraConnection, liveCamera } from './live/live-camera.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/**
 * A camera that sends JPEG pictures over HTTP, one after the other in one answer (`multipart/x-mixed-replace`).
 *
 * The pictures are fetched here and given to ffmpeg's stdin, so ffmpeg opens no connection at all. They have no time of
 * their own; the moment at which each was complete counts, see `JpegFeed`. Where they come faster than they are decoded, the older of
 * two that wait is let go before it is decoded.
 */
export const mjpeg: SourceKind = {
  layouts: ['mjpeg'],
  summary: 'an HTTP camera that sends JPEG pictures (http://host/path, https://…)',
  recognises: (place) => place.kind === 'url' && /^https?:$/.test(place.url.protocol),
  open,
};

async function open(place: Place, options: OpenOptions): Promise<Camera> {
  const { url, settings, decoder } = await cameraUrl(place, options, 'mjpeg', /^https?:$/, 'http://host/path');
  const { allowHosts, insecureTls } = settings;
  const address = shownAddress(url);
  const subject = `The camera ${address}`;

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
      inputOptions: JPEG_INPUT,
      input: Readable.from(pictures.ivf(), { objectMode: false }),
      decoded: (microseconds) => pictures.decoded(microseconds),
      close: () => body.destroy(),
    };
  }
  return liveCamera({ address, subject, secrets: secretsOf(url), connect }, decoder, settings);
}
