import { delay, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Frame, FrameWindow } from '../../../frames/index.ts';
import { Flow } from '../../../frames/index.ts';
import { estimateDepth, fallBack, keepLatest, slidingWindow } from '../../../operators/index.ts';
import { balanceOf, FrameLedger } from '../../../pipeline/live/frame-ledger.ts';
import { ModelTurns } from '../../../pipeline/live/model-turns.ts';
import { Thinning } from '../../../pipeline/live/thin-evenly.ts';
import { depthMap, frame, virtualTime } from '../../operators/frames.ts';

interface Run {
  /** Indices of the frames that were answered. */
  readonly answered: number[];
  readonly changes: number[];
  readonly ledger: FrameLedger;
}

/** A camera of `fps` for `seconds` against a model that takes `cost(ms since start)` milliseconds a window. */
function play(fps: number, seconds: number, cost: (ms: number) => number): Run {
  const scheduler = virtualTime();
  const answered: number[] = [];
  const changes: number[] = [];
  const ledger = new FrameLedger();
  scheduler.run(({ flush }) => {
    const now = (): number => scheduler.now();
    const turns = new ModelTurns(
      {
        id: 'model',
        contextOffsets: [-1, 1],
        inFlight: 1,
        estimate: () => of(depthMap(10)).pipe(delay(cost(now()))),
      },
      now,
    );
    const thinning = new Thinning({
      now,
      onChange: (every) => changes.push(every),
      onDropped: ({ target }) => ledger.drop(target, 'window', 'thinned'),
    });
    const late = (window: FrameWindow): void => {
      thinning.late(window);
      ledger.drop(window.target, 'window', 'late');
    };
    const camera = new Subject<Frame>();
    const flow = new Flow();
    camera
      .pipe(
        slidingWindow({ offsets: [-1, 1] }),
        thinning.operator(),
        keepLatest({ onDropped: late }),
        estimateDepth(turns.seat({ intervalMs: () => 1000 / fps }), { live: true, now }),
        fallBack('none', { onDropped: ({ window }) => ledger.drop(window.target, 'estimate', 'missed') }),
      )
      .subscribe(({ frame: { index, ...rest } }) => {
        answered.push(index);
        thinning.answered(index);
        ledger.publish({ index, ...rest });
      });
    for (let index = 0; index < fps * seconds; index++) {
      const at = (index * 1000) / fps;
      scheduler.schedule(() => {
        const next = frame(index, { flow, arrivedAt: at });
        ledger.enter(next);
        camera.next(next);
      }, at);
    }
    scheduler.schedule(() => camera.complete(), seconds * 1000);
    flush();
  });
  expect(balanceOf(ledger.account())).toBe(0);
  expect(ledger.account().inside).toBe(0);
  return { answered, changes, ledger };
}

/** Distances between answers from the middle of a run on. */
const steps = (answered: readonly number[]): Set<number> => {
  const settled = answered.slice(Math.floor(answered.length / 2), -2);
  return new Set(settled.slice(1).map((index, at) => index - settled[at]!));
};

describe('thinning', () => {
  it('lets nothing go while the machine keeps up', () => {
    const { answered, changes } = play(25, 10, () => 30);
    expect(changes).toEqual([]);
    // All but the first and the last, whose windows are not full and who have no fallback here.
    expect(answered).toHaveLength(248);
  });

  it('keeps every k-th window where the model is too slow, so that the steps are even', () => {
    const { answered, changes, ledger } = play(25, 20, () => 110);
    expect(changes.length).toBeLessThanOrEqual(3);
    expect(steps(answered)).toEqual(new Set([3]));
    const { out, dropped } = ledger.account();
    expect(out).toBeGreaterThan(150);
    expect(dropped['window/thinned']).toBeGreaterThan(250);
  });

  it('settles for what the machine can do whatever it costs, and is not thinner than needed', () => {
    for (const [ms, most] of [
      [60, 2],
      [150, 4],
      [400, 12],
    ] as const) {
      const { answered } = play(25, 40, () => ms);
      const [step, ...others] = steps(answered);
      expect({ ms, others }).toEqual({ ms, others: [] });
      expect(step).toBeLessThanOrEqual(most);
    }
  });

  it('leaves a slight excess to keepLatest: half the frames would be a high price for one in nine', () => {
    expect(play(25, 30, () => 45).changes).toEqual([]);
  });

  it('gives everything back after the machine was slow for a while', () => {
    const slowFor = (ms: number): number => (ms < 20_000 ? 100 : 20);
    const { answered, changes } = play(25, 80, slowFor);
    expect(Math.max(...changes)).toBeGreaterThan(1);
    expect(changes.at(-1)).toBe(1);
    expect(steps(answered)).toEqual(new Set([1]));
  });

  it('does not try for more again and again where it has just been too much', () => {
    const { changes } = play(25, 120, () => 75);
    expect(changes.length).toBeLessThan(12);
  });
});
