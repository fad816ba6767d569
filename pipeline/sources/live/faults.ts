import { DepthcastError, type ErrorCode } from '../../../frames/index.ts';
import type { FfmpegExit } from '../../ffmpeg/decoder.ts';
import { crash, factsOf } from '../../ffmpeg/failure.ts';
import type { Setback } from './backoff.ts';
import { unreachable } from './dial.ts';

/** What a camera's answer other than success means, for RTSP and HTTP alike. */
export function refusal(subject: string, status: number, words = ''): DepthcastError {
  const answer = words === '' ? String(status) : `${status} ${words}`;
  const facts = { status, words };
  const error = (code: ErrorCode, happened: string, advice: string): DepthcastError =>
    new DepthcastError(code, `${subject} ${happened} (${answer}).`, { advice, facts });
  if (status === 401 || status === 403) {
    const advice = 'Correct them in the URL; write @ : / in a password as %40 %3A %2F.';
    return error('source-auth', 'refused the user name or password', advice);
  }
  if (status === 404 || status === 410) {
    return error('source-not-found', 'has no stream at this path', 'Take the path from the manual of the camera.');
  }
  if (status === 461) {
    return error('source-transport', 'does not send over this transport', 'Choose the other transport, TCP or UDP.');
  }
  if (status >= 300 && status < 400) {
    return error('source-refused', 'sends its players elsewhere, which is not followed', 'Give the URL it moved to.');
  }
  return error('source-refused', 'does not play', 'Its manual or its log tells what this number means.');
}

/** The error of a camera that gave no picture in time. */
export function startTimeout(subject: string, ms: number): DepthcastError {
  return new DepthcastError('source-timeout', `${subject} sent no picture within ${ms / 1000} seconds.`, {
    advice: 'Check that its stream plays elsewhere; give a longer start timeout where key frames are rare.',
    facts: { startTimeoutMs: ms },
  });
}

/** The error of a camera that takes a connection and does not say a word on it. */
export function unanswered(subject: string, ms: number): DepthcastError {
  return new DepthcastError(
    'source-timeout',
    `${subject} took the connection and answered nothing for ${ms / 1000} s.`,
    {
      advice: 'It is connected to again. Restart the camera if that goes on.',
      facts: { answerWithinMs: ms },
    },
  );
}

/** The error of a camera whose pictures stopped though its connection stands. */
export function stalled(subject: string, ms: number): DepthcastError {
  return new DepthcastError('source-stalled', `${subject} has sent no picture for ${ms / 1000} seconds.`, {
    advice: 'It is connected to again. For a camera of few frames a second give a longer stall timeout.',
    facts: { stallTimeoutMs: ms },
  });
}

/** The error of a camera whose pictures come too late to be called live, all of them. */
export function behind(subject: string, ms: number): DepthcastError {
  return new DepthcastError(
    'source-stalled',
    `${subject} has sent nothing but old pictures for ${ms / 1000} seconds.`,
    {
      advice: 'It is connected to again. The network or this machine is too slow for its stream.',
      facts: { stallTimeoutMs: ms },
    },
  );
}

/** The error for a decoder that ended by itself: with a camera every end is one, whatever the exit code says. */
export function decoderEnd(subject: string, exit: FfmpegExit, pictures: number): DepthcastError {
  if (exit.spawnError) {
    return new DepthcastError('ffmpeg-missing', 'ffmpeg could not be started.', {
      advice: 'Install ffmpeg 5.1 or newer, or set FFMPEG_PATH.',
      cause: exit.spawnError,
    });
  }
  if (exit.signal !== null) return crash(subject, exit);
  const said = exit.stderr.join('\n');
  if (/does not contain any stream|matches no streams/.test(said)) {
    return new DepthcastError('input-no-video', `${subject} sends no video.`, {
      advice: 'Choose another of its streams.',
      facts: factsOf(exit),
    });
  }
  if (/Picture size \S+ is invalid|max_pixels/.test(said)) {
    return new DepthcastError('input-dimensions', `${subject} sends pictures of a size that is not decoded.`, {
      advice: 'Pictures may have up to 35389440 pixels (8K).',
      facts: factsOf(exit),
    });
  }
  const what = pictures > 0 ? 'closed the stream' : 'sent nothing that can be decoded';
  return new DepthcastError('source-lost', `${subject} ${what}.`, {
    advice: 'It is connected to again.',
    facts: { pictures, ...factsOf(exit) },
  });
}

/**
 * The fault behind whatever a try threw: what the system says (no more file descriptors, no more processes) passes as
 * well. Throws on what waiting does not mend: wrong options and mistakes of programs.
 */
export function faultOf(error: unknown, subject: string): DepthcastError {
  if (error instanceof DepthcastError && error.code !== 'option-invalid') return error;
  if (error instanceof Error && !(error instanceof DepthcastError) && 'syscall' in error) {
    return unreachable(subject, error as NodeJS.ErrnoException);
  }
  throw error;
}

/** The word under which a fault is counted, and what it means for the next try. */
export function meaningOf(error: DepthcastError): { readonly reason: string; readonly setback: Setback } {
  switch (error.code) {
    case 'source-auth':
      return { reason: 'auth', setback: 'login' };
    case 'source-not-found':
      return { reason: 'not-found', setback: 'missing' };
    case 'source-transport':
      return { reason: 'transport', setback: 'missing' };
    case 'source-refused':
      return { reason: 'refused', setback: 'missing' };
    case 'input-no-video':
      return { reason: 'no-video', setback: 'missing' };
    case 'source-unreachable':
      return { reason: 'unreachable', setback: 'unreachable' };
    case 'source-timeout':
      return { reason: 'start-timeout', setback: 'broken' };
    case 'source-stalled':
      return { reason: 'stall', setback: 'broken' };
    case 'source-lost':
      return { reason: 'exit', setback: 'broken' };
    default:
      return { reason: 'decoder', setback: 'broken' };
  }
}
