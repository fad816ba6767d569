import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  DepthcastError,
  type DepthMap,
  type DepthMessage,
  decodeMessage,
  depthCodes,
  dequantiseDepth,
  encodeMessage,
  fromRawBytes,
  fromResidualPlanes,
  parseClientMessage,
  parseServerMessage,
  quantiseDepth,
  toRawBytes,
  toResidualPlanes,
  valueOfCode,
} from '../../frames/index.ts';
import { randomNumbers } from './random-numbers.ts';

const SAMPLE: DepthMap = { kind: 'metric', width: 3, height: 2, data: new Float32Array([1, 2, 4, Number.NaN, 8, 80]) };

function sampleMessage(codec: 'raw' | 'residual-deflate', depth = SAMPLE): DepthMessage {
  const { kind, width, height, quantisation, codes } = quantiseDepth(depth);
  const bytes = codec === 'raw' ? toRawBytes(codes) : deflateRawSync(toResidualPlanes({ codes, width }));
  return {
    stream: 'street',
    sequence: 7,
    frameIndex: 9,
    dropped: 2,
    timestamp: 0.5,
    capturedAt: 1_760_000_000_000,
    latencyMs: 41.5,
    inferenceMs: 17.25,
    sourceSize: { width: 6, height: 4 },
    intrinsics: { width: 3, height: 2, fx: 2, fy: 2, cx: 1, cy: 0.5 },
    consistency: { score: 0.75, flicker: -1.5 },
    estimator: 'tc-depth-lite',
    fallbackReason: 'scene-cut',
    picture: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]),
    depth: { kind, width, height, quantisation, codec, bytes: new Uint8Array(bytes) },
  };
}

/** The depth map a reader makes of a message. */
function depthOf({ depth }: DepthMessage): DepthMap {
  const bytes = depth.codec === 'residual-deflate' ? inflateRawSync(depth.bytes) : depth.bytes;
  return dequantiseDepth({ ...depth, codes: depthCodes(depth, bytes) });
}

function metric(...values: number[]): DepthMap {
  return { kind: 'metric', width: values.length, height: 1, data: new Float32Array(values) };
}

function roundTrip(depth: DepthMap): Float32Array {
  return dequantiseDepth(quantiseDepth(depth)).data;
}

describe('depth in sixteen bits', () => {
  it('is within 3.85e-5 z² metres of the truth over the whole range, and within 0.5 % up to 80 m', () => {
    const count = 400_000;
    const data = Float32Array.from({ length: count }, (_, i) => 0.2 * 1000 ** (i / (count - 1)));
    const back = roundTrip({ kind: 'metric', width: count, height: 1, data });
    let worstBound = 0;
    let worstShare = 0;
    for (let i = 0; i < count; i++) {
      const z = data[i]!;
      const error = Math.abs(back[i]! - z);
      // Both ends of the trip are float32, which has a rounding of its own.
      worstBound = Math.max(worstBound, (error - 2 ** -23 * z) / (3.85e-5 * z * z));
      if (z <= 80) worstShare = Math.max(worstShare, error / z);
    }
    expect(worstBound).toBeLessThanOrEqual(1);
    expect(worstBound).toBeGreaterThan(0.9);
    expect(worstShare).toBeLessThanOrEqual(0.0031);
  });

  it('keeps the order of depths', () => {
    const back = roundTrip(metric(...Array.from({ length: 5000 }, (_, i) => 0.2 + i * 0.04)));
    for (let i = 1; i < back.length; i++) expect(back[i]!).toBeGreaterThanOrEqual(back[i - 1]!);
  });

  it('keeps unknown depth unknown and takes depth that cannot be for unknown', () => {
    expect([...roundTrip(metric(Number.NaN, 0, -0, -3, Number.NEGATIVE_INFINITY))]).toEqual(Array(5).fill(Number.NaN));
  });

  it('sends what lies outside the range as its nearer end', () => {
    const [near, far, infinite] = roundTrip(metric(0.001, 5000, Number.POSITIVE_INFINITY));
    expect(near).toBeCloseTo(0.2, 5);
    expect(far).toBeCloseTo(200, 1);
    expect(infinite).toBe(far);
  });

  it('gives relative depth a range of its own, which small changes of the frame do not move', () => {
    const relative = (...values: number[]): DepthMap => ({ ...metric(...values), kind: 'relative' });
    const one = quantiseDepth(relative(0.01, 0.5, 3.1));
    const other = quantiseDepth(relative(0.02, 0.5, 3.9));
    expect(one.quantisation).toEqual(other.quantisation);
    for (const [i, z] of [0.01, 0.5, 3.1].entries()) {
      expect(Math.abs(dequantiseDepth(one).data[i]! / z - 1)).toBeLessThan(0.008);
    }
    expect(roundTrip(relative(Number.NaN, 0))).toEqual(new Float32Array([Number.NaN, Number.NaN]));
  });

  it('sends inverse depth within half a step of its own range, negative values included', () => {
    const data = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 7 - 2);
    data[5] = Number.NaN;
    const back = roundTrip({ kind: 'inverse', width: 1000, height: 1, data });
    for (let i = 0; i < 1000; i++) {
      if (i === 5) expect(back[i]).toBeNaN();
      else expect(Math.abs(back[i]! - data[i]!)).toBeLessThanOrEqual((14 / 65_534 / 2) * 1.01);
    }
  });

  it('carries an inverse map of one value only, and one of none', () => {
    const inverse = (...values: number[]): DepthMap => ({ ...metric(...values), kind: 'inverse' });
    expect([...roundTrip(inverse(-3, -3, Number.NaN))]).toEqual([-3, -3, Number.NaN]);
    expect([...roundTrip(inverse(Number.NaN, Number.POSITIVE_INFINITY))]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('residual planes', () => {
  it.each([
    [1, 1],
    [1, 9],
    [9, 1],
    [37, 23],
  ])('give back any codes of %i × %i pixels', (width, height) => {
    const random = randomNumbers(width * 100 + height);
    const codes = Uint16Array.from({ length: width * height }, () => random() * 65_536);
    codes[0] = 65_535;
    expect(fromResidualPlanes(toResidualPlanes({ codes, width }), { width, height })).toEqual(codes);
    expect(fromRawBytes(toRawBytes(codes), { width, height })).toEqual(codes);
  });

  it('are all but zero on a flat surface', () => {
    const width = 64;
    const codes = Uint16Array.from(
      { length: width * 32 },
      (_, i) => 900 + 3 * (i % width) + 11 * Math.floor(i / width),
    );
    const outsideEdges = toResidualPlanes({ codes, width }).filter(
      (_, i) => i % width > 0 && i % codes.length >= width,
    );
    expect(outsideEdges.every((byte) => byte === 0)).toBe(true);
  });

  it('refuse bytes that do not fill the picture', () => {
    expect(() => fromResidualPlanes(new Uint8Array(11), { width: 3, height: 2 })).toThrow(DepthcastError);
    expect(() => fromRawBytes(new Uint8Array(13), { width: 3, height: 2 })).toThrow(/13 depth bytes/);
  });
});

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
