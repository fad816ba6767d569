import { describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../frames/index.ts';
import { broadcast } from '../../operators/index.ts';
import { depthFrame, virtualTime } from './frames.ts';

const values = { a: depthFrame(0), b: depthFrame(1), c: depthFrame(2) };

describe('broadcast', () => {
  it.each(['a-b-c|', 'a-b-#'])('gives each frame to the hub and passes %s on unchanged', (marbles) => {
    const published: DepthFrame[] = [];
    virtualTime().run(({ hot, expectObservable }) => {
      const result = hot(marbles, values).pipe(broadcast({ publish: (frame) => published.push(frame) }));
      expectObservable(result).toBe(marbles, values);
    });
    expect(published.map(({ frame }) => frame.index)).toEqual(marbles.includes('c') ? [0, 1, 2] : [0, 1]);
  });

  it('goes on when the hub throws, and tells so', () => {
    const errors: unknown[] = [];
    const hub = {
      publish: ({ frame }: DepthFrame) => {
        if (frame.index === 1) throw new Error('no hub');
      },
    };
    virtualTime().run(({ hot, expectObservable }) => {
      const result = hot('abc|', values).pipe(broadcast(hub, { onError: (_, frame) => errors.push(frame) }));
      expectObservable(result).toBe('abc|', values);
    });
    expect(errors).toEqual([values.b]);
  });

  it('publishes nothing more once unsubscribed', () => {
    const published: DepthFrame[] = [];
    virtualTime().run(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('a-b-c|', values);
      expectObservable(source.pipe(broadcast({ publish: (frame) => published.push(frame) })), '^--!').toBe(
        'a-b',
        values,
      );
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
    expect(published).toEqual([values.a, values.b]);
  });
});
