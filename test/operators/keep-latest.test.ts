import { map, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Flow, type FrameWindow } from '../../frames/index.ts';
import { keepLatest } from '../../operators/index.ts';
import { frame, virtualTime, windowOf } from './frames.ts';

/** Windows a, b, c, … of one stream, whose flow is held and released at given frames of virtual time. */
function run(
  marbles: string,
  holds: readonly (readonly [from: number, to: number])[],
  expected: string,
  dropped: string,
  unsubscribe?: string,
): void {
  const flow = new Flow();
  const scheduler = virtualTime();
  const letGo: string[] = [];
  scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
    for (const [from, to] of holds) {
      let release = (): void => {};
      scheduler.schedule(() => {
        release = flow.hold();
      }, from);
      scheduler.schedule(() => release(), to);
    }
    const windows = Object.fromEntries([...'abcdef'].map((name, index) => [name, windowOf(frame(index, { flow }))]));
    const source = hot(marbles, windows);
    const name = (index: number): string => 'abcdef'[index] as string;
    const onDropped = (window: { target: { index: number } }, total: number): void => {
      letGo.push(`${name(window.target.index)}${total}`);
    };
    const result = source.pipe(
      keepLatest({ onDropped }),
      map((window) => name(window.target.index)),
    );
    expectObservable(result, unsubscribe).toBe(expected);
    if (unsubscribe) expectSubscriptions(source.subscriptions).toBe([unsubscribe]);
  });
  expect(letGo.join(' ')).toBe(dropped);
}

describe('keepLatest', () => {
  it('passes every window while the flow is free', () => {
    run('a-b-c-|', [], 'a-b-c-|', '');
  });

  it('keeps the newest window while the flow is held and counts those let go', () => {
    run('a-b-c-d----e|', [[1, 9]], 'a--------d-e|', 'b1 c2');
  });

  it('passes the kept window the moment the flow is free', () => {
    run('ab-------|', [[1, 6]], 'a-----b--|', '');
  });

  it('waits on when another hold begins before the first ends', () => {
    run(
      '-a-b---------|',
      [
        [0, 5],
        [4, 8],
      ],
      '--------b----|',
      'a1',
    );
  });

  it('passes the kept window at completion, so that in = out + dropped', () => {
    run('ab-c-|', [[1, 50]], 'a----(c|)', 'b1');
  });

  it('passes the kept window before an error', () => {
    run('ab-c-#', [[1, 50]], 'a----(c#)', 'b1');
  });

  it('forgets the kept window when unsubscribed', () => {
    run('ab-c-----|', [[1, 6]], 'a---', 'b1', '^---!');
  });

  it('lets one window through a release that refills the stage behind it', () => {
    const flow = new Flow();
    const scheduler = virtualTime();
    scheduler.run(({ hot, expectObservable }) => {
      const windows = Object.fromEntries([...'abcd'].map((name, index) => [name, windowOf(frame(index, { flow }))]));
      // Each window keeps the stage behind busy for 4 frames of virtual time.
      const result = hot('abcd-----|', windows).pipe(
        keepLatest(),
        map((window) => {
          const release = flow.hold();
          scheduler.schedule(release, 4);
          return 'abcd'[window.target.index];
        }),
      );
      expectObservable(result).toBe('a---d----|');
    });
  });

  it('moves the mark of a new stretch on when its first window is let go', () => {
    const flow = new Flow();
    const release = flow.hold();
    const windows = [
      windowOf(frame(0, { flow })),
      windowOf(frame(1, { flow, segmentStart: 'reconnect' })),
      windowOf(frame(2, { flow })),
      windowOf(frame(3, { flow })),
    ];
    const seen: FrameWindow[] = [];
    const source = new Subject<FrameWindow>();
    source.pipe(keepLatest()).subscribe((window) => seen.push(window));
    for (const window of windows) source.next(window);
    release();
    expect(seen.map(({ target }) => `${target.index} ${target.segmentStart}`)).toEqual(['3 reconnect']);
    expect(seen[0]?.target.pixels).toBe(windows[3]?.target.pixels);
    expect(windows[3]?.target.segmentStart).toBeUndefined();
  });
});
