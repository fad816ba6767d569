import { type Readable, Writable } from 'node:stream';
import { DepthcastError, type Size } from '../../frames/index.ts';
import type { FfmpegCapabilities } from './capabilities.ts';
import { startFfmpeg } from './decoder.ts';
import { openingFailure } from './failure.ts';
import type { FfmpegBinary } from './locate.ts';
import { NutReader } from './nut.ts';
import { rawOutput } from './recipe.ts';

/** What the decoder sees of its input. */
export interface MediaInfo {
  /** Of the pictures that come out, rotation tags applied. */
  readonly size: Size;
  /** Codec as ffmpeg names it, e.g. `h264`. */
  readonly codec?: string | undefined;
  /** Frames a second where the container states one constant rate. */
  readonly fps?: number | undefined;
  /** Seconds, as the container states it for the longest of its streams. */
  readonly durationS?: number | undefined;
  /** True where the video is the only stream, so that `durationS` is the video's own. */
  readonly onlyVideo: boolean;
  /** Degrees by which the rotation tag turns the picture, 0 where there is none. */
  readonly rotation: number;
}

/** What to look at, and how long. */
export interface MediaProbe {
  readonly inputOptions: readonly string[];
  readonly input: string | Readable;
  /** What the user calls it, without credentials; begins a sentence of an error. */
  readonly subject: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decodes the first picture and reads what ffmpeg prints of its input; no ffprobe is needed, and what cannot be decoded
 * is known at once. The size is that of the picture that came out, so it holds whatever tags and crops there are.
 */
export async function probeMedia(
  binary: FfmpegBinary,
  capabilities: FfmpegCapabilities,
  probe: MediaProbe,
): Promise<MediaInfo> {
  probe.signal?.throwIfAborted();
  const reader = new NutReader();
  const lines: string[] = [];
  let decoded = false;
  let late = false;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        if (!decoded) reader.push(chunk, () => (decoded = true));
        done();
      } catch (error) {
        done(error as Error);
      }
      if (decoded) void run.stop(true);
    },
  });
  let broken: Error | undefined;
  sink.on('error', (error) => (broken ??= error));
  const run = startFfmpeg(binary, {
    inputOptions: ['-hide_banner', ...probe.inputOptions],
    input: probe.input,
    outputOptions: [...rawOutput(capabilities), '-frames:v', '1'],
    output: sink,
    onLine: (line) => lines.length < 400 && lines.push(line),
  });
  const timer = setTimeout(() => {
    late = true;
    void run.stop(true);
  }, probe.timeoutMs);
  const abort = (): void => void run.stop(true);
  probe.signal?.addEventListener('abort', abort, { once: true });
  const exit = await run.exited;
  clearTimeout(timer);
  probe.signal?.removeEventListener('abort', abort);

  const size = reader.size;
  if (decoded && size) return { ...described(lines), size: { width: size.width, height: size.height } };
  probe.signal?.throwIfAborted();
  if (late) throw slow(probe);
  if (broken instanceof DepthcastError) throw broken;
  throw openingFailure(probe.subject, exit);
}

function slow(probe: MediaProbe): DepthcastError {
  return new DepthcastError(
    'input-format',
    `${probe.subject} gave no picture within ${probe.timeoutMs / 1000} seconds.`,
    { advice: 'Check that it plays elsewhere.' },
  );
}

/** Reads the lines that ffmpeg prints of its input; those of its output look alike and come after. */
function described(lines: readonly string[]): Omit<MediaInfo, 'size'> {
  const end = lines.findIndex((line) => /^(Stream mapping|Output #0)/.test(line));
  const dump = lines.slice(0, end < 0 ? undefined : end);
  const streams = dump.filter((line) => /^\s*Stream #0:\d+/.test(line));
  const video = streams.find((line) => / Video: /.test(line) && !line.includes('(attached pic)'));
  const time = /Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)/.exec(dump.join('\n'));
  const rate = video && /, ([\d.]+)(k?) fps/.exec(video);
  const repeat = video && /, ([\d.]+)(k?) tbr/.exec(video);
  // Two different figures are ffmpeg's way of saying that the rate varies.
  const constant = rate && repeat && rate[1] === repeat[1] && rate[2] === repeat[2];
  const turned = /rotation of (-?[\d.]+) degrees/.exec(dump.join('\n'));
  return {
    codec: video && / Video: (\w+)/.exec(video)?.[1],
    fps: constant ? Number(rate[1]) * (rate[2] === 'k' ? 1000 : 1) : undefined,
    durationS: time ? Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]) : undefined,
    onlyVideo: streams.length === 1,
    rotation: turned ? Number(turned[1]) : 0,
  };
}
