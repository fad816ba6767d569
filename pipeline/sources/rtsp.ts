import { liveInput } from '../ffmpeg/recipe.ts';
import { secretsOf, shownAddress } from '../ffmpeg/redact.ts';
import type { Camera } from './frame-source.ts';
import { pinned } from './live/address.ts';
import { cameraUrl } from './live/camera-url.ts';
import { dial } from './live/dial.ts';
import { refusal, unanswered } from './live/faults.ts';
import { type CameraConnection, liveCamera } from './live/live-camera.ts';
import { loginOf } from './live/login.ts';
import { ANSWER_WITHIN, RtspRelay } from './live/rtsp-relay.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/**
 * An RTSP camera, over TCP or UDP, over TLS as `rtsps://`. Nothing is connected to before frames are asked for.
 *
 * The connection is made here: the host is resolved once a connection and checked, TLS certificates are verified (no
 * ffmpeg does that for RTSP), the login is answered here, and ffmpeg gets a port of the loopback interface. Camera and
 * password are in no list of processes, and a redirection is refused.
 */
export const rtsp: SourceKind = {
  layouts: ['rtsp'],
  summary: 'an RTSP camera (rtsp://user:password@host/path, rtsps://…)',
  recognises: (place) => place.kind === 'url' && /^rtsps?:$/.test(place.url.protocol),
  open,
};

async function open(place: Place, options: OpenOptions): Promise<Camera> {
  const { url, settings, decoder } = await cameraUrl(place, options, 'rtsp', /^rtsps?:$/, 'rtsp://host/path');
  const { transport, allowHosts, insecureTls } = settings;
  const inputOptions = [
    ...liveInput('rtsp,tcp,rtp,udp', 'rtsp,sdp,rtp,mpegts,h264,hevc'),
    ...['-rtsp_transport', transport, '-allowed_media_types', 'video'],
  ];
  const address = shownAddress(url);
  const subject = `The camera ${address}`;

  async function connect(signal: AbortSignal): Promise<CameraConnection> {
    const to = await pinned(url, allowHosts, signal);
    const serverName = url.protocol === 'rtsps:' ? url.hostname.replace(/^\[|\]$/g, '') : undefined;
    const socket = await dial(to, { subject, signal, serverName, insecureTls });
    const relay = await RtspRelay.open(url, socket, loginOf(url));
    return {
      inputOptions,
      input: relay.target,
      refusal: () => {
        if (relay.silent) return unanswered(subject, ANSWER_WITHIN);
        return relay.refusal && refusal(subject, relay.refusal.status, relay.refusal.words);
      },
      close: () => relay.close(),
    };
  }
  return liveCamera({ address, subject, secrets: secretsOf(url), connect }, decoder, settings);
}
