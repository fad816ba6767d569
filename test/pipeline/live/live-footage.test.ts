import { describe, expect, it, onTestFinished } from 'vitest';
import { Flow, type Frame } from '../../../frames/index.ts';
import type { Footage } from '../../../pipeline/sources/frame-source.ts';
import { depthMap, frame } from '../../operators/frames.ts';
import { plan, size, streams, until } from './streams-setup.ts';

/** Footage that gives so many frames as soon as they are asked for, and ends only with the test. */
function footage(frames: number): Footage {
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  onTestFinished(() => end());
  async function* play(): AsyncGenerator<Frame> {
    const flow = new Flow();
    for (let index = 0; index < frames; index++) {
      // Far older than what a camera may show: footage is as new as the moment in which it is played.
      yield frame(index, { flow, arrivedAt: performance.now() - 100_000 });
    }
    await over;
  }
  return { info: { live: false, size, hasPoses: false }, frames: play };
}

describe('footage that is served', () => {
  it('waits for nobody on a machine that is too slow: the newest is asked, the others are let go and counted', async () => {
    let answer = (): void => {};
    const answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { set, hubs, report } = streams(async () => {
      await answering;
      return depthMap(10);
    });
    await set.apply([plan('file', footage(30), { staleAfterMs: undefined })]);
    // All of it comes in although no window has been answered yet.
    await until(() => report('file').in === 30);
    answer();
    const { answers } = hubs.get('file')!;
    // The last frame waits for the one behind it.
    await until(() => report('file').inside === 1);
    const indices = answers.map(({ frame: { index } }) => index);
    expect(indices.at(-1)).toBeGreaterThan(20);
    expect(indices.length).toBeLessThan(8);
    const { 'window/late': late = 0, 'window/thinned': thinned = 0, ...otherwise } = report('file').dropped;
    expect(otherwise).toEqual({});
    expect(late + thinned + indices.length).toBe(29);
  });

  it('is answered whole, in order, where the machine is quick enough', async () => {
    const flow = new Flow();
    const { set, hubs, report } = streams();
    async function* play(): AsyncGenerator<Frame> {
      for (let index = 0; index < 12; index++) {
        yield frame(index, { flow, arrivedAt: performance.now() });
        // As a pace does that leaves time enough for each.
        if (index > 0) await until(() => report('file').out === index);
      }
    }
    await set.apply([plan('file', { info: { live: false, size, hasPoses: false }, frames: play })]);
    await set.whenOver();
    expect(hubs.get('file')!.answers.map(({ frame: { index } }) => index)).toEqual([...Array(12).keys()]);
    expect(report('file')).toMatchObject({ state: 'ended', in: 12, out: 12, dropped: {}, inside: 0 });
  });
});
