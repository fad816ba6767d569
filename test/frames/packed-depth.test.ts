import { describe, expect, it } from 'vitest';
import {
  DepthcastError,
  type DepthMap,
  dequantiseDepth,
  fromRawBytes,
  fromResidualPlanes,
  quantiseDepth,
  toRawBytes,
  toResidualPlanes,
} from '../../frames/index.ts';
import { randomNumbers } from './random-numbers.ts';
import { roundTrip } from './sample-message.ts';

function metric(...values: number[]): DepthMap {
  return { kind: 'metric', width: values.length, height: 1, data: new Float32Array(values) };
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
