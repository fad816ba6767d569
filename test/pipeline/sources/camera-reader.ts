import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Frame } from '../../../frames/index.ts';
import {
  type Camera,
  type CameraReadOptions,
  type CameraStatus,
  isCamera,
} from '../../../pipeline/sources/frame-source.ts';
import type { CameraOptions } from '../../../pipeline/sources/live/camera-options.ts';
import type { OpenOptions } from '../../../pipeline/sources/reading/source-kind.ts';
import { openSource } from '../../../pipeline/sources/registry.ts';
import { makeFootage, testPicture } from '../ffmpeg/footage.ts';

/** Milliseconds after which what should come will not come any more, also on a machine that is starved. */
const PATIENCE_MS = 60_000;

/**
 * What a camera is given that is not watched for its promptness: on a starved machine a decoder may be silent for
 * seconds and pictures may be old, and neither says anything about what such a test looks at.
 */
export const PATIENT: CameraOptions = { startTimeoutMs: 30_000, stallTimeoutMs: 30_000, staleAfterMs: 30_000 };

/** A frame and when the reader had it. */
export interface Seen {
  readonly frame: Frame;
  readonly at: number;
}

/** Reads a camera until it is closed and remembers what came; always close it. */
export class CameraReader {
  readonly seen: Seen[] = [];
  readonly changes: CameraStatus[] = [];
  readonly camera: Camera;
  readonly #iterator: AsyncIterator<Frame>;
  readonly #done: Promise<void>;
  failure: unknown;

  constructor(camera: Camera, options: Partial<CameraReadOptions> = {}) {
    this.camera = camera;
    camera.onChange((status) => this.changes.push(status));
    this.#iterator = camera
      .frames({ stream: 'door', size: { width: 64, height: 32 }, ...options })
      [Symbol.asyncIterator]();
    this.#done = this.#read().catch((error: unknown) => {
      this.failure = error;
    });
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done) return;
      this.seen.push({ frame: value, at: performance.now() });
    }
  }

  get status(): CameraStatus {
    return this.camera.status();
  }

  /** Waits until something is so; gives up, saying how things stand, before the test does. */
  async until(what: () => boolean): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!what()) {
      if (performance.now() > end) {
        throw new Error(`never so: ${what} (${JSON.stringify(this.status)}, ${this.seen.length} frames)`);
      }
      await sleep(5);
    }
  }

  /** Waits for so many frames more. */
  more(count: number): Promise<void> {
    const wanted = this.seen.length + count;
    return this.until(() => this.seen.length >= wanted);
  }

  /** Ends the reading and checks the books: every frame that was decoded was handed on or counted as let go. */
  async close(): Promise<CameraStatus> {
    await this.#iterator.return?.();
    await this.#done;
    const { status } = this;
    expect(status.state).toBe('closed');
    expect(status.emitted).toBe(this.seen.length);
    expect(status.decoded).toBe(status.emitted + discarded(status));
    for (let i = 1; i < this.seen.length; i++) {
      expect(this.seen[i]!.frame.timestamp).toBeGreaterThan(this.seen[i - 1]!.frame.timestamp);
      expect(this.seen[i]!.frame.index).toBeGreaterThan(this.seen[i - 1]!.frame.index);
    }
    return status;
  }
}

/** Frames let go, for whatever reason. */
export function discarded(status: CameraStatus): number {
  return Object.values(status.discarded).reduce((sum, count) => sum + count, 0);
}

/** Opens a camera and reads it. */
export async function readCamera(
  spec: string,
  options: OpenOptions = {},
  read: Partial<CameraReadOptions> = {},
): Promise<CameraReader> {
  const source = await openSource(spec, options);
  if (!isCamera(source)) throw new Error(`${spec} is no camera`);
  return new CameraReader(source, read);
}

/** H.264 as {@link FakeCamera} takes it: a key frame each `keyEvery` pictures. */
export async function makeStream(
  folder: string,
  name: string,
  { size = '320x192', fps = 25, seconds = 2, keyEvery = 25 } = {},
): Promise<string> {
  const file = path.join(folder, name);
  await makeFootage(
    ...testPicture(`s=${size}:r=${fps}:d=${seconds}`),
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-bf', '0'],
    ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-g', String(keyEvery), '-f', 'h264', file],
  );
  return file;
}
