import { lookup } from 'node:dns/promises';
import { DepthcastError } from '../../frames/index.ts';
import type { FfmpegCapabilities } from '../ffmpeg/capabilities.ts';
import type { FfmpegExit } from '../ffmpeg/decoder.ts';
import { crash, factsOf } from '../ffmpeg/failure.ts';
import { probeMedia } from '../ffmpeg/media-info.ts';
import { PictureStream, type PictureStreamRequest } from '../ffmpeg/picture-stream.ts';
import { MAX_PIXELS, rawOutput } from '../ffmpeg/recipe.ts';
import { secretsOf } from '../ffmpeg/redact.ts';
import type { FrameSource } from './frame-source.ts';
import { ffmpegFor } from './reading/opened-ffmpeg.ts';
import { type Picture, type PlayRequest, sourceOf } from './reading/read-frames.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/** Milliseconds from connecting to the first picture. A camera sends the next key frame when it likes. */
const START_TIMEOUT = 10_000;

/** Milliseconds without a picture after which a camera counts as lost. ffmpeg's own timeout does not notice a frozen one. */
const STALL_TIMEOUT = 10_000;

/** Microseconds that ffmpeg waits for a socket. */
const SOCKET_TIMEOUT = '5000000';

/**
 * An RTSP camera over TCP. Its pictures are always taken from the decoder as they come; where nobody takes them from
 * here, the oldest go and the indices have holes. Any end is a loss: `source-lost`. Reconnecting is up to the caller.
 *
 * The host name is resolved here and ffmpeg gets the address: the static build of 2018 crashes on names, and a name
 * cannot lead elsewhere the second time. Nothing that is printed holds the password; the list of processes does.
 */
export const rtsp: SourceKind = {
  layouts: ['rtsp'],
  summary: 'an RTSP camera (rtsp://user:password@host/path)',
  recognises: (place) => place.kind === 'url' && place.url.protocol === 'rtsp:',
  open,
};

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  if (place.kind !== 'url' || place.url.protocol !== 'rtsp:') {
    throw new DepthcastError('option-invalid', 'The layout rtsp needs an rtsp:// URL.', {
      advice: 'Give rtsp://host/path.',
    });
  }
  const { url } = place;
  const { binary, capabilities } = await ffmpegFor(options);
  warnOnce(binary.networkWarning);
  const subject = `The camera ${url.protocol}//${url.host}${url.pathname}`;
  const target = await addressed(url, subject);
  const secrets = secretsOf(url);
  const inputOptions = networkOptions(capabilities);
  const unreachable = (): DepthcastError =>
    new DepthcastError('source-unreachable', `${subject} sent no picture within ${START_TIMEOUT / 1000} seconds.`, {
      advice: 'Check that it is on and that its stream plays elsewhere.',
    });
  const media = await probeMedia(binary, capabilities, {
    inputOptions,
    input: target,
    subject,
    secrets,
    timeoutMs: START_TIMEOUT,
    signal: options.signal,
    explain: (exit) => refusal(subject, exit),
    tooSlow: unreachable,
  });
  return sourceOf({
    info: { live: true, size: media.size, fps: media.fps, codec: media.codec, hasPoses: false },
    play({ size, resize, signal }: PlayRequest) {
      const outputOptions = rawOutput(capabilities, size, resize);
      const request = { inputOptions, input: target, outputOptions, live: true, secrets };
      return watch(new PictureStream(binary, request satisfies PictureStreamRequest), subject, signal, unreachable);
    },
  });
}

const warned = new Set<string>();

/** Node prints it on stderr; a program that wants it elsewhere listens for `warning`. */
function warnOnce(warning: string | undefined): void {
  if (warning === undefined || warned.has(warning)) return;
  warned.add(warning);
  process.emitWarning(warning, { code: 'DEPTHCAST_OLD_FFMPEG' });
}

function networkOptions(capabilities: FfmpegCapabilities): string[] {
  return [
    ...['-protocol_whitelist', 'rtsp,tcp,rtp,udp', '-rtsp_transport', 'tcp'],
    ...[capabilities.rtspTimeout, SOCKET_TIMEOUT, '-allowed_media_types', 'video', '-max_pixels', String(MAX_PIXELS)],
    // Without `nobuffer`, which throws the probed packets away and waits for the next key frame.
    ...['-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0'],
  ];
}

/** The URL with the host's address in place of its name. */
async function addressed(url: URL, subject: string): Promise<string> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const found = await lookup(name).catch((cause: NodeJS.ErrnoException) => {
    throw new DepthcastError('source-unreachable', `${subject} has a host that is not known.`, {
      advice: 'Check the host in the URL.',
      facts: { host: name, code: cause.code },
    });
  });
  const user = url.username === '' && url.password === '' ? '' : `${url.username}:${url.password}@`;
  const host = found.family === 6 ? `[${found.address}]` : found.address;
  return `rtsp://${user}${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}${url.search}`;
}

async function* watch(
  pictures: PictureStream,
  subject: string,
  signal: AbortSignal,
  unreachable: () => DepthcastError,
): AsyncGenerator<Picture, void, void> {
  const abort = (): void => void pictures.stop(true);
  signal.addEventListener('abort', abort, { once: true });
  let count = 0;
  let next = 0;
  try {
    for (;;) {
      let silent = false;
      const watchdog = setTimeout(
        () => {
          silent = true;
          void pictures.stop(true);
        },
        count === 0 ? START_TIMEOUT : STALL_TIMEOUT,
      );
      const picture = await pictures.next().finally(() => clearTimeout(watchdog));
      if (signal.aborted) return;
      if (!picture) {
        if (silent && count === 0) throw unreachable();
        const exit = await pictures.exited;
        if (count === 0) throw refusal(subject, exit);
        if (!silent && exit.signal !== null) throw crash(subject, exit);
        throw lost(subject, silent, count, exit);
      }
      count++;
      const { ordinal, pixels, arrivedAt } = picture;
      // Where pictures were let go, the neighbours in the stream are no longer neighbours in time.
      const segmentStart = ordinal > next ? 'time-gap' : undefined;
      next = ordinal + 1;
      yield { ordinal, pixels, arrivedAt, timestamp: picture.microseconds / 1e6, segmentStart };
    }
  } finally {
    signal.removeEventListener('abort', abort);
    await pictures.stop(true);
  }
}

function lost(subject: string, silent: boolean, pictures: number, exit: FfmpegExit): DepthcastError {
  const how = silent ? `sent no picture for ${STALL_TIMEOUT / 1000} seconds` : 'closed the stream';
  return new DepthcastError('source-lost', `${subject} ${how}.`, {
    advice: 'Check the camera and its network, then start again.',
    facts: { pictures, ...factsOf(exit) },
  });
}

/** What a camera's refusal means; ffmpeg repeats the status line of the answer. */
function refusal(subject: string, exit: FfmpegExit): DepthcastError {
  const said = exit.stderr.join('\n');
  const facts = factsOf(exit);
  if (exit.spawnError) {
    return new DepthcastError('ffmpeg-missing', 'ffmpeg could not be started.', {
      advice: 'Set FFMPEG_PATH.',
      cause: exit.spawnError,
    });
  }
  if (exit.signal !== null) return crash(subject, exit);
  if (/\b40[13]\b|Unauthorized|Forbidden/.test(said)) {
    return new DepthcastError('source-auth', `${subject} refused the user name or password.`, {
      advice: 'Correct them in the URL; write @ : / in a password as %40 %3A %2F.',
      facts,
    });
  }
  if (/\b404\b|Not Found/.test(said)) {
    return new DepthcastError('source-unreachable', `${subject} has no stream at this path.`, {
      advice: 'Take the path from the manual of the camera.',
      facts,
    });
  }
  const refused = /Connection refused/.test(said) ? 'refused the connection' : 'could not be opened';
  return new DepthcastError('source-unreachable', `${subject} ${refused}.`, {
    advice: 'Check address, port and that the camera is on.',
    facts,
  });
}
