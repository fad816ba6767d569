import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type DepthMessage,
  decodeMessage,
  encodeMessage,
  parseClientMessage,
  parseServerMessage,
  quantiseDepth,
  toResidualPlanes,
  valueOfCode,
} from '../../frames/index.ts';
import { depthOf, roundTrip, SAMPLE, sampleMessage } from './sample-message.ts';

describe('the protocol page', () => {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const vector = (name: string) => {
    const hex = new RegExp(`\`\`\`hex ${name}\n([0-9a-f\\s]+)\`\`\``).exec(page)?.[1];
    return new Uint8Array(Buffer.from((hex ?? '').replace(/\s/g, ''), 'hex'));
  };

  it('shows the residual planes that the code makes', () => {
    expect(toResidualPlanes(quantiseDepth(SAMPLE))).toEqual(vector('planes'));
  });

  it('shows the raw message that the code makes and reads', () => {
    expect(encodeMessage(sampleMessage('raw'))).toEqual(vector('raw'));
    expect(decodeMessage(vector('raw'))).toEqual(sampleMessage('raw'));
  });

  it('shows a deflated message that the code reads', () => {
    const message = decodeMessage(vector('residual-deflate'));
    expect(message.depth.codec).toBe('residual-deflate');
    expect(message.stream).toBe('street');
    expect(depthOf(message).data).toEqual(roundTrip(SAMPLE));
  });

  it('shows a message without depth that the code makes and reads', () => {
    const { intrinsics: _, consistency: __, fallbackReason: ___, ...rest } = sampleMessage('raw');
    const quantisation = { mapping: 'reciprocal', offset: 0, scale: 1 } as const;
    const depth = { ...rest.depth, quantisation, codec: 'none', bytes: new Uint8Array(0) } as const;
    const message: DepthMessage = { ...rest, picture: new Uint8Array(0), depth };
    expect(encodeMessage(message)).toEqual(vector('none'));
    expect(decodeMessage(vector('none'))).toEqual(message);
    expect(depthOf(decodeMessage(vector('none'))).data).toEqual(new Float32Array(6).fill(Number.NaN));
  });

  it('shows subscriptions and answers that the code reads', () => {
    const json = (name: string) => new RegExp(`\`\`\`json ${name}\n(.+)\n\`\`\``).exec(page)![1]!;
    expect(parseClientMessage(json('subscribe'))).toEqual({
      streams: ['street', 'yard'],
      picture: true,
      depth: true,
      size: 'half',
      maxFps: 10,
    });
    expect(parseServerMessage(json('streams'))).toMatchObject({ op: 'streams', streams: [{ name: 'street' }, {}] });
    expect(parseServerMessage(json('error'))).toEqual(JSON.parse(json('error')));
  });

  it('names the codes that the code makes', () => {
    const { codes, quantisation } = quantiseDepth(SAMPLE);
    expect(page).toContain('13055, 6495, 3215 / 0, 1575, 99');
    expect([...codes]).toEqual([13_055, 6495, 3215, 0, 1575, 99]);
    expect(valueOfCode(65_535, quantisation)).toBeCloseTo(0.2, 9);
    expect(valueOfCode(1, quantisation)).toBeCloseTo(200, 6);
  });
});
