import type { DepthPairs } from './depth-pairs.ts';

/**
 * Mean absolute error of the decimal logarithm, mean(|log10 g − log10 p|), no unit; 0 is perfect; NaN of no pairs.
 *
 * Saxena, Sun and Ng, "Make3D" (PAMI 2009); usual in indoor tables. Masks are the caller's. Blind to the sign of an
 * error, and to frames other than the one at hand.
 */
export function log10({ truth, predicted, count }: DepthPairs): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.abs(Math.log10(truth[i]! / predicted[i]!));
  return sum / count;
}
