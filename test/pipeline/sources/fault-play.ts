import { expect } from 'vitest';
import type { FfmpegBinary } from '../../../pipeline/ffmpeg/locate.ts';
import type { CameraOptions } from '../../../pipeline/sources/live/camera-options.ts';
import { FakeCamera, type FakeCameraOptions } from '../../helpers/fake-camera.ts';
import { childProcesses } from '../ffmpeg/footage.ts';
import { type CameraReader, PATIENT, readCamera } from './camera-reader.ts';

/** How a fault is played. */
export interface FaultPlay extends Partial<FakeCameraOptions> {
  /** As of `makeStream`. */
  readonly file: string;
  readonly ffmpeg?: FfmpegBinary;
  /** `PATIENT` where nothing is said. */
  readonly camera?: CameraOptions;
  /** The camera is down when it is first connected to. */
  readonly down?: boolean;
}

/** With a watchdog that barks in a moment, and not because the machine is starved. */
export const WATCHED: CameraOptions = { ...PATIENT, stallTimeoutMs: 4000 };

/** Plays a fake camera to a reader, and checks at the end that every frame is accounted for and no process is left. */
export async function play(
  use: (camera: FakeCamera, reader: CameraReader) => Promise<void>,
  { camera: watched = PATIENT, down, ffmpeg, ...fake }: FaultPlay,
): Promise<void> {
  const camera = await FakeCamera.start({ fps: 25, ...fake });
  if (down) await camera.close();
  const before = await childProcesses();
  const reader = await readCamera(camera.url(), { ffmpeg, camera: watched });
  try {
    await use(camera, reader);
    await reader.close();
    expect(await childProcesses()).toEqual(before);
  } finally {
    await reader.close().catch(() => {});
    await camera.close();
  }
}

/** Longest time without a frame, in milliseconds. */
export function longestGap({ seen }: CameraReader): number {
  return Math.max(...seen.slice(1).map(({ at }, i) => at - seen[i]!.at));
}

/** Why stretches began, in order. */
export function starts({ seen }: CameraReader): (string | undefined)[] {
  return seen.map(({ frame }) => frame.segmentStart).filter((start) => start !== undefined);
}
