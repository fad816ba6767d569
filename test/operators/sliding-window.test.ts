import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Frame, FrameWindow } from '../../frames/index.ts';
import { slidingWindow } from '../../operators/index.ts';
import { frame, virtualTime } from './frames.ts';

/** `2: 1 3` = target 2 with context 1 and 3; `_` = missing; the gap behind. */
function told({ target, context, gap }: FrameWindow): string {
  const seen = context.map((one) => one?.index ?? '_').join(' ');
  return `${target.index}: ${seen}${gap ? ` ${gap}` : ''}`;
}

const values = (...frames: Frame[]) => Object.fromEntries(frames.map((one, at) => ['abcdefgh'[at] as string, one]));

function run(
  marbles: string,
  frames: Frame[],
  options: Parameters<typeof slidingWindow>[0],
  expected: string,
  windows: Record<string, string>,
  unsubscribe?: string,
): void {
  virtualTime().run(({ hot, expectObservable, expectSubscriptions }) => {
    const source = hot(marbles, values(...frames));
    expectObservable(source.pipe(slidingWindow(options), map(told)), unsubscribe).toBe(expected, windows);
    if (unsubscribe) expectSubscriptions(source.subscriptions).toBe([unsubscribe]);
  });
}

const four = [0, 1, 2, 3].map((index) => frame(index));

describe('slidingWindow', () => {
  it('makes each frame the target once, in order, when its last context frame is there', () => {
    run('a-b-c-d-|', four, { offsets: [-1, 0, 1] }, '--p-q-r-(s|)', {
      p: '0: _ 1 window-not-full',
      q: '1: 0 2',
      r: '2: 1 3',
      s: '3: 2 _ window-not-full',
    });
  });

  it('answers at once in causal mode', () => {
    run('a-b-c-d-|', four, { offsets: [-2, -1] }, 'p-q-r-s-|', {
      p: '0: _ _ window-not-full',
      q: '1: _ 0 window-not-full',
      r: '2: 0 1',
      s: '3: 1 2',
    });
  });

  it('takes offsets of any order and distance', () => {
    run('abcd|', four, { offsets: [2, -1] }, '--pq(rs|)', {
      p: '0: 2 _ window-not-full',
      q: '1: 3 0',
      r: '2: _ 1 window-not-full',
      s: '3: _ 2 window-not-full',
    });
  });

  it('needs no context for a single-frame model', () => {
    run('ab|', four.slice(0, 2), { offsets: [0] }, 'pq|', { p: '0: ', q: '1: ' });
  });

  it('leaves out windows with holes when told to skip', () => {
    run('abcd|', four, { offsets: [-1, 1], edges: 'skip' }, '--pq|', { p: '1: 0 2', q: '2: 1 3' });
  });

  it('repeats the nearest frame of the stretch when told to', () => {
    const cut = [frame(0), frame(1), frame(2, { segmentStart: 'scene-cut' }), frame(3)];
    run('a-b-c-d-----|', cut, { offsets: [-2, 2], edges: 'repeat' }, '----(pq)----(rs|)', {
      p: '0: 0 1',
      q: '1: 0 1',
      r: '2: 2 3',
      s: '3: 2 3',
    });
  });

  it('starts afresh at a cut, with its reason on both sides', () => {
    const cut = [frame(0), frame(1), frame(2, { segmentStart: 'time-gap' }), frame(3)];
    run('a-b-c-d-|', cut, { offsets: [-1, 1] }, '--p-q-r-(s|)', {
      p: '0: _ 1 window-not-full',
      q: '1: 0 _ time-gap',
      r: '2: _ 3 time-gap',
      s: '3: 2 _ window-not-full',
    });
  });

  it('emits what waits before an error passes', () => {
    run('a-b-#', four, { offsets: [-1, 1] }, '--p-(q#)', { p: '0: _ 1 window-not-full', q: '1: 0 _ window-not-full' });
  });

  it('emits what waits on an early completion', () => {
    run('a-|', four, { offsets: [1, 2] }, '--(p|)', { p: '0: _ _ window-not-full' });
    run('|', [], { offsets: [-1, 1] }, '|', {});
  });

  it('stops when unsubscribed and flushes nothing then', () => {
    run('a-b-c-d-|', four, { offsets: [-1, 1] }, '--p--', { p: '0: _ 1 window-not-full' }, '^--!');
  });

  it('starts a window of its own for each subscriber', () => {
    virtualTime().run(({ cold, expectObservable }) => {
      const windows = cold('ab|', values(...four)).pipe(slidingWindow({ offsets: [-1] }), map(told));
      const expected = { p: '0: _ window-not-full', q: '1: 0' };
      expectObservable(windows).toBe('pq|', expected);
      expectObservable(windows, '---^').toBe('---pq|', expected);
    });
  });

  it.each([[[0.5]], [[-1, -1]], [[Number.NaN]], [[Number.POSITIVE_INFINITY]]])('refuses the offsets %j', (offsets) => {
    expect(() => slidingWindow({ offsets })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});
