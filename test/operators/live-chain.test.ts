import { defer, delay, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Flow, type Frame } from '../../frames/index.ts';
import { type DepthEstimator, estimateDepth, fallBack, keepLatest, slidingWindow } from '../../operators/index.ts';
import { depthMap, frame, virtualTime } from './frames.ts';

describe('a live chain with an estimator slower than the camera', () => {
  it('accounts for every frame, keeps the order, and keeps the latency below two estimates', () => {
    const flow = new Flow();
    const scheduler = virtualTime();
    let dropped = 0;
    const seen: number[] = [];
    const latencies: number[] = [];
    let ended = false;
    scheduler.run(({ flush }) => {
      const now = (): number => scheduler.now();
      let freeAt = 0;
      // One worker: 25 ms an estimate, a camera frame each 10 ms.
      const slow: DepthEstimator = {
        id: 'slow',
        contextOffsets: [-2, -1],
        inFlight: 1,
        estimate: () =>
          defer(() => {
            freeAt = Math.max(freeAt, now()) + 25;
            return of(depthMap(10)).pipe(delay(freeAt - now()));
          }),
      };
      const camera = new Subject<Frame>();
      camera
        .pipe(
          slidingWindow({ offsets: [-2, -1] }),
          keepLatest({ onDropped: (_, total) => (dropped = total) }),
          estimateDepth(slow, { live: true, now }),
          fallBack({ ...slow, id: 'single', contextOffsets: [], estimate: () => of(depthMap(5)) }, { now }),
        )
        .subscribe({
          next: (answer) => {
            seen.push(answer.frame.index);
            latencies.push(answer.latencyMs);
          },
          complete: () => (ended = true),
        });
      for (let index = 0; index < 200; index++) {
        scheduler.schedule(() => camera.next(frame(index, { flow, arrivedAt: 10 * index })), 10 * index);
      }
      scheduler.schedule(() => camera.complete(), 2000);
      flush();
    });
    expect(ended).toBe(true);
    expect(seen.length + dropped).toBe(200);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    // A third or more of the frames is answered at 25 ms of work for each 10 ms of camera.
    expect(seen.length).toBeGreaterThan(70);
    expect(Math.max(...latencies)).toBeLessThanOrEqual(50);
    expect(flow.held).toBe(false);
  });
});
