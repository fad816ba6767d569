import { median } from './median.ts';

/**
 * The two middle values of the first `count` numbers, which it reorders; they are the same one for an odd count, NaN of
 * none. `numpy.median` is their mean, `torch.median` the lower one: papers' code uses both, and on few pixels it shows.
 * NaN must not be among the values.
 */
export function middleValues(values: Float64Array, count = values.length): { lower: number; upper: number } {
  const upper = median(values, count);
  if (count % 2 === 1 || count === 0) return { lower: upper, upper };
  // Quickselect leaves everything below the middle left of it.
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count >> 1; i++) lower = Math.max(lower, values[i]!);
  return { lower, upper };
}

/** The mean of the two middle values, as `numpy.median` gives it; reorders the values. */
export function meanMedian(values: Float64Array, count = values.length): number {
  const { lower, upper } = middleValues(values, count);
  return (lower + upper) / 2;
}
