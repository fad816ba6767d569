import { liveInput } from '../ffmpeg/recipe.ts';
import { secretsOf, shownAddress } from '../ffmpeg/redact.ts';
import type { Camera } from './frame-source.ts';
import { cameraUrl } from './live/camera-url.ts';
import { HlsRelay } from './live/hls-relay.ts';
import { type CameraConnection, liveCamera } from './live/live-camera.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/**
 * A live HLS stream (`http(s)://…/name.m3u8`), from its newest segment on and at its own pace.
 *
 * HLS comes in segments of seconds, so it is seconds behind by its nature; what is bounded here is what is added to that.
 * Lists and segments are fetched by a relay, see `HlsRelay`.
 */
export const hls: SourceKind = {
  layouts: ['hls'],
  summary: 'a live HLS stream (http://host/name.m3u8, https://…)',
  recognises: (place) =>
    place.kind === 'url' && /^https?:$/.test(place.url.protocol) && /\.m3u8$/i.test(place.url.pathname),
  open,
};

async function open(place: Place, options: OpenOptions): Promise<Camera> {
  const { url, settings, decoder } = await cameraUrl(place, options, 'hls', /^https?:$/, 'http://host/name.m3u8');
  const { allowHosts, insecureTls } = settings;
  const address = shownAddress(url);
  const subject = `The stream ${address}`;
  const inputOptions = [
    ...liveInput('http,tcp,crypto', 'hls,mpegts,mov,mp4,m4a,3gp,3g2,mj2,h264,hevc'),
    // Segments come at once; without a pace their pictures would come in bursts.
    ...['-re', '-live_start_index', '-1', '-f', 'hls'],
  ];

  async function connect(signal: AbortSignal): Promise<CameraConnection> {
    const ended = new AbortController();
    const relay = await HlsRelay.open(url, signal, { subject, signal: ended.signal, allowHosts, insecureTls });
    return {
      inputOptions: ['-http_proxy', relay.proxy, ...inputOptions],
      input: relay.target,
      refusal: () => relay.fault,
      close: () => {
        ended.abort();
        relay.close();
      },
    };
  }
  return liveCamera({ address, subject, secrets: secretsOf(url), connect }, decoder, settings);
}
