import { DepthcastError } from '../../../frames/index.ts';
import { crash, endsEarly, factsOf, openingFailure } from '../../ffmpeg/failure.ts';
import type { MediaInfo } from '../../ffmpeg/media-info.ts';
import type { Ending } from './play-pictures.ts';

/**
 * Throws where a movie ended otherwise than it should: nothing decoded, the decoder crashed, or pictures are missing at
 * the end. ffmpeg answers 0 to a file that is cut off, so its words and the duration that the container states decide;
 * the duration alone does only where the video is the only stream, since sound may be longer.
 */
export function judgeMovie(subject: string, info: MediaInfo, ending: Ending): void {
  const { exit, pictures, last, step } = ending;
  if (pictures === 0) throw openingFailure(subject, exit);
  if (exit.signal !== null) throw crash(subject, exit);
  const frame = Number.isFinite(step) && step > 0 ? step : 0.1;
  const missing = info.durationS === undefined ? 0 : info.durationS - last - frame;
  const short = missing > Math.max(2.5 * frame, 0.25);
  if (
    (short && info.onlyVideo) ||
    (short && endsEarly(exit)) ||
    !ending.complete ||
    (endsEarly(exit) && !info.durationS)
  ) {
    const stated = info.durationS === undefined ? '' : ` of ${info.durationS.toFixed(2)} s`;
    throw new DepthcastError(
      'input-truncated',
      `${subject} ends early: its video stops at ${(last + frame).toFixed(2)} s${stated}.`,
      {
        advice: 'The frames before it were delivered; copy the file again to get the rest.',
        facts: { pictures, lastTimestamp: last, durationS: info.durationS, ...factsOf(exit) },
      },
    );
  }
  if (exit.code !== 0) {
    throw new DepthcastError('decoder-crashed', `ffmpeg gave up on ${subject} after ${pictures} pictures.`, {
      advice: 'The frames before it were delivered; check that the file plays elsewhere.',
      facts: { pictures, ...factsOf(exit) },
    });
  }
}
