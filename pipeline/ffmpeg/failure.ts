import { DepthcastError, type ErrorCode } from '../../frames/index.ts';
import type { FfmpegExit } from './decoder.ts';

interface Sign {
  readonly text: RegExp;
  readonly code: ErrorCode;
  readonly happened: string;
  readonly advice: string;
}

/** What ffmpeg's own words mean to a user; the first that fits. Its exit code says next to nothing. */
const SIGNS: readonly Sign[] = [
  {
    text: /moov atom not found/,
    code: 'input-truncated',
    happened: 'is an MP4 file whose index is missing: it was cut off or is still being written',
    advice: 'Copy the file again, or repair it with a tool such as untrunc.',
  },
  {
    text: /matches no streams|does not contain any stream/,
    code: 'input-no-video',
    happened: 'holds no video',
    advice: 'Give a file with a video stream.',
  },
  {
    text: /Picture size \S+ is invalid|exceeds specified max pixel count|max_pixels/,
    code: 'input-dimensions',
    happened: 'has pictures of a size that cannot be decoded',
    advice: 'Pictures may have up to 35389440 pixels (8K).',
  },
  {
    text: /not on whitelist|Unsafe file name/,
    code: 'input-format',
    happened: 'is not of a kind that is opened: it may be sound alone, or a play list that leads elsewhere',
    advice: 'Give an MP4, MOV, MKV, WebM, AVI, MPEG-TS or raw H.264/H.265 file.',
  },
];

const UNKNOWN: Omit<Sign, 'text'> = {
  code: 'input-format',
  happened: 'is not video that can be decoded',
  advice: 'Give an MP4, MOV, MKV, WebM, AVI, MPEG-TS or raw H.264/H.265 file, and check that it plays elsewhere.',
};

/**
 * The error for a run that delivered nothing.
 *
 * @param subject what was opened, as the user may read it, without credentials
 */
export function openingFailure(subject: string, exit: FfmpegExit): DepthcastError {
  if (exit.spawnError) {
    return new DepthcastError('ffmpeg-missing', 'ffmpeg could not be started.', {
      advice: 'Install ffmpeg 5.1 or newer, or set FFMPEG_PATH.',
      cause: exit.spawnError,
    });
  }
  const stderr = exit.stderr.join('\n');
  const sign = SIGNS.find((candidate) => candidate.text.test(stderr));
  if (!sign && exit.signal !== null) return crash(subject, exit);
  const { code, happened, advice } = sign ?? UNKNOWN;
  return new DepthcastError(code, `${subject} ${happened}.`, { advice, facts: factsOf(exit) });
}

/** The error for a decoder that was ended by a signal nobody here sent. */
export function crash(subject: string, exit: FfmpegExit): DepthcastError {
  return new DepthcastError('decoder-crashed', `ffmpeg was ended by ${exit.signal} while it read ${subject}.`, {
    advice: 'Try another ffmpeg with FFMPEG_PATH; the file may be damaged.',
    facts: factsOf(exit),
  });
}

/** True where ffmpeg says that the input ends before it should. */
export function endsEarly(exit: FfmpegExit): boolean {
  return exit.stderr.some((line) => /partial file|ended prematurely|truncat|End of file/i.test(line));
}

/** For logs: how the run ended and its last words. */
export function factsOf(exit: FfmpegExit): Readonly<Record<string, unknown>> {
  return { code: exit.code, signal: exit.signal, stderr: exit.stderr.slice(-8) };
}
