import { describe, expect, it } from 'vitest';
import { openModel } from '../../models/index.ts';
import { madeFrame, windowAt } from './street-frames.ts';

describe('while a model runs', () => {
  it('the main thread’s event loop goes on turning', async () => {
    const model = await openModel('tc-depth-lite');
    const frames = Array.from({ length: 42 }, (_, index) => madeFrame(index, 640, 192));
    let turns = 0;
    let turning = setImmediate(function turn() {
      turns++;
      turning = setImmediate(turn);
    });
    const answers: Promise<unknown>[] = [];
    for (let at = 1; at < 41; at++) {
      answers.push(model.estimate(windowAt(frames, at, model.contextOffsets)));
      if (answers.length >= model.inFlight) await answers[answers.length - model.inFlight];
    }
    await Promise.all(answers);
    clearImmediate(turning);
    await model.close();
    // Were the runs on this thread, it would turn a few times between two of them, to bring questions and answers.
    expect(turns / 40).toBeGreaterThan(20);
  });
});
