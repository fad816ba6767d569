import { afterEach, describe, expect, it } from 'vitest';
import { roadFrame } from './road-frames.ts';
import { endAll, serve, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

describe('the hub', () => {
  it('survives a frame that cannot be encoded and goes on with the next', async () => {
    const errors: unknown[] = [];
    const server = await serve({ onError: (error) => errors.push(error) });
    const { messages } = await watch(server);
    const broken = roadFrame();
    expect(() => server.hub('street').publish({ ...broken, frame: { ...broken.frame, width: 99_999 } })).not.toThrow();
    await until('the error', () => errors.length === 1);
    server.hub('street').publish(roadFrame({ index: 1 }));
    await until('the next frame', () => messages.at(-1)?.frameIndex === 1);
    expect(server.hub('street').status()).toMatchObject({ frames: 2, encoded: 1, encodingErrors: 1 });
  });

  it('keeps streams apart', async () => {
    const server = await serve({ streams: ['left', 'right'] });
    const left = await watch(server, 'left');
    const right = await watch(server, 'right');
    server.hub('left').publish(roadFrame({ stream: 'left' }));
    await until('a frame on the left', () => left.messages.length === 1);
    expect(left.messages[0]!.stream).toBe('left');
    expect(right.messages).toHaveLength(0);
    expect(() => server.hub('middle')).toThrow(/no stream 'middle'/);
  });
});
