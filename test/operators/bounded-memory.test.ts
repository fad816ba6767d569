import { defer, delay, Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type DepthFrame, Flow, type Frame } from '../../frames/index.ts';
import {
  type DepthEstimator,
  estimateDepth,
  fallBack,
  measureConsistency,
  slidingWindow,
  splitAtCuts,
  writeTo,
} from '../../operators/index.ts';
import { depthMap, frame } from './frames.ts';

const FRAMES = 5000;
const map = depthMap(10);

/** Finite footage that decodes as fast as it is taken, and waits while its flow is held, as `framesOf` does. */
function source(flow: Flow, onFrame: () => void): Observable<Frame> {
  return new Observable((subscriber) => {
    const pump = async (): Promise<void> => {
      for (let index = 0; index < FRAMES && !subscriber.closed; index++) {
        await Promise.resolve();
        while (flow.held) await new Promise<void>((resume) => flow.whenFree(resume));
        onFrame();
        // A cut now and then, so that windows with gaps take the way through the fallback.
        subscriber.next(frame(index, { flow, ...(index % 500 === 499 && { segmentStart: 'scene-cut' }) }));
      }
      subscriber.complete();
    };
    pump();
  });
}

const takes = (ms: number, given: Partial<DepthEstimator> = {}): DepthEstimator => ({
  id: 'takes time',
  contextOffsets: [-1, 1],
  inFlight: 2,
  estimate: () => (ms > 0 ? of(map).pipe(delay(ms)) : defer(() => Promise.resolve(map))),
  ...given,
});

async function play(estimatorMs: number, sinkMs: number): Promise<{ most: number; order: number[]; reasons: number }> {
  const flow = new Flow();
  let emitted = 0;
  let most = 0;
  let reasons = 0;
  const order: number[] = [];
  const sink = {
    write: async ({ frame: { index }, fallbackReason }: DepthFrame): Promise<void> => {
      if (sinkMs > 0) await new Promise((written) => setTimeout(written, sinkMs));
      order.push(index);
      if (fallbackReason) reasons++;
    },
    close: async (): Promise<void> => {},
  };
  const frames = source(flow, () => {
    most = Math.max(most, ++emitted - order.length);
  });
  await new Promise<void>((complete, error) => {
    frames
      .pipe(
        splitAtCuts(),
        slidingWindow({ offsets: [-1, 0, 1] }),
        estimateDepth(takes(estimatorMs)),
        fallBack(takes(0, { contextOffsets: [], inFlight: 1 })),
        measureConsistency(),
        writeTo(sink),
      )
      .subscribe({ complete, error });
  });
  expect(flow.held).toBe(false);
  return { most, order, reasons };
}

/**
 * Frames alive at once, at most: 2 in the window, 4 + 1 in and before the estimator (a cut frees two windows at once),
 * 2 + 1 for the fallback, 1 + 4 at the sink, 1 on its way in.
 */
const BOUND = 16;

describe('a lossless chain of all operators', () => {
  it.each([
    ['a slow estimator', 2, 0],
    ['a slow sink', 0, 1],
  ])(
    'writes all of 5,000 frames in order with few of them alive behind %s',
    { timeout: 240_000 },
    async (_, slow, sink) => {
      const { most, order, reasons } = await play(slow, sink);
      expect(order).toEqual(Array.from({ length: FRAMES }, (_, index) => index));
      // Both ends of the stream and both sides of each of its ten cuts; the last cut is on the last frame.
      expect(reasons).toBe(21);
      expect(most).toBeLessThanOrEqual(BOUND);
    },
  );
});
