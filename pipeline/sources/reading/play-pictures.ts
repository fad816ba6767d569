import type { FfmpegExit } from '../../ffmpeg/decoder.ts';
import type { FfmpegBinary } from '../../ffmpeg/locate.ts';
import { PictureStream, type PictureStreamRequest } from '../../ffmpeg/picture-stream.ts';
import type { Picture } from './read-frames.ts';

/** What is known when a decoder has delivered its last picture by itself. */
export interface Ending {
  readonly exit: FfmpegExit;
  readonly pictures: number;
  /** Timestamp of the last picture in seconds; NaN without one. */
  readonly last: number;
  /** Seconds between the last two pictures; NaN without two. */
  readonly step: number;
  /** False where the decoder stopped in the middle of a picture. */
  readonly complete: boolean;
}

/** Pictures of one ffmpeg run until it ends or `signal` aborts; `judge` throws where the end was not a good one. */
export async function* playPictures(
  binary: FfmpegBinary,
  request: PictureStreamRequest,
  signal: AbortSignal,
  judge: (ending: Ending) => void,
): AsyncGenerator<Picture, void, void> {
  if (signal.aborted) return;
  const pictures = new PictureStream(binary, request);
  const abort = (): void => void pictures.stop();
  signal.addEventListener('abort', abort, { once: true });
  let count = 0;
  let last = Number.NaN;
  let step = Number.NaN;
  try {
    for (;;) {
      const picture = await pictures.next();
      if (!picture) break;
      const timestamp = picture.microseconds / 1e6;
      step = timestamp - last;
      last = timestamp;
      count++;
      yield { ordinal: picture.ordinal, timestamp, pixels: picture.pixels };
    }
    if (signal.aborted) return;
    const exit = await pictures.exited;
    judge({ exit, pictures: count, last, step, complete: pictures.complete });
  } finally {
    signal.removeEventListener('abort', abort);
    await pictures.stop();
  }
}
