import { from, Observable, type ObservableInput, type OperatorFunction, Subscription } from 'rxjs';
import type { Flow } from '../../frames/index.ts';
import { Brake } from './brake.ts';

/** How {@link orderedMap} paces its work. */
export interface OrderedMapOptions<T, R> {
  /** Projections under way at once, at least 1. */
  readonly concurrency: number;
  /** Values that may wait beyond those, from 0. */
  readonly ahead: number;
  /** The brake of the stream a value belongs to. */
  readonly flowOf: (value: T) => Flow;
  /** What a failed projection stands for; `undefined` = nothing. If this throws, the stream fails. */
  readonly onError: (error: unknown, value: T) => R | undefined;
}

interface Slot<T, R> {
  readonly value: T;
  started: boolean;
  settled: boolean;
  answer: R | undefined;
}

/**
 * Maps each value to the first value of an asynchronous projection, in order, holding the flow while it is full.
 *
 * Full means that `concurrency + ahead` values are inside, counting answers that wait for an earlier one: that is the
 * bound on memory. What is pushed beyond it (an operator in front may emit several at once) is kept, never lost.
 * A projection that ends without a value stands for nothing. When the source ends or fails, everything inside is
 * answered first. Unsubscribing ends all projections and releases the hold.
 */
export function orderedMap<T, R>(
  project: (value: T) => ObservableInput<R>,
  { concurrency, ahead, flowOf, onError }: OrderedMapOptions<T, R>,
): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      const brake = new Brake();
      const running = new Subscription();
      const slots: Slot<T, R>[] = [];
      const full = (): boolean => slots.length >= concurrency + ahead;
      let underWay = 0;
      let draining = false;
      let end: (() => void) | undefined;

      const settle = (slot: Slot<T, R>, answer: R | undefined): void => {
        if (slot.settled) return;
        slot.settled = true;
        slot.answer = answer;
        underWay--;
      };

      const fail = (slot: Slot<T, R>, error: unknown): void => {
        try {
          settle(slot, onError(error, slot.value));
        } catch (fatal) {
          subscriber.error(fatal);
        }
      };

      const start = (slot: Slot<T, R>): void => {
        slot.started = true;
        underWay++;
        const inner = new Subscription();
        running.add(inner);
        const done = (finish: () => void): void => {
          if (slot.settled) return;
          finish();
          inner.unsubscribe();
          running.remove(inner);
          drain();
        };
        try {
          inner.add(
            from(project(slot.value)).subscribe({
              next: (answer) => done(() => settle(slot, answer)),
              error: (error: unknown) => done(() => fail(slot, error)),
              complete: () => done(() => settle(slot, undefined)),
            }),
          );
        } catch (error) {
          done(() => fail(slot, error));
        }
      };

      // One loop at a time: an emission may bring new values in, which the running loop then takes up.
      const drain = (): void => {
        if (draining) return;
        draining = true;
        while (!subscriber.closed) {
          const head = slots[0];
          if (head?.settled) {
            slots.shift();
            if (head.answer !== undefined) subscriber.next(head.answer);
            continue;
          }
          const next = underWay < concurrency ? slots.find((slot) => !slot.started) : undefined;
          if (next) {
            start(next);
            continue;
          }
          const last = slots.at(-1);
          if (last && full()) {
            brake.hold(flowOf(last.value));
            break;
          }
          const before = slots.length;
          brake.release();
          if (slots.length === before && !slots[0]?.settled) break;
        }
        draining = false;
        if (slots.length === 0 && end && !subscriber.closed) end();
      };

      const finish = (ending: () => void): void => {
        end = ending;
        drain();
      };

      subscriber.add(() => {
        running.unsubscribe();
        slots.length = 0;
        brake.release();
      });
      subscriber.add(
        source.subscribe({
          next: (value) => {
            slots.push({ value, started: false, settled: false, answer: undefined });
            // The running loop cannot hold before it gets its turn again; a source woken by it would run on.
            if (draining && full()) brake.hold(flowOf(value));
            drain();
          },
          error: (error: unknown) => finish(() => subscriber.error(error)),
          complete: () => finish(() => subscriber.complete()),
        }),
      );
    });
}
