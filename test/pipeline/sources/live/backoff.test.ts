import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../../pipeline/sources/live/backoff.ts';
import { cameraSettings } from '../../../../pipeline/sources/live/camera-options.ts';

/** Tries until a camera that is away for `outageMs` answers; the time it is found at, in milliseconds. */
function found(outageMs: number, chance: number, tryMs = 5): { readonly at: number; readonly tries: number } {
  const backoff = new Backoff(cameraSettings(), () => chance);
  backoff.begin(0, false);
  let now = 0;
  for (let tries = 1; ; tries++) {
    if (now >= outageMs) return { at: now, tries };
    now += tryMs;
    now += backoff.next('unreachable', now, 0);
  }
}

describe('the wait between two tries', () => {
  it.each([1, 3, 6, 12, 30])('finds a camera that was away for %i s within 0.7 s of its return', (seconds) => {
    for (const chance of [0, 0.5, 1]) expect(found(seconds * 1000, chance).at - seconds * 1000).toBeLessThan(710);
  });

  it('grows to half a minute for a camera that is away for long', () => {
    expect(found(4 * 3_600_000, 0.5).tries).toBeLessThan(1000);
    const backoff = new Backoff(cameraSettings(), () => 0.5);
    backoff.begin(0, false);
    expect(backoff.next('unreachable', 3_600_000, 0)).toBe(30_000);
  });

  it('differs by a fifth either way', () => {
    const wait = (chance: number): number => {
      const backoff = new Backoff(cameraSettings(), () => chance);
      backoff.begin(0, false);
      return backoff.next('unreachable', 0, 0);
    };
    expect([wait(0), wait(1)].map(Math.round)).toEqual([400, 600]);
  });

  it('is never short after a refused login', () => {
    const backoff = new Backoff(cameraSettings(), () => 0);
    expect(backoff.next('login', 0, 0)).toBe(30_000);
  });

  it('remembers time away until a healthy minute', () => {
    const backoff = new Backoff(cameraSettings(), () => 0.5);
    backoff.begin(0, false);
    backoff.begin(600_000, true);
    // Half a minute of playing makes up for five of the ten minutes away.
    expect(backoff.next('broken', 630_000, 30_000)).toBe(20_000);
    backoff.begin(640_000, true);
    expect(backoff.next('broken', 701_000, 61_000)).toBe(250);
  });

  it('stays short for a camera that has one fault after another and plays in between', () => {
    const backoff = new Backoff(cameraSettings(), () => 1);
    backoff.begin(0, false);
    for (let now = 0; now < 60_000; ) {
      now += 6000;
      backoff.begin(now, true);
      now += 4000;
      expect(backoff.next('broken', now, 4000)).toBeLessThan(1000);
    }
  });

  it('takes a stream that is missing for an outage once it has played, and for a wrong path before', () => {
    const backoff = new Backoff(cameraSettings(), () => 0.5);
    backoff.begin(0, false);
    expect(backoff.next('missing', 100, 0)).toBe(2000);
    backoff.begin(2000, true);
    expect(backoff.next('missing', 90_000, 0)).toBeLessThan(600);
  });
});

it.each([
  { startTimeoutMs: 0 },
  { stallTimeoutMs: Number.NaN },
  { staleAfterMs: -1 },
  { retry: { leastMs: 500, mostMs: 100 } },
  { transport: 'quic' as 'tcp' },
])('camera options %j are refused', (options) => {
  expect(() => cameraSettings(options)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
});
