import { parentPort, workerData } from 'node:worker_threads';
import { cameraAt, intrinsicsFor } from './camera.ts';
import { renderColor } from './color.ts';
import { renderDepth } from './depth.ts';
import { createStreet } from './street.ts';

/** What a worker thread is told once. */
export interface FrameWork {
  readonly seed: number;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly samples: number;
}

/** What it answers to a frame's number; the arrays are handed over, not copied. */
export interface RenderedFrame {
  readonly index: number;
  readonly color: Uint8Array;
  readonly depth: Float32Array;
  readonly moving: Uint8Array;
}

// The thread: numbers of frames come in, pictures go out.
if (parentPort) {
  const port = parentPort;
  const work = workerData as FrameWork;
  const street = createStreet(work.seed);
  const intrinsics = intrinsicsFor(work.width, work.height);
  port.on('message', (index: number) => {
    const time = index / work.fps;
    const pose = cameraAt(street, time);
    const color = renderColor(street, pose, intrinsics, time, { samples: work.samples, seed: index });
    const { depth, moving } = renderDepth(street, pose, intrinsics, time);
    const frame: RenderedFrame = { index, color, depth, moving };
    port.postMessage(frame, [color.buffer, depth.buffer, moving.buffer] as ArrayBuffer[]);
  });
}
