import type { IncomingMessage } from 'node:http';
import { liveInput } from '../../ffmpeg/recipe.ts';
import { MultipartReader } from './multipart.ts';

/** Options before ffmpeg's `-i` for what a {@link JpegFeed} gives. */
export const JPEG_INPUT: readonly string[] = [...liveInput('pipe', 'ivf'), '-f', 'ivf'];

/** Pictures that may be on their way through the decoder; what waits in its pipe grows old unseen. */
const ON_THE_WAY = 2;

/** Milliseconds after which a picture that went in and did not come out is taken for one that could not be decoded. */
const SWALLOWED = 1000;

/** A picture and when it was complete. */
interface Received {
  readonly picture: Buffer;
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
}

/**
 * Hands the JPEG pictures of a multipart answer to the decoder, the newest each time it has room.
 *
 * They go in as IVF, the simplest container with a time for each picture: the microseconds since the first one was
 * received. So a picture that comes out of the decoder carries its own time, whatever became of those before it.
 */
export class JpegFeed {
  readonly #body: IncomingMessage;
  readonly #letGo: (reason: string) => void;
  /** The pictures on their way, the oldest first. */
  readonly #sent: { readonly at: number; readonly microseconds: number }[] = [];
  #newest: Received | undefined;
  #wake = (): void => {};
  #over = false;
  /** When the first picture was received, and the time that the last one was given. */
  #began: number | undefined;
  #last = -1;
  #anyDecoded = false;

  /** @param letGo told of each picture that is let go before it is decoded */
  constructor(body: IncomingMessage, contentType: string, letGo: (reason: string) => void) {
    this.#body = body;
    this.#letGo = letGo;
    const reader = new MultipartReader(contentType);
    body.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk, (picture) => this.#take(picture));
      } catch {
        body.destroy();
      }
    });
    body.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** The picture with this time came out of the decoder: those before it did as well, or never will. */
  decoded(microseconds: number): void {
    this.#anyDecoded = true;
    while (this.#sent[0] && this.#sent[0].microseconds <= microseconds) this.#sent.shift();
    this.#wake();
  }

  #take(picture: Buffer): void {
    if (this.#newest) this.#letGo('not-decoded');
    this.#newest = { picture, at: performance.now() };
    this.#wake();
  }

  /** The container, piece by piece, until the answer ends. */
  async *ivf(): AsyncGenerator<Buffer> {
    try {
      yield fileHead();
      for (;;) {
        const oldest = this.#sent[0];
        if (oldest && this.#anyDecoded && performance.now() - oldest.at > SWALLOWED) this.#sent.length = 0;
        const next = this.#sent.length < ON_THE_WAY ? this.#newest : undefined;
        if (next) {
          this.#newest = undefined;
          yield this.#framed(next);
        } else if (this.#over) return;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      if (this.#newest) this.#letGo('not-decoded');
      this.#newest = undefined;
      this.#body.destroy();
    }
  }

  #framed({ picture, at }: Received): Buffer {
    this.#began ??= at;
    this.#last = Math.max(this.#last + 1, Math.round((at - this.#began) * 1000));
    this.#sent.push({ at, microseconds: this.#last });
    const head = Buffer.alloc(12);
    head.writeUInt32LE(picture.length, 0);
    head.writeBigUInt64LE(BigInt(this.#last), 4);
    return Buffer.concat([head, picture]);
  }
}

/** The beginning of an IVF file: JPEG pictures of whatever size, with times in microseconds. */
function fileHead(): Buffer {
  const head = Buffer.alloc(32);
  head.write('DKIF', 0, 'latin1');
  head.writeUInt16LE(32, 6);
  head.write('MJPG', 8, 'latin1');
  head.writeUInt32LE(1_000_000, 16);
  head.writeUInt32LE(1, 20);
  return head;
}
