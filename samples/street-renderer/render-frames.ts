import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FrameWork, RenderedFrame } from './frame-worker.ts';

/**
 * Renders frames first .. end - 1 in several threads and yields them in order. At most two frames a thread are under
 * way or waiting, so memory stays small.
 */
export async function* renderFrames(
  work: FrameWork,
  first: number,
  end: number,
  threads: number,
): AsyncGenerator<RenderedFrame> {
  // Compiled and source files lie in the same layout: take the neighbour with this file's own ending.
  const code = new URL(`./frame-worker${extname(import.meta.url)}`, import.meta.url);
  const workers = Array.from({ length: Math.min(threads, end - first) }, () => new Worker(code, { workerData: work }));
  const ready = new Map<number, RenderedFrame>();
  let failure: unknown;
  let wake = (): void => {};
  let asked = first;
  let given = first;
  const idle: Worker[] = [];
  const feed = (): void => {
    while (idle.length > 0 && asked < end && asked - given < threads * 2 + 2) {
      (idle.pop() as Worker).postMessage(asked++);
    }
  };
  for (const worker of workers) {
    worker.on('message', (frame: RenderedFrame) => {
      ready.set(frame.index, frame);
      idle.push(worker);
      feed();
      wake();
    });
    worker.on('error', (error) => {
      failure = error;
      wake();
    });
    idle.push(worker);
  }
  feed();
  try {
    while (given < end) {
      if (failure !== undefined) throw failure;
      const frame = ready.get(given);
      if (!frame) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      ready.delete(given++);
      feed();
      yield frame;
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
