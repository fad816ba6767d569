import { delay, EMPTY, Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Flow } from '../../../frames/index.ts';
import { orderedMap } from '../../../operators/flow/ordered-map.ts';
import { virtualTime } from '../frames.ts';

interface Setup {
  readonly concurrency?: number;
  readonly ahead?: number;
  readonly project: (value: string) => Observable<string>;
  readonly onError?: (error: unknown, value: string) => string | undefined;
}

/** Runs marbles through the map and tells at which frames of virtual time the flow was held. */
function run(marbles: string, setup: Setup, expected: string, held: string, unsubscribe?: string): void {
  const flow = new Flow();
  const scheduler = virtualTime();
  let seen = '';
  scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
    const source = hot(marbles);
    const { concurrency = 1, ahead = 0, project, onError = (error) => String(error) } = setup;
    const result = source.pipe(orderedMap(project, { concurrency, ahead, flowOf: () => flow, onError }));
    expectObservable(result, unsubscribe).toBe(expected);
    if (unsubscribe) expectSubscriptions(source.subscriptions).toBe([unsubscribe]);
    // Scheduled in a later round than everything else of the same frame.
    for (let at = 0; at < held.length; at++) {
      scheduler.schedule(() => scheduler.schedule(() => (seen += flow.held ? 'x' : '.')), at);
    }
  });
  expect(seen).toBe(held);
  expect(flow.held).toBe(held.endsWith('x'));
}

const slow = (ms: number) => (value: string) => of(value).pipe(delay(ms));

describe('orderedMap', () => {
  it('keeps order when a later answer is there first', () => {
    const project = (value: string) => of(value).pipe(delay(value === 'a' ? 5 : 1));
    run('abc-------|', { concurrency: 3, project }, '-----(abc)|', '..xxx.....');
  });

  it('works on as many as it may, holds while full, and releases when drained', () => {
    run('a-b------|', { concurrency: 1, ahead: 1, project: slow(4) }, '----a---b|', '..xx......');
  });

  it('holds with nothing waiting when none may', () => {
    run('a---b----|', { project: slow(3) }, '---a---b-|', 'xxx.xxx...');
  });

  it('never loses what is pushed into it while it holds', () => {
    run('(abcd)----|', { project: slow(2) }, '--a-b-c-d-|', 'xxxxxxxx..');
  });

  it('is never seen full by a source when answers come at once', () => {
    run('abc|', { project: (value) => of(value) }, 'abc|', '....');
  });

  it('answers for nothing where a projection ends empty', () => {
    run('abc|', { project: (value) => (value === 'b' ? EMPTY : of(value)) }, 'a-c|', '....');
  });

  it('gives a failure of one value to its own mapping and goes on', () => {
    const project = (value: string) => (value === 'b' ? throwError(() => 'x') : of(value));
    run('abc|', { project }, 'axc|', '....');
  });

  it('takes a projection that throws for a failure too', () => {
    const project = (value: string) => {
      if (value === 'b') throw 'x';
      return of(value);
    };
    run('abc|', { project }, 'axc|', '....');
  });

  it('drops a failed value whose mapping says so', () => {
    const project = (value: string) => (value === 'b' ? throwError(() => 'x') : of(value));
    run('abc|', { project, onError: () => undefined }, 'a-c|', '....');
  });

  it('fails where the mapping of failures fails, and lets go of the flow', () => {
    const onError = (): never => {
      throw 'error';
    };
    run('ab-', { project: () => throwError(() => 'x'), onError }, '#', '....');
  });

  it('answers everything inside before completion and before an error', () => {
    run('ab|', { concurrency: 2, project: slow(4) }, '----a(b|)', '.xxx....');
    run('ab#', { concurrency: 2, project: slow(4) }, '----a(b#)', '.xxx....');
  });

  it('ends its projections and releases its hold when unsubscribed', () => {
    let ended = 0;
    const project = () => new Observable<string>(() => () => ended++);
    run('ab---', { concurrency: 2, project }, '-----', '.xx..', '^--!');
    expect(ended).toBe(2);
  });

  it('holds a source that it wakes by releasing, before that can run on', () => {
    const flow = new Flow();
    let inside = 0;
    let most = 0;
    let next = 0;
    const scheduler = virtualTime();
    scheduler.run(({ flush }) => {
      // A synchronous source: on waking it emits until it sees the flow held.
      const source = new Observable<number>((subscriber) => {
        const pump = (): void => {
          while (next < 20 && !flow.held) {
            inside++;
            most = Math.max(most, inside);
            subscriber.next(next++);
          }
          if (next === 20) subscriber.complete();
          else flow.whenFree(pump);
        };
        pump();
      });
      const project = (value: number) => of(value).pipe(delay(1));
      const options = { concurrency: 2, ahead: 1, flowOf: () => flow, onError: () => undefined };
      const result = source.pipe(orderedMap(project, options));
      const seen: number[] = [];
      result.subscribe((value) => {
        inside--;
        seen.push(value);
      });
      flush();
      expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at));
    });
    expect(most).toBe(3);
  });
});
