import type { DepthPairs } from './depth-pairs.ts';

/**
 * Root mean square error of the natural logarithm, √mean((ln g − ln p)²), no unit; 0 is perfect; NaN of no pairs.
 *
 * Eigen, Puhrsch and Fergus (NIPS 2014). Masks are the caller's. A wrong overall scale alone makes it |ln scale|; the
 * scale-invariant silog tells the two apart.
 */
export function rmseLog({ truth, predicted, count }: DepthPairs): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.log(truth[i]! / predicted[i]!) ** 2;
  return Math.sqrt(sum / count);
}
