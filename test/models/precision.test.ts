import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCard } from '../../models/card.ts';

// biome-ignore lint/suspicious/noExplicitAny: a card is taken apart and broken here.
type Broken = any;

const good = (): Broken => ({
  ...JSON.parse(readFileSync(new URL('../../models/cards/tc-depth-lite.json', import.meta.url), 'utf8')),
  precision: {
    kernels: 'int8',
    comparedWith: 'the float32 graphs of the same weights',
    depthChange: { median: 0.004, p95: 0.02 },
    pictures: { source: 'drive', calibration: 16, compared: 4 },
    speed: {
      size: '640x192',
      threads: 1,
      float32: { median: 700, least: 650 },
      kernels: { median: 400, least: 390 },
      ratio: 1.67,
    },
    bytes: { float32: 117_000_000, kernels: 55_000_000 },
  },
});

describe('the precision of a card', () => {
  it('is kept as it stands, beside everything else', () => {
    expect(parseCard(good(), 'here.json').precision).toEqual(good().precision);
  });

  it('may be left out: the kernels compute in float32 then', () => {
    const card = good();
    delete card.precision;
    expect(parseCard(card, 'here.json').precision).toBeUndefined();
  });

  it.each([
    ['precision.kernels', (card: Broken) => (card.precision.kernels = 'int4')],
    ['precision.depthChange', (card: Broken) => delete card.precision.depthChange],
    ['precision.depthChange.median', (card: Broken) => (card.precision.depthChange.median = -0.01)],
    ['precision.depthChange.p95', (card: Broken) => (card.precision.depthChange.p95 = 'little')],
    ['precision.pictures.compared', (card: Broken) => (card.precision.pictures.compared = 0)],
    ['precision.speed.kernels.least', (card: Broken) => (card.precision.speed.kernels.least = 0)],
    ['precision.speed.size', (card: Broken) => (card.precision.speed.size = 'large')],
    ['precision.bytes', (card: Broken) => delete card.precision.bytes],
    ['precision.faster', (card: Broken) => (card.precision.faster = true)],
  ])('names %s when that is what is wrong', (key, spoil) => {
    const card = good();
    spoil(card);
    expect(() => parseCard(card, 'here.json')).toThrow(new RegExp(`${key.replaceAll('.', '\\.')}:? `));
  });
});
