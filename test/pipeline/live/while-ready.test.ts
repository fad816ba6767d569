import { setTimeout as sleep } from 'node:timers/promises';
import { lastValueFrom, from as observe } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { DepthMap } from '../../../frames/index.ts';
import { isRestarting, type RestartingModel, whileReady } from '../../../pipeline/live/while-ready.ts';
import { depthMap, frame, windowOf } from '../../operators/frames.ts';

/** A model that hangs in every window until it is restarted. */
class HungModel implements RestartingModel {
  readonly id = 'model';
  readonly contextOffsets = [];
  readonly inFlight = 2;
  isReady = true;
  hangs = true;
  asked = 0;
  interrupts = 0;
  restarts = 0;
  /** Ends an interruption. */
  end = (): void => {};
  estimate(): Promise<DepthMap> {
    this.asked++;
    return this.hangs ? new Promise(() => {}) : Promise.resolve(depthMap(10));
  }
  async interrupt(): Promise<void> {
    this.interrupts++;
    this.isReady = false;
    await new Promise<void>((resolve) => {
      this.end = resolve;
    });
  }
  async restart(): Promise<void> {
    this.restarts++;
    this.hangs = false;
    this.isReady = true;
  }
}

describe('a model in live', () => {
  it('that hangs is started again after its deadline, once for all that waited, and answers then', async () => {
    const model = new HungModel();
    const live = whileReady(model, 30);
    const estimate = (index: number): Promise<DepthMap> =>
      lastValueFrom(observe(live.estimate(windowOf(frame(index)))));
    const [one, two] = await Promise.allSettled([estimate(0), estimate(1)]);
    for (const outcome of [one!, two!]) {
      expect(outcome).toMatchObject({ reason: { code: 'model-crashed', message: expect.stringContaining('0.03 s') } });
    }
    // Until it is back nothing more is asked of it.
    await expect(estimate(2)).rejects.toMatchObject({ message: expect.stringContaining('being started again') });
    expect([model.asked, model.interrupts]).toEqual([2, 1]);
    model.end();
    while (model.restarts === 0) await sleep(5);
    await sleep(0);
    await expect(estimate(3)).resolves.toMatchObject({ kind: 'metric' });
    expect([model.interrupts, model.restarts]).toEqual([1, 1]);
  });

  it('is not started again for a window that was asked before it was', async () => {
    const model = new HungModel();
    const live = whileReady(model, 30);
    const estimate = (index: number): Promise<DepthMap> =>
      lastValueFrom(observe(live.estimate(windowOf(frame(index)))));
    const first = estimate(0).catch(() => {});
    // Its deadline comes when the model is back already.
    const now = performance.now();
    while (performance.now() < now + 20);
    const second = estimate(1).catch(() => {});
    await first;
    model.end();
    await second;
    expect([model.interrupts, model.restarts]).toEqual([1, 1]);
  });

  it('is one that starts again only where it can be interrupted', () => {
    expect(isRestarting(new HungModel())).toBe(true);
    expect(isRestarting({ id: 'x', contextOffsets: [], inFlight: 1, estimate: async () => depthMap(1) })).toBe(false);
  });
});
