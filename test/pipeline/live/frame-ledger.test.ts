import { describe, expect, it } from 'vitest';
import { balanceOf, FrameLedger } from '../../../pipeline/live/frame-ledger.ts';
import { frame } from '../../operators/frames.ts';

describe('the ledger of a stream', () => {
  it('knows where each frame is, also one that was copied to carry a mark', () => {
    const ledger = new FrameLedger();
    const frames = [0, 1, 2, 3].map((index) => frame(index));
    for (const each of frames) ledger.enter(each);
    ledger.publish({ ...frames[0]!, segmentStart: 'scene-cut' });
    ledger.drop(frames[1]!, 'window', 'late');
    expect(ledger.account()).toEqual({ in: 4, out: 1, dropped: { 'window/late': 1 }, inside: 2 });
    expect(balanceOf(ledger.account())).toBe(0);
  });

  it('shows a frame that was counted twice as a balance other than 0', () => {
    const ledger = new FrameLedger();
    const one = frame(0);
    ledger.enter(one);
    ledger.publish(one);
    ledger.drop(one, 'window', 'late');
    expect(balanceOf(ledger.account())).toBe(-1);
  });

  it('shows a frame that was lost as one that stays inside', () => {
    const ledger = new FrameLedger();
    ledger.enter(frame(0));
    expect(ledger.account().inside).toBe(1);
  });

  it('lets everything go at the end, and books whoever comes after it', () => {
    const told: string[] = [];
    const ledger = new FrameLedger({ onDropped: (stage, reason) => told.push(`${stage}/${reason}`) });
    ledger.enter(frame(0));
    ledger.enter(frame(1));
    ledger.dropAll('stopped');
    ledger.turnAway('stopped');
    expect(ledger.account()).toEqual({ in: 3, out: 0, dropped: { 'window/stopped': 3 }, inside: 0 });
    expect(told).toEqual(['window/stopped', 'window/stopped', 'window/stopped']);
  });
});
