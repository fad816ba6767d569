import { delay, firstValueFrom, from as observe, of, Subject, type Subscription, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type DepthMap, Flow, type FrameWindow } from '../../../frames/index.ts';
import { type DepthEstimator, estimateDepth, keepLatest } from '../../../operators/index.ts';
import { ModelTurns, type Seat } from '../../../pipeline/live/model-turns.ts';
import { depthMap, frame, virtualTime, windowOf } from '../../operators/frames.ts';

/** A model that takes `ms` a window, one at a time, and notes whom it worked for. */
function oneAtATime(ms: number): DepthEstimator & { readonly served: string[] } {
  const served: string[] = [];
  return {
    id: 'model',
    contextOffsets: [-1],
    inFlight: 1,
    served,
    estimate: ({ target }) => {
      served.push(target.stream);
      return of(depthMap(10)).pipe(delay(ms));
    },
  };
}

const ask = (seat: Seat, window: FrameWindow, done: (depth: DepthMap) => void = () => {}): Subscription => {
  return observe(seat.estimate(window)).subscribe({ next: done, error: () => {} });
};

const from = (stream: string, arrivedAt: number): FrameWindow => windowOf(frame(1, { stream, arrivedAt }));

describe('turns at a shared model', () => {
  it('go to the window that is due first, whoever asked first', () => {
    const model = oneAtATime(10);
    const scheduler = virtualTime();
    scheduler.run(({ flush }) => {
      const turns = new ModelTurns(model, () => scheduler.now());
      const [slow, fast, busy] = [500, 100, 50].map((ms) => turns.seat({ intervalMs: () => ms }));
      ask(busy!, from('busy', 0));
      ask(slow!, from('slow', 0));
      ask(fast!, from('fast', 0));
      flush();
    });
    expect(model.served).toEqual(['busy', 'fast', 'slow']);
  });

  it('go round among the late: a stream that asks twice as often gets no more of them', () => {
    const model = oneAtATime(30);
    const scheduler = virtualTime();
    scheduler.run(({ flush }) => {
      const turns = new ModelTurns(model, () => scheduler.now());
      for (const name of ['a', 'b', 'c']) {
        // Frames each 20 ms, so that three streams want five times what there is: all of them are late.
        const seat = turns.seat({ intervalMs: () => 20 });
        const again = (): void => {
          if (scheduler.now() < 3000) ask(seat, from(name, scheduler.now() - 100), again);
        };
        again();
        if (name === 'a') again();
      }
      flush();
    });
    const share = (name: string): number => model.served.filter((served) => served === name).length;
    expect(Math.max(share('a'), share('b'), share('c')) - Math.min(share('a'), share('b'), share('c'))).toBeLessThan(4);
    expect(model.served.length).toBeGreaterThan(95);
  });

  it('do not make a slow camera wait behind a fast one that is always late, and do not starve the fast one either', () => {
    const model = oneAtATime(50);
    const scheduler = virtualTime();
    const waits: number[] = [];
    scheduler.run(({ flush }) => {
      const turns = new ModelTurns(model, () => scheduler.now());
      const slow = turns.seat({ intervalMs: () => 200, onTurn: (ms) => waits.push(ms) });
      const fast = turns.seat({ intervalMs: () => 16 });
      const again = (): void => {
        if (scheduler.now() < 4000) ask(fast, from('fast', scheduler.now() - 40), again);
      };
      again();
      for (let at = 0; at < 4000; at += 200) scheduler.schedule(() => ask(slow, from('slow', at)), at);
      flush();
    });
    expect(waits).toHaveLength(20);
    // Whoever is under way is finished first; nobody else goes before it.
    expect(Math.max(...waits)).toBeLessThanOrEqual(50);
    expect(model.served.filter((name) => name === 'fast').length).toBeGreaterThan(55);
  });

  it('come to a late stream after one round although others could always be in time', () => {
    const model = oneAtATime(50);
    const scheduler = virtualTime();
    let waited = Number.NaN;
    scheduler.run(({ flush }) => {
      const turns = new ModelTurns(model, () => scheduler.now());
      const late = turns.seat({ intervalMs: () => 10, onTurn: (ms) => (waited = ms) });
      for (const name of ['a', 'b']) {
        const seat = turns.seat({ intervalMs: () => 1000 });
        const again = (): void => {
          if (scheduler.now() < 2000) ask(seat, from(name, scheduler.now()), again);
        };
        again();
      }
      scheduler.schedule(() => ask(late, from('late', 0)), 100);
      flush();
    });
    expect(waited).toBeLessThanOrEqual(4 * 50);
  });

  it('are not wasted on a window whose stream has gone, and one under way keeps the model busy to its end', () => {
    const model = oneAtATime(100);
    const scheduler = virtualTime();
    scheduler.run(({ flush }) => {
      const turns = new ModelTurns(model, () => scheduler.now());
      const seats = ['a', 'b', 'c'].map(() => turns.seat({ intervalMs: () => 1000 }));
      const first = ask(seats[0]!, from('a', 0));
      const second = ask(seats[1]!, from('b', 0));
      let at = Number.NaN;
      ask(seats[2]!, from('c', 0), () => (at = scheduler.now()));
      timer(10, scheduler).subscribe(() => {
        first.unsubscribe();
        second.unsubscribe();
      });
      scheduler.schedule(() => expect(at).toBe(200), 300);
      flush();
    });
    expect(model.served).toEqual(['a', 'c']);
  });

  it('go on after a failure, which reaches the one that asked alone', async () => {
    let calls = 0;
    const turns = new ModelTurns({
      id: 'model',
      contextOffsets: [],
      inFlight: 1,
      estimate: () => (++calls === 1 ? Promise.reject(new Error('broken')) : Promise.resolve(depthMap(calls))),
    });
    const seat = turns.seat({ intervalMs: () => 100 });
    const answers = [0, 1].map((at) => firstValueFrom(observe(seat.estimate(from('a', at)))));
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('ask behind a gate for the newest window of the moment, so that age does not grow with the number of streams', () => {
    const model = oneAtATime(100);
    const scheduler = virtualTime();
    const ages = new Map<string, number[]>();
    scheduler.run(({ flush }) => {
      const now = (): number => scheduler.now();
      const turns = new ModelTurns(model, now);
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        const seat = turns.seat({ intervalMs: () => 40 });
        const flow = new Flow();
        const camera = new Subject<FrameWindow>();
        const own: number[] = [];
        ages.set(name, own);
        camera
          .pipe(seat.gate(), keepLatest(), estimateDepth(seat, { live: true, now }))
          .subscribe((answer) => 'frame' in answer && own.push(now() - answer.frame.arrivedAt));
        for (let index = 1; index < 200; index++) {
          const at = index * 40;
          scheduler.schedule(() => camera.next(windowOf(frame(index, { stream: name, flow, arrivedAt: at }))), at);
        }
      }
      flush();
    });
    for (const own of ages.values()) {
      expect(own.length).toBeGreaterThanOrEqual(14);
      // An estimate, and the pictures that came since the last one: not five estimates. The end lets all kept ones pass.
      expect(Math.max(...own.slice(0, 13))).toBeLessThanOrEqual(140);
    }
  });

  it('waste no turn on a window behind a gate that needs no model', () => {
    const model = oneAtATime(10);
    const scheduler = virtualTime();
    const missed: unknown[] = [];
    scheduler.run(({ flush }) => {
      const now = (): number => scheduler.now();
      const turns = new ModelTurns(model, now);
      const seats = [turns.seat({ intervalMs: () => 40 }), turns.seat({ intervalMs: () => 40 })];
      for (const [at, seat] of seats.entries()) {
        const camera = new Subject<FrameWindow>();
        camera
          .pipe(seat.gate(), keepLatest(), estimateDepth(seat, { live: true, now }))
          .subscribe((answer) => 'missed' in answer && missed.push(answer.missed));
        const target = frame(at, { stream: `s${at}` });
        scheduler.schedule(() => camera.next(windowOf(target, at === 0 ? 'reconnect' : undefined)), 5);
      }
      flush();
    });
    expect(missed).toEqual(['reconnect']);
    expect(model.served).toEqual(['s1']);
  });

  it('let a stream alone keep the model as busy as it likes, and one of several a window at a time', () => {
    const turns = new ModelTurns({ ...oneAtATime(1), inFlight: 2 });
    const one = turns.seat({ intervalMs: () => 40 });
    expect(one.inFlight).toBe(2);
    const two = turns.seat({ intervalMs: () => 40 });
    expect([one.inFlight, two.inFlight]).toEqual([1, 1]);
    two.leave();
    expect(one.inFlight).toBe(2);
  });
});
