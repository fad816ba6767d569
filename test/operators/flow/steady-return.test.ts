import { describe, expect, it } from 'vitest';
import { SteadyReturn } from '../../../operators/flow/steady-return.ts';

/** How many good answers in a row are not used. */
function waits(steady: SteadyReturn): number {
  let waited = 0;
  while (steady.answered()) waited++;
  return waited;
}

describe('the return to a model after a fault', () => {
  it('comes at once where there was none, or only a cut', () => {
    const steady = new SteadyReturn();
    expect(waits(steady)).toBe(0);
    for (const reason of ['scene-cut', 'time-gap', 'window-not-full', 'reconnect'] as const) {
      steady.missed(reason);
      expect(waits(steady)).toBe(0);
    }
  });

  it('comes with the third good answer in a row after a fault, and tells the fault until then', () => {
    const steady = new SteadyReturn();
    steady.missed('over-budget');
    expect([steady.answered(), steady.answered(), steady.answered()]).toEqual([
      'over-budget',
      'over-budget',
      undefined,
    ]);
  });

  it('takes twice as long with each relapse, up to 12 answers, and forgets after 30 without one', () => {
    const steady = new SteadyReturn();
    const waited = [1, 2, 3, 4, 5].map(() => {
      steady.missed('inference-error');
      return waits(steady);
    });
    expect(waited).toEqual([2, 5, 11, 11, 11]);
    for (let i = 0; i < 30; i++) steady.answered();
    steady.missed('inference-error');
    expect(waits(steady)).toBe(2);
  });

  it('counts a swarm of faults as one', () => {
    const steady = new SteadyReturn();
    for (let i = 0; i < 50; i++) steady.missed('inference-error');
    expect(waits(steady)).toBe(2);
  });
});
