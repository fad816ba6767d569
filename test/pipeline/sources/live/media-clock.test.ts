import { describe, expect, it, vi } from 'vitest';
import { MediaClock } from '../../../../pipeline/sources/live/media-clock.ts';

/** Places pictures of 40 ms each, with `late` milliseconds added to the arrival of each. */
function placed(clock: MediaClock, from: number, count: number, late: (i: number) => number = () => 0, media = from) {
  return Array.from({ length: count }, (_, i) => clock.place(media + i * 40, from + i * 40 + late(i)));
}

function steps(moments: readonly { timestamp: number }[]): number[] {
  return moments.slice(1).map(({ timestamp }, i) => Math.round((timestamp - moments[i]!.timestamp) * 1e6) / 1e6);
}

describe('the clock of a camera', () => {
  it('counts from 0 in the time of the camera, not of arrival', () => {
    const clock = new MediaClock();
    clock.begin();
    const moments = placed(clock, 5000, 50, (i) => (i % 3) * 7);
    expect(moments[0]!.timestamp).toBe(0);
    expect(new Set(steps(moments))).toEqual(new Set([0.04]));
    expect(Math.max(...moments.map(({ ageMs }) => ageMs))).toBeCloseTo(14, 0);
  });

  it('goes on over connections by as much time as passed', () => {
    const clock = new MediaClock();
    clock.begin();
    const before = placed(clock, 1000, 25);
    clock.begin();
    const [after] = placed(clock, 9000, 1, undefined, 0);
    expect(after!.timestamp - before.at(-1)!.timestamp).toBeCloseTo((9000 - 1960) / 1000, 6);
    expect(after!.jumped).toBe(false);
  });

  it('tells the age of what comes in a burst, and only of that', () => {
    const clock = new MediaClock();
    clock.begin();
    placed(clock, 0, 50);
    // Nothing for 2 s, then all of it at once.
    const burst = Array.from({ length: 50 }, (_, i) => clock.place(2000 + i * 40, 4000));
    expect(burst[0]!.ageMs).toBeGreaterThan(1990);
    expect(burst.at(-1)!.ageMs).toBeLessThan(60);
    expect(burst.every(({ jumped }) => !jumped)).toBe(true);
    expect(new Set(steps(burst))).toEqual(new Set([0.04]));
  });

  it('follows a camera whose clock is slow, for hours, without calling it late', () => {
    const clock = new MediaClock();
    clock.begin();
    let oldest = 0;
    // 100 parts in a million over 4 hours are 1.4 s.
    for (let i = 0; i < 14_400; i++) {
      const { ageMs } = clock.place(i * 1000, i * 1000.1);
      oldest = Math.max(oldest, ageMs);
    }
    expect(oldest).toBeLessThan(5);
  });

  it.each([100_000, -2000])('counts a jump of %i ms once, and time goes on as it passes', (jump) => {
    const clock = new MediaClock();
    clock.begin();
    const before = placed(clock, 0, 50);
    // A muxer that may not go back makes steps of a microsecond until the time before the jump is reached again.
    let last = 1960;
    const after = Array.from({ length: 100 }, (_, i) => {
      last = Math.max(last + 0.001, 2000 + i * 40 + jump);
      return clock.place(last, 2000 + i * 40);
    });
    expect(after.filter(({ jumped }) => jumped)).toHaveLength(1);
    expect(after[0]!.jumped).toBe(true);
    const all = steps([...before, ...after]);
    expect(Math.min(...all)).toBeGreaterThan(0.039);
    expect(Math.max(...all)).toBeLessThan(0.041);
    expect(Math.max(...after.map(({ ageMs }) => ageMs))).toBeLessThan(50);
  });

  it('is on time again when pictures that were late are followed by a gap', () => {
    const clock = new MediaClock();
    clock.begin();
    placed(clock, 0, 50);
    expect(clock.place(2000, 5000).ageMs).toBeGreaterThan(2900);
    const after = placed(clock, 5040, 10);
    expect(after.some(({ jumped }) => jumped)).toBe(false);
    expect(Math.max(...after.map(({ ageMs }) => ageMs))).toBeLessThan(50);
  });

  it('takes the time of arrival where the first packets have none of their own', () => {
    const clock = new MediaClock();
    clock.begin();
    const media = [0, 0.001, 0.002, 1400, 1440, 1480];
    const moments = media.map((ms, i) => clock.place(ms, i * 40));
    expect(steps(moments)).toEqual([0.04, 0.04, 0.04, 0.04, 0.04]);
    expect(moments.some(({ jumped }) => jumped)).toBe(false);
  });

  it('believes a camera that counts 40 ms for each 42 once two connections were given up for it', () => {
    const clock = new MediaClock();
    let at = 0;
    const ages: number[] = [];
    for (let connection = 0; connection < 3; connection++) {
      clock.begin();
      let oldest = 0;
      // Pictures of a minute, until they are given up: nothing but old ones for 2 s.
      for (let i = 0; i < 1430; i++) {
        at += 42 + (i % 4) - 1.5;
        const { ageMs } = clock.place(i * 40, at);
        oldest = Math.max(oldest, ageMs);
        if (ageMs > 1100) {
          clock.late();
          break;
        }
      }
      at += 1000;
      ages.push(oldest);
    }
    expect(ages[0]).toBeGreaterThan(1000);
    expect(ages[1]).toBeGreaterThan(1000);
    expect(ages[2]).toBeLessThan(60);
    // Its pictures are still known to be late where they are.
    expect(clock.place(1430 * 40, at + 3000).ageMs).toBeGreaterThan(2000);
  });

  it('does not believe a line that is too slow, where large pictures take longer', () => {
    const clock = new MediaClock();
    let at = 0;
    for (let connection = 0; connection < 4; connection++) {
      clock.begin();
      let oldest = 0;
      for (let i = 0; i < 2000 && oldest <= 1100; i++) {
        at += i % 25 === 0 ? 300 : 35;
        oldest = Math.max(oldest, clock.place(i * 40, at).ageMs);
      }
      expect(oldest).toBeGreaterThan(1100);
      clock.late();
      at += 1000;
    }
  });

  it('tells when a picture was taken by a clock that nobody sets', () => {
    const wall = vi.spyOn(Date, 'now');
    try {
      const clock = new MediaClock();
      for (const set of [0, -3_600_000, 7_200_000]) {
        wall.mockReturnValue(1_700_000_000_000 + set);
        clock.begin();
        const begin = performance.now();
        for (const { takenAt } of placed(clock, begin, 5)) expect(takenAt - begin).toBeLessThan(200);
        const burst = clock.place(begin + 200, begin + 2200);
        expect(Math.abs(burst.takenAt - begin - 200)).toBeLessThan(10);
        expect(burst.capturedAt - 1_700_000_000_000 - set).toBeLessThan(5000);
      }
    } finally {
      wall.mockRestore();
    }
  });
});
