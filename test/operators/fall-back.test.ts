import { delay, from, map, NEVER, Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type DepthFrame, type DepthMap, Flow, type MissedFrame } from '../../frames/index.ts';
import { type DepthEstimator, type FallBackOptions, fallBack } from '../../operators/index.ts';
import { median } from '../../operators/metrics/median.ts';
import { depthFrame, depthMap, frame, virtualTime, windowOf } from './frames.ts';

const missed = (
  index: number,
  flow = new Flow(),
  given: Partial<MissedFrame['window']['target']> = {},
): MissedFrame => ({
  window: windowOf(frame(index, { flow, ...given }), 'scene-cut'),
  missed: 'scene-cut',
});
const single = (estimate: DepthEstimator['estimate'], inFlight = 1): DepthEstimator => ({
  id: 'single',
  contextOffsets: [],
  inFlight,
  estimate,
});
const told = (answer: DepthFrame): string =>
  `${answer.frame.index} ${answer.estimator}${answer.fallbackReason ? ` ${answer.fallbackReason}` : ''}`;

/** Lower-case marbles are answers of the multi-frame model, upper-case ones missed frames. */
function run(
  marbles: string,
  estimator: DepthEstimator | 'none',
  expected: string,
  values: Record<string, string>,
  options: FallBackOptions = {},
  unsubscribe?: string,
): Flow {
  const flow = new Flow();
  virtualTime().run(({ hot, expectObservable }) => {
    const items: Record<string, DepthFrame | MissedFrame> = {};
    [...'abcdef'].forEach((name, index) => {
      items[name] = depthFrame(index, { frame: frame(index, { flow }) });
      items[name.toUpperCase()] = missed(index, flow);
    });
    expectObservable(hot(marbles, items).pipe(fallBack(estimator, options), map(told)), unsubscribe).toBe(
      expected,
      values,
    );
  });
  return flow;
}

/** What comes out, synchronously. */
function answers(items: (DepthFrame | MissedFrame)[], estimator: DepthEstimator | 'none'): DepthFrame[] {
  const out: DepthFrame[] = [];
  of(...items)
    .pipe(fallBack(estimator))
    .subscribe((answer) => out.push(answer));
  return out;
}

const depth = depthMap(10);
const ramp = (scale: number, power = 1): number[] =>
  Array.from({ length: 128 }, (_, at) => scale * (2 + at / 4) ** power);
const big = (data: number[], kind: DepthMap['kind']): DepthMap => depthMap(data, kind);

describe('fallBack', () => {
  it('answers missed frames, labels them, and keeps the order', () => {
    const estimator = single(() => of(depth).pipe(delay(3)));
    // At each hand-over the answer of the other model is compared on its picture first.
    run('aBc-----|', estimator, 'a------b--(c|)', { a: '0 multi', b: '1 single scene-cut', c: '2 multi' });
  });

  it('tells each fallback and its latency', () => {
    const seen: DepthFrame[] = [];
    const target = frame(1, { arrivedAt: 5 });
    const clock = [20, 27];
    of<MissedFrame>({ window: windowOf(target), missed: 'over-budget' })
      .pipe(
        fallBack(
          single(() => of(depth)),
          { onFallback: (one) => seen.push(one), now: () => clock.shift() ?? 0 },
        ),
      )
      .subscribe();
    expect(seen).toEqual([
      { frame: target, depth, estimator: 'single', fallbackReason: 'over-budget', latencyMs: 22, inferenceMs: 7 },
    ]);
  });

  it('drops and tells what it has no fallback for', () => {
    const dropped: string[] = [];
    const onDropped = (one: MissedFrame) => dropped.push(`${one.window.target.index} ${one.missed}`);
    run('aBcD|', 'none', 'a-c-|', { a: '0 multi', c: '2 multi' }, { onDropped });
    expect(dropped).toEqual(['1 scene-cut', '3 scene-cut']);
  });

  it('drops a frame its fallback failed for, with that error, and goes on', () => {
    const dropped: unknown[] = [];
    const estimator = single(() => throwError(() => 'broken'));
    run('aBc|', estimator, 'a-c|', { a: '0 multi', c: '2 multi' }, { onDropped: (one) => dropped.push(one.error) });
    expect(dropped).toEqual(['broken']);
  });

  it('answers what is inside before completion and before an error', () => {
    const estimator = single(() => of(depth).pipe(delay(3)));
    run('A|', estimator, '---(a|)', { a: '0 single scene-cut' });
    run('A#', estimator, '---(a#)', { a: '0 single scene-cut' });
  });

  it('ends the estimate and lets go of the flow when unsubscribed', () => {
    let ended = 0;
    const estimator = single(() => new Observable(() => () => ended++));
    const flow = run('AB---', estimator, '-----', {}, {}, '^--!');
    expect(ended).toBe(1);
    expect(flow.held).toBe(false);
    expect(
      run(
        'AB---',
        single(() => NEVER),
        '-----',
        {},
      ).held,
    ).toBe(true);
  });

  it('passes metric depth as it is while there is no answer of the multi-frame model to compare it with', () => {
    const [fallback] = answers(
      [missed(0), missed(1)],
      single(() => of(depthMap(99))),
    );
    expect(fallback?.depth).toEqual(depthMap(99));
  });

  it('carries the scale of metric answers over to metric depth that disagrees, compared on one picture', () => {
    const asked: number[] = [];
    const estimator = single(({ target }) => {
      asked.push(target.index);
      // The scene comes nearer from frame to frame, and this model sees everything 30 % too far.
      return of(big(ramp(1.3 * 0.9 ** target.index), 'metric'));
    });
    const out = answers([depthFrame(0, { depth: big(ramp(1), 'metric') }), missed(1), missed(2)], estimator);
    expect(asked).toEqual([0, 1, 2]);
    expect(out[1]?.depth.data[5]).toBeCloseTo(0.9 * (ramp(1)[5] as number), 4);
    expect(out[2]?.depth.data[5]).toBeCloseTo(0.81 * (ramp(1)[5] as number), 4);
  });

  it('damps flapping: after a fault good answers wait until the model is steady, after a cut they do not', () => {
    const fault = (index: number): MissedFrame => ({ ...missed(index), missed: 'inference-error' });
    const estimator = single(({ target }) => of(big(ramp(2 + target.index / 100), 'metric')));
    const good = (index: number): DepthFrame => depthFrame(index, { depth: big(ramp(1), 'metric') });
    const told = (items: (DepthFrame | MissedFrame)[]): string =>
      answers(items, estimator)
        .map((one) => (one.fallbackReason ? one.fallbackReason[0] : 'm'))
        .join('');
    expect(told([good(0), fault(1), good(2), good(3), good(4), good(5)])).toBe('miiimm');
    expect(told([good(0), missed(1), good(2), missed(3), good(4)])).toBe('msmsm');
    const flapping = Array.from({ length: 40 }, (_, i) => (i % 2 ? fault(i) : good(i)));
    expect(told(flapping)).toBe(`m${'i'.repeat(39)}`);
  });

  it('passes a good answer it would rather not use, where the fallback fails', () => {
    const fault: MissedFrame = { ...missed(1), missed: 'over-budget' };
    const dropped: number[] = [];
    const estimator = single(() => throwError(() => 'broken'));
    const out: string[] = [];
    from<(DepthFrame | MissedFrame)[]>([depthFrame(0), fault, depthFrame(2)])
      .pipe(fallBack(estimator, { onDropped: (one) => dropped.push(one.window.target.index) }))
      .subscribe((answer) => out.push(told(answer)));
    expect(out).toEqual(['0 multi', '2 multi']);
    expect(dropped).toEqual([1]);
  });

  it('does not drift over 1,000 hand-overs, and no jump is as large as 3 %', () => {
    let state = 7;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32 - 0.5;
    };
    // A still scene. Both models wander in scale on their own, the second one is a third too far and wanders far; half
    // of the picture are outliers of its own.
    const own = (scale: number): number[] => ramp(scale).map((value) => (random() > 0.45 ? 3 * value : value));
    let [mine, other] = [1, 1.33];
    const multiScales: number[] = [];
    const items: (DepthFrame | MissedFrame)[] = [];
    let handOvers = 0;
    for (let missing = false; handOvers < 1000; missing = !missing, handOvers++) {
      for (let length = 1 + Math.floor(6 * (random() + 0.5)); length > 0; length--) {
        mine = 1 + 0.9 * (mine - 1) + 0.005 * random();
        multiScales.push(mine);
        const index = items.length;
        items.push(missing ? missed(index) : depthFrame(index, { depth: big(own(mine), 'metric') }));
      }
    }
    for (let i = 0; i < 15; i++) {
      multiScales.push(mine);
      items.push(depthFrame(items.length, { depth: big(own(mine), 'metric') }));
    }
    const estimator = single(() => {
      other *= 1 + 0.02 * random();
      return of(big(own(other), 'metric')).pipe(delay(1));
    });
    const scales: number[] = [];
    const truth = ramp(1);
    virtualTime().run(({ cold, flush }) => {
      const values = Object.fromEntries(items.map((item, i) => [String.fromCodePoint(0x4e00 + i), item]));
      cold(`${Object.keys(values).join('-----')}|`, values)
        .pipe(fallBack(estimator))
        .subscribe(({ depth }) => {
          const ratios = Float64Array.from(depth.data, (value, i) => value / (truth[i] as number));
          scales.push(median(ratios));
        });
      flush();
    });
    expect(scales).toHaveLength(items.length);
    const jumps = scales.slice(1).map((scale, i) => Math.abs(scale / (scales[i] as number) - 1));
    const drift = scales.map((scale, i) => scale / (multiScales[i] as number) - 1);
    console.info(
      `1,000 hand-overs: largest jump ${(100 * Math.max(...jumps)).toFixed(2)} %, furthest from the model's own scale ${(100 * Math.max(...drift.map(Math.abs))).toFixed(2)} %, on average ${((100 * drift.reduce((sum, one) => sum + one, 0)) / drift.length).toFixed(2)} %`,
    );
    expect(Math.max(...jumps)).toBeLessThan(0.03);
    for (const one of drift) expect(Math.abs(one)).toBeLessThan(0.1);
    expect(Math.abs(drift.reduce((sum, one) => sum + one, 0) / drift.length)).toBeLessThan(0.01);
    expect(drift.at(-1)).toBeCloseTo(0, 5);
  });

  it('carries the scale of the last multi-frame answer to relative depth', () => {
    const multi = depthFrame(0, { depth: big(ramp(6), 'metric') });
    const out = answers(
      [multi, missed(1), missed(9)],
      single(() => of(big(ramp(2), 'relative'))),
    );
    for (const fallback of out.slice(1)) {
      expect(fallback.depth.kind).toBe('metric');
      expect(fallback.depth.data[5]).toBeCloseTo(ramp(6)[5] as number, 3);
    }
  });

  it('keeps the scale it had after a cut, where nothing is comparable', () => {
    const multi = depthFrame(0, { depth: big(ramp(6), 'relative') });
    const cut = missed(2, new Flow(), { segmentStart: 'scene-cut' });
    let call = 0;
    // After the cut the scene is ten times as far away.
    const estimator = single(() => of(big(ramp(call++ === 0 ? 2 : 20), 'relative')));
    const [, , after] = answers([multi, missed(1), cut], estimator);
    expect(after?.depth.data[5]).toBeCloseTo(ramp(60)[5] as number, 2);
  });

  it('brings inverse depth to metres by scale and shift', () => {
    const multi = depthFrame(0, { depth: big(ramp(1), 'metric') });
    const inverse = ramp(1, -1).map((one) => 5 * one + 0.3);
    const [, fallback] = answers(
      [multi, missed(1)],
      single(() => of(big(inverse, 'inverse'))),
    );
    expect(fallback?.depth.kind).toBe('metric');
    for (const at of [0, 64, 127]) expect(fallback?.depth.data[at]).toBeCloseTo(ramp(1)[at] as number, 2);
  });

  it('passes depth of another kind under its own name while there is nothing to align with', () => {
    const [first] = answers(
      [missed(0)],
      single(() => of(big(ramp(2), 'relative'))),
    );
    expect(first?.depth).toEqual(big(ramp(2), 'relative'));
  });
});
