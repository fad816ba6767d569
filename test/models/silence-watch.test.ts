import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SilenceWatch } from '../../models/silence-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a watch over silence', () => {
  const watched = (): { watch: SilenceWatch; silent: () => number } => {
    let times = 0;
    return { watch: new SilenceWatch(10_000, () => times++), silent: () => times };
  };

  it('tells once when nothing was heard for the time', () => {
    const { watch, silent } = watched();
    watch.asked();
    vi.advanceTimersByTime(9_500);
    expect(silent()).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(silent()).toBe(1);
  });

  it('begins anew with each word while more is waited for', () => {
    const { watch, silent } = watched();
    watch.asked();
    for (let word = 0; word < 5; word++) {
      vi.advanceTimersByTime(9_000);
      // Another question does not lengthen the wait for the first.
      watch.asked();
      watch.heard(true);
    }
    expect(silent()).toBe(0);
    watch.heard(false);
    vi.advanceTimersByTime(60_000);
    expect(silent()).toBe(0);
    watch.asked();
    vi.advanceTimersByTime(11_000);
    expect(silent()).toBe(1);
  });

  it('does not count the hour in which this process itself was stopped', () => {
    const { watch, silent } = watched();
    const now = vi.spyOn(performance, 'now');
    let stopped = 0;
    const own = Date.now();
    now.mockImplementation(() => Date.now() - own + stopped);
    watch.asked();
    vi.advanceTimersByTime(3_000);
    stopped = 3_600_000;
    vi.advanceTimersByTime(3_000);
    expect(silent()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(silent()).toBe(1);
    now.mockRestore();
  });
});
