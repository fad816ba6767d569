import { join } from 'node:path';
import type { DepthFrame } from '../../frames/index.ts';
import { McapFile, type McapFileOptions } from './mcap/mcap-file.ts';

/** Why a frame was not recorded: `slow` = the disk was busy until newer ones came, `fault` = it could not be written to. */
export type RecordingLoss = 'slow' | 'fault';

/** What is recorded of one stream. Counters only grow. */
export interface StreamRecordingStatus {
  readonly stream: string;
  /** File that is being written; `null` between two. */
  readonly file: string | null;
  readonly files: number;
  readonly frames: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Frames that the disk was too slow for, or that came while it could not be written to; {@link lost} says which. */
  readonly dropped: number;
  readonly lost: Readonly<Record<RecordingLoss, number>>;
  /** Why nothing is written now. */
  readonly fault: unknown;
}

/** Frames that may wait for the disk: a second or so of a camera. */
const AHEAD = 16;

/** Milliseconds after which a disk that failed is tried again. */
const TRY_AGAIN = 30_000;

/** The files of one stream, one after the other. A camera never waits for it: when the disk is slow the oldest frame goes. */
export class StreamRecording {
  readonly #dir: string;
  readonly #options: McapFileOptions;
  readonly #limits: { readonly maxBytes: number; readonly maxSeconds: number };
  readonly #onError: (error: unknown) => void;
  readonly #onLost: (reason: RecordingLoss, count: number) => void;
  readonly #lost: Record<RecordingLoss, number> = { slow: 0, fault: 0 };
  #waiting: DepthFrame[] = [];
  #working: Promise<void> | undefined;
  #file: McapFile | undefined;
  #fault: unknown;
  #failedAt = Number.NEGATIVE_INFINITY;
  #files = 0;
  /** `arrivedAt` of the file's first frame. */
  #beganAt = 0;
  #frames = 0;
  #past = 0;

  constructor(
    dir: string,
    options: McapFileOptions,
    limits: { readonly maxBytes: number; readonly maxSeconds: number },
    onError: (error: unknown) => void,
    onLost: (reason: RecordingLoss, count: number) => void,
  ) {
    this.#dir = dir;
    this.#options = options;
    this.#limits = limits;
    this.#onError = onError;
    this.#onLost = onLost;
  }

  /** Takes the next frame. Returns at once. */
  add(frame: DepthFrame): void {
    if (this.#fault !== undefined && performance.now() - this.#failedAt < TRY_AGAIN) {
      this.#lose('fault');
      return;
    }
    this.#waiting.push(frame);
    if (this.#waiting.length > AHEAD) {
      this.#waiting.shift();
      this.#lose('slow');
    }
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  status(): StreamRecordingStatus {
    return {
      stream: this.#options.stream,
      file: this.#file?.path ?? null,
      files: this.#files,
      frames: this.#frames,
      bytes: this.#past + (this.#file?.bytes ?? 0),
      dropped: this.#lost.slow + this.#lost.fault,
      lost: { ...this.#lost },
      fault: this.#fault ?? null,
    };
  }

  /** Writes what waits and ends the file. */
  async close(): Promise<void> {
    await this.#working;
    await this.#end().catch((error: unknown) => this.#fail(error));
  }

  async #work(): Promise<void> {
    for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) {
      const before = this.#frames;
      try {
        this.#file ??= await this.#begin(frame);
        await this.#file.write(frame);
        this.#frames++;
        this.#fault = undefined;
        if (this.#isFull(frame)) await this.#end();
      } catch (error) {
        // A file whose end cannot be written has its frames all the same.
        this.#lose('fault', this.#waiting.length + (this.#frames === before ? 1 : 0));
        this.#waiting = [];
        await this.#fail(error);
      }
    }
  }

  #lose(reason: RecordingLoss, count = 1): void {
    this.#lost[reason] += count;
    this.#onLost(reason, count);
  }

  #isFull(frame: DepthFrame): boolean {
    const file = this.#file!;
    const length = frame.frame.arrivedAt - this.#beganAt;
    return file.bytes >= this.#limits.maxBytes || length >= this.#limits.maxSeconds * 1000;
  }

  async #begin(frame: DepthFrame): Promise<McapFile> {
    this.#beganAt = frame.frame.arrivedAt;
    const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    this.#files++;
    for (let copy = 1; ; copy++) {
      // Files that are full within a second are numbered.
      const name = `${this.#options.stream}-${time}${copy === 1 ? '' : `-${copy}`}.mcap`;
      try {
        return await McapFile.create(join(this.#dir, name), this.#options);
      } catch (error) {
        if ((error as { facts?: { code?: unknown } }).facts?.code !== 'EEXIST' || copy > 1000) throw error;
      }
    }
  }

  async #end(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    try {
      await file.close();
    } finally {
      this.#past += file.bytes;
    }
  }

  async #fail(error: unknown): Promise<void> {
    this.#fault = error;
    this.#failedAt = performance.now();
    const file = this.#file;
    this.#file = undefined;
    if (file) {
      this.#past += file.bytes;
      await file.abandon().catch(() => {});
    }
    this.#onError(error);
  }
}
