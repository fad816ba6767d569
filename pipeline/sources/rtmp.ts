import { liveInput } from '../ffmpeg/recipe.ts';
import { redact, secretsOf } from '../ffmpeg/redact.ts';
import type { Camera } from './frame-source.ts';
import { pinned } from './live/address.ts';
import { cameraUrl } from './live/camera-url.ts';
import { dial } from './live/dial.ts';
import { type CameraConnection, liveCamera } from './live/live-camera.ts';
import { TcpRelay } from './live/tcp-relay.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/**
 * An RTMP stream (`rtmp://host/app/name`, `rtmps://…`). The connection is made here and ffmpeg gets a port of the
 * loopback interface. App and name, a key in it included, are in ffmpeg's arguments, so whoever may list this machine's
 * processes reads them; in logs and errors they do not appear.
 */
export const rtmp: SourceKind = {
  layouts: ['rtmp'],
  summary: 'an RTMP stream (rtmp://host/app/name, rtmps://…)',
  recognises: (place) => place.kind === 'url' && /^rtmps?:$/.test(place.url.protocol),
  open,
};

async function open(place: Place, options: OpenOptions): Promise<Camera> {
  const { url, settings, decoder } = await cameraUrl(place, options, 'rtmp', /^rtmps?:$/, 'rtmp://host/app/name');
  const { allowHosts, insecureTls } = settings;
  const [, app = '', ...name] = url.pathname.split('/');
  // The last part often is the key that lets one in.
  const folder = `${url.protocol}//${url.host}/${app}`;
  const address = redact(folder);
  const subject = `The stream ${address}`;
  const secrets = [...secretsOf(url), name.join('/'), url.search.slice(1)].filter((text) => text.length > 3);

  async function connect(signal: AbortSignal): Promise<CameraConnection> {
    const to = await pinned(url, allowHosts, signal);
    const serverName = url.protocol === 'rtmps:' ? url.hostname.replace(/^\[|\]$/g, '') : undefined;
    const relay = await TcpRelay.open(await dial(to, { subject, signal, serverName, insecureTls }));
    const who = url.username === '' ? '' : `${url.username}:${url.password}@`;
    return {
      inputOptions: [
        ...liveInput('rtmp,tcp', 'flv,live_flv'),
        // Sound and picture announce themselves one after the other, so a short look may miss the picture.
        ...['-probesize', '200000', '-analyzeduration', '500000'],
        ...['-rtmp_live', 'live', '-rtmp_tcurl', folder],
      ],
      input: `rtmp://${who}127.0.0.1:${relay.port}${url.pathname}${url.search}`,
      close: () => relay.close(),
    };
  }
  return liveCamera({ address, subject, secrets, connect }, decoder, settings);
}
