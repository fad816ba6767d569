import { Readable } from 'node:stream';
import { DepthcastError } from '../../frames/index.ts';
import { probeMedia } from '../ffmpeg/media-info.ts';
import { rawOutput, STDIN_OPTIONS } from '../ffmpeg/recipe.ts';
import type { Footage } from './frame-source.ts';
import { judgeMovie } from './reading/movie-ending.ts';
import { movieInfo } from './reading/movie-info.ts';
import { ffmpegFor } from './reading/opened-ffmpeg.ts';
import { type Ending, playPictures } from './reading/play-pictures.ts';
import { type Picture, sourceOf } from './reading/read-frames.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/** Bytes that may be read before the first picture; they are kept and read again. */
const HEAD_LIMIT = 64 << 20;

/** Milliseconds from the first byte to the first picture. */
const OPEN_TIMEOUT = 4500;

/**
 * Video on stdin (`-`), in any container that can be read from front to back. An MP4 needs its index at the front
 * (`-movflags +faststart`). It cannot be read twice, so `loop` has an end: `option-invalid` after the first round.
 */
export const stdin: SourceKind = {
  layouts: ['stdin'],
  summary: 'video on stdin (-)',
  recognises: (place) => place.kind === 'stdin',
  open,
};

async function open(place: Place, options: OpenOptions): Promise<Footage> {
  if (place.kind !== 'stdin') {
    throw new DepthcastError('option-invalid', 'The layout stdin reads "-" and nothing else.', {
      advice: 'Give - as source.',
    });
  }
  const subject = 'The video on stdin';
  const { binary, capabilities } = await ffmpegFor(options);
  const stream = options.stdin ?? process.stdin;
  const bytes = new RereadBytes(stream);
  const media = await probeMedia(binary, capabilities, {
    inputOptions: STDIN_OPTIONS,
    input: Readable.from(bytes.head(HEAD_LIMIT), { objectMode: false }),
    subject,
    timeoutMs: OPEN_TIMEOUT,
    signal: options.signal,
  }).catch((error: unknown) => {
    if (bytes.empty) {
      throw new DepthcastError('input-empty', 'Nothing came on stdin.', {
        advice: 'Pipe a video in, for example: depthcast run - < video.mkv',
      });
    }
    // What ffmpeg says of an MP4 that it would have to read from its end, and cannot on a pipe.
    if (error instanceof DepthcastError && /mov,mp4[^\n]*partial file/.test(String(error.facts['stderr']))) {
      throw new DepthcastError('input-format', 'The MP4 on stdin has its index at its end.', {
        advice: 'Give the file by its name, or rewrite it: ffmpeg -i IN.mp4 -c copy -movflags +faststart OUT.mp4',
        facts: error.facts,
      });
    }
    throw error;
  });
  bytes.closeHead();
  let played = false;
  return sourceOf({
    info: movieInfo(media),
    play({ size, signal }) {
      if (played) {
        throw new DepthcastError('option-invalid', 'stdin cannot be read a second time.', {
          advice: 'Save the video to a file to loop it.',
        });
      }
      played = true;
      const request = {
        inputOptions: STDIN_OPTIONS,
        input: Readable.from(bytes.all(), { objectMode: false }),
        outputOptions: rawOutput(capabilities, size),
      };
      const judge = (ending: Ending): void => judgeMovie(subject, media, ending);
      return closing(stream, playPictures(binary, request, signal, judge));
    },
  });
}

/** Closes the stream behind the last picture, so that whoever writes to it learns that nobody reads any more. */
async function* closing(stream: Readable, pictures: AsyncIterable<Picture>): AsyncGenerator<Picture, void, void> {
  try {
    yield* pictures;
  } finally {
    stream.destroy();
  }
}

/** Bytes of a stream whose beginning can be read twice: once to look at it, once to decode it. */
class RereadBytes {
  readonly #kept: Buffer[] = [];
  readonly #iterator: AsyncIterator<Buffer>;
  #pending: Promise<IteratorResult<Buffer>> | undefined;
  #headClosed = false;

  constructor(stream: Readable) {
    this.#iterator = stream.iterator({ destroyOnReturn: false });
  }

  /** True where the stream ended without a byte. */
  get empty(): boolean {
    return this.#kept.length === 0;
  }

  /** Ends the first reading; to be called before the second begins. */
  closeHead(): void {
    this.#headClosed = true;
  }

  /** The beginning, kept while it is read; ends at `limit` bytes or where its reader stops. */
  async *head(limit: number): AsyncGenerator<Buffer> {
    let total = 0;
    while (total < limit) {
      const { done, value } = await this.#next();
      // What arrives after the look was over belongs to the second reader, who waits for the same bytes.
      if (done || this.#headClosed) return;
      this.#kept.push(value);
      total += value.length;
      yield value;
    }
  }

  /** The beginning again, then the rest. */
  async *all(): AsyncGenerator<Buffer> {
    for (let chunk = this.#kept.shift(); chunk; chunk = this.#kept.shift()) yield chunk;
    for (;;) {
      const { done, value } = await this.#next();
      if (done) return;
      yield value;
    }
  }

  /** A read that was under way when the first reader stopped is the second reader's. */
  async #next(): Promise<IteratorResult<Buffer>> {
    this.#pending ??= this.#iterator.next();
    const result = await this.#pending;
    this.#pending = undefined;
    return result;
  }
}
