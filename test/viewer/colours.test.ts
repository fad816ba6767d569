import { describe, expect, it } from 'vitest';
import { placeInRange } from '../../frames/colour-map.ts';
import { quantiseDepth, valueOfCode } from '../../frames/index.ts';
import { canvasColours, UNKNOWN_COLOUR } from '../../viewer/page/colours/colour-maps.ts';
import { depthText, paletteOf, rangeOfFrame, ticksOf } from '../../viewer/page/colours/colour-range.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';

const STREET = { near: 4, far: 80 };
const rgb = (colour: number) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];

describe('colours of depth', () => {
  it.each([
    ['turbo', [48, 18, 59], [122, 4, 3]],
    ['viridis', [68, 1, 84], [253, 231, 37]],
    ['cividis', [0, 34, 78], [254, 232, 56]],
  ] as const)('%s begins and ends as published, opaque throughout', (name, far, near) => {
    const table = canvasColours(name);
    expect(rgb(table[0]!)).toEqual(far);
    expect(rgb(table[255]!)).toEqual(near);
    expect(table.every((colour) => colour >>> 24 === 255)).toBe(true);
  });

  it.each(['viridis', 'cividis'] as const)('%s grows lighter all the way, so that it reads without hue', (name) => {
    const lightness = [...canvasColours(name)].map((colour) => {
      const [r, g, b] = rgb(colour) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    for (let i = 8; i < 256; i += 8) expect(lightness[i]!).toBeGreaterThan(lightness[i - 8]!);
  });

  it('stand for the same depth whatever else is in the frame', () => {
    const table = canvasColours('turbo');
    const one = quantiseDepth({ kind: 'relative', width: 2, height: 1, data: new Float32Array([2, 60]) });
    const other = quantiseDepth({ kind: 'relative', width: 2, height: 1, data: new Float32Array([2, 900]) });
    const colourOf = ({ codes, quantisation }: typeof one) =>
      paletteOf('relative', quantisation, STREET, table)[codes[0]!];
    expect(one.quantisation).not.toEqual(other.quantisation);
    expect(colourOf(one)).toBe(colourOf(other));
  });

  it('lie evenly in inverse depth, near first, and end at the ends of the range', () => {
    expect(placeInRange(4, 'metric', STREET)).toBe(1);
    expect(placeInRange(80, 'metric', STREET)).toBe(0);
    expect(placeInRange(1 / ((1 / 4 + 1 / 80) / 2), 'metric', STREET)).toBeCloseTo(0.5);
    const { quantisation, codes } = quantiseDepth({
      kind: 'metric',
      width: 3,
      height: 1,
      data: new Float32Array([1, 150, Number.NaN]),
    });
    const table = canvasColours('viridis');
    const palette = paletteOf('metric', quantisation, STREET, table);
    expect([...codes].map((code) => palette[code])).toEqual([table[255], table[0], UNKNOWN_COLOUR]);
  });

  it('turn round for inverse depth, whose larger values are nearer', () => {
    expect(placeInRange(9, 'inverse', { near: 9, far: -1 })).toBe(1);
    expect(placeInRange(-1, 'inverse', { near: 9, far: -1 })).toBe(0);
  });
});

describe('a range fitted to a frame', () => {
  it('leaves the outermost depths out and the unknown aside', () => {
    const { depth } = roadFrame();
    const range = rangeOfFrame(quantiseDepth(depth))!;
    const known = [...depth.data].filter((z) => !Number.isNaN(z)).sort((a, b) => a - b);
    expect(range.near).toBeCloseTo(known[Math.floor(known.length * 0.02)]!, 1);
    expect(range.far / known[Math.floor(known.length * 0.98)]!).toBeCloseTo(1, 1);
  });

  it('puts the larger value near for inverse depth', () => {
    const range = rangeOfFrame(quantiseDepth(roadFrame({ kind: 'inverse' }).depth))!;
    expect(range.near).toBeGreaterThan(range.far);
  });

  it('is none where nothing is known, or all is the same', () => {
    const map = (value: number) =>
      quantiseDepth({ kind: 'metric', width: 9, height: 1, data: new Float32Array(9).fill(value) });
    expect(rangeOfFrame(map(Number.NaN))).toBeUndefined();
    expect(rangeOfFrame(map(7))).toBeUndefined();
  });
});

describe('the labels of the colour bar', () => {
  it('name both ends and round depths between, without touching', () => {
    const ticks = ticksOf('metric', STREET, 0.05);
    expect(ticks[0]).toMatchObject({ value: 4, place: 1 });
    expect(ticks.at(-1)).toMatchObject({ value: 80, place: 0 });
    expect(ticks.map(({ value }) => value)).toContain(10);
    for (let i = 1; i < ticks.length; i++) expect(ticks[i - 1]!.place - ticks[i]!.place).toBeGreaterThanOrEqual(0.05);
  });

  it('are as precise as a person reads', () => {
    expect([0.456, 7.89, 43.21, 123.4, Number.NaN].map((z) => depthText(z, 'metric'))).toEqual([
      '0.46 m',
      '7.9 m',
      '43.2 m',
      '123 m',
      'unknown',
    ]);
    expect(depthText(1.23456, 'relative')).toBe('1.23');
    expect(valueOfCode(0, { mapping: 'linear', offset: 1, scale: 1 })).toBeNaN();
  });
});
