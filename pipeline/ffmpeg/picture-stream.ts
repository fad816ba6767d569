import { type Readable, Writable } from 'node:stream';
import type { FfmpegExit, FfmpegRun } from './decoder.ts';
import { startFfmpeg } from './decoder.ts';
import type { FfmpegBinary } from './locate.ts';
import { type NutPicture, NutReader } from './nut.ts';

/** A picture with the moment at which its last byte came. */
export interface DecodedPicture extends NutPicture {
  /** Milliseconds of `performance.now()`. */
  readonly arrivedAt: number;
  /** Position among all pictures that this run decoded, those let go included. */
  readonly ordinal: number;
}

/** What one decoding run reads. */
export interface PictureStreamRequest {
  readonly inputOptions: readonly string[];
  readonly input: string | Readable;
  /** As of `rawOutput`. */
  readonly outputOptions: readonly string[];
  readonly secrets?: readonly string[] | undefined;
}

/** Whole pictures that wait, decoded, for a consumer; then ffmpeg stalls on its pipe. */
const READ_AHEAD = 3;

/** Decoded pictures of one ffmpeg run, pulled one by one. At most a few wait in memory however slow the consumer. */
export class PictureStream {
  readonly #run: FfmpegRun;
  readonly #reader = new NutReader();
  readonly #queue: DecodedPicture[] = [];
  #decoded = 0;
  #over = false;
  #fault: Error | undefined;
  #wake: (() => void) | undefined;
  #release: (() => void) | undefined;

  constructor(binary: FfmpegBinary, request: PictureStreamRequest) {
    const sink = new Writable({
      highWaterMark: 1 << 18,
      write: (chunk: Buffer, _encoding, done) => this.#take(chunk, done),
    });
    // The reading end is closed on purpose when the run is stopped; that is no news.
    sink.on('error', () => {});
    this.#run = startFfmpeg(binary, {
      ...request,
      inputOptions: ['-hide_banner', '-v', 'error', ...request.inputOptions],
      output: sink,
    });
    this.#run.exited.then((exit) => {
      // The process may be gone while its last bytes still wait here to be taken.
      if (exit.spawnError || sink.writableFinished) this.#finish();
      else sink.once('finish', () => this.#finish());
    });
  }

  /** True where the stream ended between pictures. */
  get complete(): boolean {
    return this.#reader.complete;
  }

  /** How ffmpeg ended; resolves once everything was taken. */
  get exited(): Promise<FfmpegExit> {
    return this.#run.exited;
  }

  /** The next picture, or `undefined` after the last or after {@link stop}. Throws `decoder-output`. One call at a time. */
  async next(): Promise<DecodedPicture | undefined> {
    while (this.#queue.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const picture = this.#queue.shift();
    if (this.#queue.length < READ_AHEAD) this.#resume();
    if (picture === undefined && this.#fault) throw this.#fault;
    return picture;
  }

  /** Ends the decoder and drops what waits; a pending {@link next} answers `undefined`. Safe to call at any time. */
  async stop(now = false): Promise<FfmpegExit> {
    this.#queue.length = 0;
    this.#finish();
    return this.#run.stop(now);
  }

  #take(chunk: Buffer, done: () => void): void {
    if (this.#over) {
      done();
      return;
    }
    try {
      this.#reader.push(chunk, (picture) => {
        const { microseconds, pixels } = picture;
        this.#queue.push({ microseconds, pixels, arrivedAt: performance.now(), ordinal: this.#decoded++ });
        this.#wake?.();
      });
    } catch (error) {
      this.#fault = error as Error;
      this.#finish();
      void this.#run.stop(true);
      done();
      return;
    }
    if (this.#queue.length < READ_AHEAD) done();
    else this.#release = done;
  }

  #finish(): void {
    this.#over = true;
    this.#wake?.();
    this.#resume();
  }

  #resume(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }
}
