import { describe, expect, it } from 'vitest';
import { DepthcastError, decodeMessage, encodeMessage } from '../../frames/index.ts';
import { randomNumbers } from './random-numbers.ts';
import { depthOf, roundTrip, SAMPLE, sampleMessage } from './sample-message.ts';

describe('a depth message', () => {
  it.each(['raw', 'residual-deflate'] as const)('comes back whole through codec %s', (codec) => {
    const message = sampleMessage(codec);
    const back = decodeMessage(encodeMessage(message));
    expect(back).toEqual(message);
    expect(depthOf(back).data).toEqual(roundTrip(SAMPLE));
  });

  it('leaves out what is unknown', () => {
    const { intrinsics, consistency, fallbackReason, ...rest } = sampleMessage('raw');
    const back = decodeMessage(encodeMessage({ ...rest, picture: new Uint8Array(0) }));
    expect(back.intrinsics).toBeUndefined();
    expect(back.consistency).toBeUndefined();
    expect(back.fallbackReason).toBeUndefined();
    expect(back.picture).toHaveLength(0);
  });

  it('can be read at any place of a larger buffer', () => {
    const bytes = encodeMessage(sampleMessage('raw'));
    const large = new Uint8Array(bytes.length + 8).fill(0xaa);
    large.set(bytes, 3);
    expect(decodeMessage(large.subarray(3, 3 + bytes.length))).toEqual(sampleMessage('raw'));
  });

  it('may have a longer header from a later server', () => {
    const bytes = encodeMessage(sampleMessage('raw'));
    const later = new Uint8Array(bytes.length + 12);
    later.set(bytes.subarray(0, 108));
    later.set(bytes.subarray(108), 120);
    new DataView(later.buffer).setUint16(6, 120, true);
    expect(decodeMessage(later)).toEqual(sampleMessage('raw'));
  });

  it('cannot carry a text over 255 bytes or a picture without pixels', () => {
    expect(() => encodeMessage({ ...sampleMessage('raw'), estimator: 'é'.repeat(128) })).toThrow(/over 255 bytes/);
    const message = sampleMessage('raw');
    expect(() => encodeMessage({ ...message, depth: { ...message.depth, width: 0 } })).toThrow(/does not fit/);
  });
});

describe('a malformed message', () => {
  /** Decodes, and fails the test for anything but a message or a `wire-format` error. */
  const outcome = (bytes: Uint8Array): 'read' | 'refused' => {
    try {
      decodeMessage(bytes);
      return 'read';
    } catch (error) {
      expect(error).toBeInstanceOf(DepthcastError);
      expect((error as DepthcastError).code).toBe('wire-format');
      return 'refused';
    }
  };
  const good = encodeMessage(sampleMessage('raw'));
  const withByte = (at: number, value: number) => Uint8Array.from(good, (byte, i) => (i === at ? value : byte));

  it.each([
    ['magic', 0, 0x45],
    ['version', 4, 2],
    ['type', 5, 9],
    ['header length', 6, 107],
    ['depth kind', 8, 3],
    ['mapping', 9, 2],
    ['depth codec', 10, 3],
    ['depth codec without depth', 10, 2],
    ['picture codec', 11, 2],
    ['picture codec without picture', 11, 0],
    ['width', 48, 4],
    ['zero height', 50, 0],
    ['negative scale', 71, 0xbf],
    ['picture length', 96, 5],
    ['depth length', 103, 0xff],
    ['stream length', 104, 7],
    ['text', 108, 0xff],
  ])('is refused for its %s', (_, at, value) => {
    expect(outcome(withByte(at, value))).toBe('refused');
  });

  it('is refused when it claims more pixels than a reader should make room for', () => {
    const huge = encodeMessage(sampleMessage('residual-deflate'));
    new DataView(huge.buffer).setUint32(48, 0xffff_ffff, true);
    expect(outcome(huge)).toBe('refused');
  });

  it('is refused at every length that is not its own', () => {
    for (let length = 0; length < good.length; length++) expect(outcome(good.subarray(0, length))).toBe('refused');
    expect(outcome(Uint8Array.from([...good, 0]))).toBe('refused');
  });

  it('never makes the reader fail in another way, whatever byte is changed', () => {
    const counts = { read: 0, refused: 0 };
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) counts[outcome(withByte(at, value))]++;
    }
    expect(counts.refused).toBeGreaterThan(100);
    expect(counts.read).toBeGreaterThan(100);
  });

  it('never makes the reader fail in another way, whatever the bytes are', () => {
    const random = randomNumbers(5);
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from({ length: random() * 300 }, () => random() * 256);
      // Half of them get past the first checks.
      if (round % 2) bytes.set(good.subarray(0, Math.min(bytes.length, 12)));
      outcome(bytes);
    }
  });
});
