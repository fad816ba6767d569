import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Size } from '../../frames/index.ts';
import { outputFailed } from '../files/atomic-file.ts';

/** Name of the file in a folder that stays. */
export const SPOOL_FILE = 'frames.bin';

/** Bytes of one frame in the file. */
export function spooledBytes({ width, height }: Size): number {
  return width * height * 7;
}

/** One frame as it waits on disk. */
export interface SpooledFrame {
  /** Depth as the network gave it. */
  readonly depth: Float32Array;
  /** RGB, 3 bytes a pixel. */
  readonly pixels: Uint8Array;
}

/**
 * Predictions and pictures of an evaluation, on disk: what is measured over time needs the scale of the whole clip,
 * which is known at its end, and memory must not grow with the clip. About 0.9 MB a frame at 640×192. Without a folder
 * of its own it lies in the system's for temporary files (`TMPDIR`), gone after {@link close} or with the process; in a
 * folder it stays, for whoever goes on. All frames have one size.
 */
export class FrameSpool {
  readonly size: Size;
  readonly #folder: string;
  readonly #stays: boolean;
  readonly #file: FileHandle;
  #frames: number;

  private constructor({ width, height }: Size, folder: string, stays: boolean, file: FileHandle, frames: number) {
    this.size = { width, height };
    this.#folder = folder;
    this.#stays = stays;
    this.#file = file;
    this.#frames = frames;
  }

  /** `kept`: a folder that exists, and how many frames of its file are to be kept. Throws `output-failed`. */
  static async open(size: Size, kept?: { readonly folder: string; readonly frames: number }): Promise<FrameSpool> {
    if (kept) {
      const name = path.join(kept.folder, SPOOL_FILE);
      try {
        const file = await open(name, kept.frames > 0 ? 'r+' : 'w+');
        return new FrameSpool(size, kept.folder, true, file, kept.frames);
      } catch (cause) {
        throw outputFailed(name, cause);
      }
    }
    try {
      const folder = await mkdtemp(path.join(tmpdir(), 'depthcast-evaluate-'));
      const file = await open(path.join(folder, 'frames'), 'w+');
      // Without a name it is gone with the process, however that ends; where the system refuses, close() removes it.
      await rm(folder, { recursive: true, force: true }).catch(() => {});
      return new FrameSpool(size, folder, false, file, 0);
    } catch (cause) {
      throw outputFailed(tmpdir(), cause);
    }
  }

  get frames(): number {
    return this.#frames;
  }

  async add({ depth, pixels }: SpooledFrame): Promise<void> {
    const at = this.#frames++ * this.#bytes;
    try {
      await this.#file.write(new Uint8Array(depth.buffer, depth.byteOffset, depth.byteLength), 0, undefined, at);
      // The file system takes no shared memory.
      await this.#file.write(Uint8Array.from(pixels), 0, undefined, at + depth.byteLength);
    } catch (cause) {
      throw outputFailed(this.#folder, cause);
    }
  }

  /** A frame by its position; the answer owns its memory. */
  async read(frame: number): Promise<SpooledFrame> {
    const bytes = new Uint8Array(this.#bytes);
    await this.#file.read(bytes, 0, bytes.length, frame * this.#bytes);
    const floats = this.size.width * this.size.height;
    return { depth: new Float32Array(bytes.buffer, 0, floats), pixels: bytes.subarray(4 * floats) };
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => {});
    if (!this.#stays) await rm(this.#folder, { recursive: true, force: true }).catch(() => {});
  }

  get #bytes(): number {
    return spooledBytes(this.size);
  }
}
