import { from, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ageOf, freshOnly } from '../../../pipeline/live/fresh-only.ts';
import { frame, windowOf } from '../../operators/frames.ts';

describe('only what is fresh', () => {
  it('passes, and a stretch whose first window was too old still begins where it does', () => {
    const windows = [
      windowOf(frame(0, { arrivedAt: 0, segmentStart: 'reconnect' })),
      windowOf(frame(1, { arrivedAt: 3500 })),
      windowOf(frame(2, { arrivedAt: 3990 })),
    ];
    const dropped: number[] = [];
    let passed: readonly (readonly [number, string | undefined])[] = [];
    from(windows)
      .pipe(
        freshOnly({ maxAgeMs: () => 1000, now: () => 4000, onDropped: ({ target }) => dropped.push(target.index) }),
        toArray(),
      )
      .subscribe((all) => {
        passed = all.map(({ target }) => [target.index, target.segmentStart] as const);
      });
    expect(dropped).toEqual([0]);
    expect(passed).toEqual([
      [1, 'reconnect'],
      [2, undefined],
    ]);
  });

  it('is told by when the picture was taken, where that is known, and never by less than its arrival', () => {
    expect(ageOf(frame(0, { arrivedAt: 900 }), 1000)).toBe(100);
    expect(ageOf(frame(0, { arrivedAt: 900, takenAt: 400 }), 1000)).toBe(600);
    expect(ageOf(frame(0, { arrivedAt: 900, takenAt: 5000 }), 1000)).toBe(100);
  });

  it('is not told by the clock of the host, which somebody may set', () => {
    const anHourAgo = Date.now() - 3_600_000;
    expect(ageOf(frame(0, { arrivedAt: 900, takenAt: 880, capturedAt: anHourAgo }), 1000)).toBe(120);
  });
});
