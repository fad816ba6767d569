import { describe, expect, it } from 'vitest';
import { robustFit } from '../../../operators/metrics/robust-fit.ts';

describe('robustFit', () => {
  const count = 100;
  const rows = Float64Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? 1 : Math.sin(at)));
  const line = Float64Array.from({ length: count }, (_, at) => 3 - 2 * (rows[2 * at + 1] as number));

  it('recovers a line exactly', () => {
    const [offset, slope] = robustFit(rows, line, 2, 1e-3);
    expect(offset).toBeCloseTo(3, 2);
    expect(slope).toBeCloseTo(-2, 2);
  });

  it('is not dragged away by a third of gross outliers', () => {
    const spoilt = line.map((value, at) => (at % 3 === 0 ? value + 50 : value));
    const [offset, slope] = robustFit(rows, spoilt, 2, 1e-3);
    expect(offset).toBeCloseTo(3, 1);
    expect(slope).toBeCloseTo(-2, 1);
  });

  it('answers 0 for what the rows do not determine', () => {
    const flat = new Float64Array(2 * count).map((_, at) => (at % 2 === 0 ? 1 : 0));
    expect(robustFit(flat, line.fill(4), 2, 1e-3)[1]).toBe(0);
  });
});
