import { type Readable, Writable } from 'node:stream';
import type { Size } from '../../../frames/index.ts';
import { type FfmpegExit, type FfmpegRun, startFfmpeg } from '../../ffmpeg/decoder.ts';
import type { FfmpegBinary } from '../../ffmpeg/locate.ts';
import { type NutPicture, NutReader } from '../../ffmpeg/nut.ts';

/** What one run of the decoder is told and whom it tells. */
export interface CameraRunRequest {
  readonly inputOptions: readonly string[];
  readonly input: string | Readable;
  readonly outputOptions: readonly string[];
  readonly secrets: readonly string[];
  /** A picture, the moment its last byte came. */
  onPicture(picture: NutPicture, arrivedAt: number): void;
  /** What the camera sends and what it is scaled to, at the beginning and at each change; before the pictures of it. */
  onSize(footage: Size, scaled: Size): void;
  onCodec(codec: string): void;
  /** The decoder complains of damaged data; it goes on. */
  onDecodeError(): void;
}

/**
 * One run of ffmpeg on a camera. Its output is taken the moment it comes, whatever the rest of the program does: a
 * decoder that has to wait passes on old pictures for ever after.
 */
export class CameraRun {
  /** How it ended, once all of its output was taken. Never rejects. */
  readonly ended: Promise<FfmpegExit>;
  /** What was wrong with its output, where that is why it ended. */
  fault: Error | undefined;
  readonly #run: FfmpegRun;
  #deaf = false;

  constructor(binary: FfmpegBinary, request: CameraRunRequest) {
    const reader = new NutReader();
    const sink = new Writable({
      highWaterMark: 1 << 18,
      write: (chunk: Buffer, _encoding, done) => {
        try {
          if (!this.#deaf) reader.push(chunk, (picture) => request.onPicture(picture, performance.now()));
        } catch (error) {
          this.fault = error as Error;
          void this.kill();
        }
        done();
      },
    });
    sink.on('error', () => {});
    this.#run = startFfmpeg(binary, {
      // The sizes are told at this level and at no other.
      inputOptions: ['-hide_banner', '-v', 'level+verbose', ...request.inputOptions],
      input: request.input,
      outputOptions: request.outputOptions,
      output: sink,
      secrets: request.secrets,
      onLine: (line) => this.#read(line, request),
    });
    this.ended = this.#run.exited.then(
      (exit) =>
        new Promise((resolve) => {
          // A run that was ended from here leaves its pipe open.
          if (exit.spawnError || exit.stopped || sink.writableFinished || sink.destroyed) resolve(exit);
          else sink.once('close', () => resolve(exit));
        }),
    );
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#run.pid;
  }

  /** Ends it at once; there is nothing to finish. Pictures that it has sent but that were not taken are gone. */
  async kill(): Promise<void> {
    this.#deaf = true;
    await this.#run.stop(true);
  }

  #read(line: string, request: CameraRunRequest): void {
    const scaled = /^\[Parsed_scale_\d+ @ \w+\] \[verbose\] w:(\d+) h:(\d+) .* -> w:(\d+) h:(\d+) /.exec(line);
    if (scaled) {
      const [width, height, toWidth, toHeight] = scaled.slice(1).map(Number) as [number, number, number, number];
      request.onSize({ width, height }, { width: toWidth, height: toHeight });
      return;
    }
    const codec = /^\[info\]\s+Stream #0:\d+ -> #0:0 \((\w+)/.exec(line)?.[1];
    if (codec !== undefined) request.onCodec(codec);
    // `[h264 @ …] [error] error while decoding MB 3 4`; what it could mend it says as information.
    else if (/^\[\w+ @ \w+\] \[(error\]|info\] concealing)/.test(line)) request.onDecodeError();
  }
}
