import { delay, EMPTY, map, NEVER, Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DepthcastError, type DepthFrame, Flow, type FrameWindow, type MissedFrame } from '../../frames/index.ts';
import { type DepthEstimator, type EstimateDepthOptions, estimateDepth } from '../../operators/index.ts';
import { depthMap, frame, virtualTime, windowOf } from './frames.ts';

type Answer = DepthFrame | MissedFrame;

const depth = depthMap(10);
const told = (answer: Answer): string =>
  'missed' in answer
    ? `${answer.window.target.index} ${answer.missed}`
    : `${answer.frame.index} ${answer.latencyMs}/${answer.inferenceMs}`;

/** One worker thread: answers one after another, each `ms` of virtual time after it could begin. */
function worker(now: () => number, ms: (window: FrameWindow) => number, given: Partial<DepthEstimator> = {}) {
  let freeAt = 0;
  const estimator: DepthEstimator = {
    id: 'worker',
    contextOffsets: [-1],
    inFlight: 1,
    estimate: (window) => {
      freeAt = Math.max(freeAt, now()) + ms(window);
      return of(depth).pipe(delay(freeAt - now()));
    },
    ...given,
  };
  return estimator;
}

interface Setup {
  readonly ms?: (window: FrameWindow) => number;
  readonly estimator?: Partial<DepthEstimator>;
  readonly options?: EstimateDepthOptions;
  readonly gaps?: string;
  readonly unsubscribe?: string;
}

function run(marbles: string, setup: Setup, expected: string, values: Record<string, string>): Flow {
  const flow = new Flow();
  const scheduler = virtualTime();
  scheduler.run(({ hot, expectObservable }) => {
    const now = (): number => scheduler.now();
    const windows = [...'abcdef'].map((name, index): [string, FrameWindow] => {
      const arrivedAt = marbles.indexOf(name);
      const gap = setup.gaps?.includes(name) ? 'scene-cut' : undefined;
      return [name, windowOf(frame(index, { flow, arrivedAt }), gap)];
    });
    const estimator = worker(now, setup.ms ?? (() => 3), setup.estimator);
    const result = hot(marbles, Object.fromEntries(windows)).pipe(
      estimateDepth(estimator, { ...setup.options, now }),
      map(told),
    );
    expectObservable(result, setup.unsubscribe).toBe(expected, values);
  });
  return flow;
}

describe('estimateDepth', () => {
  it('answers with the latency since arrival and the time inside the model', () => {
    run('a----b---|', {}, '---p----q|', { p: '0 3/3', q: '1 3/3' });
  });

  it('counts the wait in the queue as latency, not as inference', () => {
    run('ab-------|', {}, '---p--q--|', { p: '0 3/3', q: '1 5/3' });
  });

  it('keeps the worker fed and still tells the time of one inference', () => {
    const ahead = run('ab-------|', { estimator: { inFlight: 2 } }, '---p--q--|', { p: '0 3/3', q: '1 5/3' });
    expect(ahead.held).toBe(false);
  });

  it('misses a window with a gap for the gap, in order', () => {
    run('ab-----c----|', { gaps: 'b' }, '---(pq)---r-|', { p: '0 3/3', q: '1 scene-cut', r: '2 3/3' });
  });

  it('gives any window to a single-frame estimator', () => {
    run('a---|', { gaps: 'a', estimator: { contextOffsets: [] } }, '---p|', { p: '0 3/3' });
  });

  it.each<[string, Partial<DepthEstimator>]>([
    ['rejects', { estimate: () => throwError(() => new Error('broken')) }],
    [
      'throws',
      {
        estimate: () => {
          throw new Error('broken');
        },
      },
    ],
    ['ends without an answer', { estimate: () => EMPTY }],
  ])('misses a window when the estimator %s, and goes on', (_, estimator) => {
    run('ab|', { estimator }, 'pq|', { p: '0 inference-error', q: '1 inference-error' });
  });

  it('keeps the error of a failure', () => {
    const broken = new Error('broken');
    const answers: Answer[] = [];
    const estimator = worker(
      () => 0,
      () => 0,
      { estimate: () => throwError(() => broken) },
    );
    of(windowOf(frame(1)))
      .pipe(estimateDepth(estimator))
      .subscribe((answer) => answers.push(answer));
    expect(answers[0]).toMatchObject({ missed: 'inference-error', error: broken });
  });

  it('tells a model that is gone for good from one that failed', () => {
    const answers: Answer[] = [];
    const gone = new DepthcastError('model-crashed', 'The model was given up.', {
      advice: 'Use another.',
      facts: { gone: true },
    });
    const estimator = worker(
      () => 0,
      () => 0,
      { estimate: () => throwError(() => gone) },
    );
    of(windowOf(frame(1)))
      .pipe(estimateDepth(estimator))
      .subscribe((answer) => answers.push(answer));
    expect(answers[0]).toMatchObject({ missed: 'model-unavailable', error: gone });
  });

  it('misses a window over budget, and those that come while the worker is still busy with it', () => {
    const ms = ({ target }: FrameWindow): number => (target.index === 0 ? 8 : 2);
    run('a----bc---d--e---|', { ms, options: { budgetMs: 4 } }, '----pqr-----s--t-|', {
      p: '0 over-budget',
      q: '1 over-budget',
      r: '2 over-budget',
      s: '3 2/2',
      t: '4 2/2',
    });
  });

  it('never stalls behind a worker that hangs', () => {
    run('a-b-c-|', { estimator: { estimate: () => NEVER }, options: { budgetMs: 1 } }, '-pq-r-|', {
      p: '0 over-budget',
      q: '1 over-budget',
      r: '2 over-budget',
    });
  });

  it('holds the flow as soon as the worker is fed when live, later when not', () => {
    const never = { estimate: () => NEVER, inFlight: 2 };
    const held = (marbles: string, live: boolean): boolean =>
      run(marbles, { estimator: never, options: { live } }, '', {}).held;
    expect(held('a', true)).toBe(false);
    expect(held('ab', true)).toBe(true);
    expect(held('abc', false)).toBe(false);
    expect(held('abcd', false)).toBe(true);
  });

  it('answers what is inside before completion and before an error', () => {
    run('ab|', {}, '---p--(q|)', { p: '0 3/3', q: '1 5/3' });
    run('ab#', {}, '---p--(q#)', { p: '0 3/3', q: '1 5/3' });
  });

  it('ends the estimates and lets go of the flow when unsubscribed, late ones too', () => {
    let ended = 0;
    const estimate = () => new Observable<never>(() => () => ended++);
    const flow = run(
      'ab----',
      { estimator: { estimate, inFlight: 2 }, options: { budgetMs: 2, live: true }, unsubscribe: '^---!' },
      '--pq',
      {
        p: '0 over-budget',
        q: '1 over-budget',
      },
    );
    expect(ended).toBe(2);
    expect(flow.held).toBe(false);
  });

  it('refuses windows with too few context frames and a budget that is none', () => {
    const windows = of({ target: frame(0), offsets: [], context: [] });
    let code: unknown;
    windows
      .pipe(
        estimateDepth(
          worker(
            () => 0,
            () => 0,
          ),
        ),
      )
      .subscribe({ error: (error) => (code = error.code) });
    expect(code).toBe('option-invalid');
    expect(() =>
      estimateDepth(
        worker(
          () => 0,
          () => 0,
        ),
        { budgetMs: 0 },
      ),
    ).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});
