import { expect } from 'vitest';
import type { FfmpegBinary } from '../../../pipeline/ffmpeg/locate.ts';
import type { CameraOptions } from '../../../pipeline/sources/live/camera-options.ts';
import { FakeCamera, type FakeCameraOptions } from '../../helpers/fake-camera.ts';
import { childProcesses } from '../ffmpeg/footage.ts';
import { type CameraReader, readCamera } from './camera-reader.ts';

/** How a fault is played. */
export interface FaultPlay extends Partial<FakeCameraOptions> {
  /** As of `makeStream`. */
  readonly file: string;
  readonly ffmpeg?: FfmpegBinary;
  readonly camera?: CameraOptions;
  /** The camera is down when it is first connected to. */
  readonly down?: boolean;
}

/**
 * Plays a fake camera to a reader, and checks at the end that every frame is accounted for and no process is left.
 *
 * `late` says how many milliseconds this process itself was kept waiting so far: limits are those of the promise, and a
 * machine that is overrun by other tests gets that on top.
 */
export async function play(
  use: (camera: FakeCamera, reader: CameraReader, late: () => number) => Promise<void>,
  { camera: watched, down, ffmpeg, ...fake }: FaultPlay,
): Promise<void> {
  const camera = await FakeCamera.start({ fps: 25, ...fake });
  if (down) await camera.close();
  const before = await childProcesses();
  const reader = await readCamera(camera.url(), { ffmpeg, camera: watched });
  let late = 0;
  let due = performance.now() + LOOK;
  const looking = setInterval(() => {
    const now = performance.now();
    // Less than that is how timers are.
    if (now - due > 10) late += now - due;
    due = now + LOOK;
  }, LOOK);
  try {
    await use(camera, reader, () => late);
    await reader.close();
    expect(await childProcesses()).toEqual(before);
  } finally {
    clearInterval(looking);
    await reader.close().catch(() => {});
    await camera.close();
  }
}

/** Milliseconds between two looks at how late this process is. */
const LOOK = 20;

/** Longest time without a frame, in milliseconds. */
export function longestGap({ seen }: CameraReader): number {
  return Math.max(...seen.slice(1).map(({ at }, i) => at - seen[i]!.at));
}

/** Why stretches began, in order. */
export function starts({ seen }: CameraReader): (string | undefined)[] {
  return seen.map(({ frame }) => frame.segmentStart).filter((start) => start !== undefined);
}
