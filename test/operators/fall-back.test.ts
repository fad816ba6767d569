import { delay, map, NEVER, Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type DepthFrame, type DepthMap, Flow, type MissedFrame } from '../../frames/index.ts';
import { type DepthEstimator, type FallBackOptions, fallBack } from '../../operators/index.ts';
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
    run('aBc-----|', estimator, 'a---(bc)|', { a: '0 multi', b: '1 single scene-cut', c: '2 multi' });
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

  it('passes metric depth as it is beside metric answers', () => {
    const [, fallback] = answers(
      [depthFrame(0), missed(1)],
      single(() => of(depthMap(99))),
    );
    expect(fallback?.depth).toEqual(depthMap(99));
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
