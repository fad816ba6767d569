import type { DepthPairs } from './depth-pairs.ts';

/**
 * Root mean square error, √mean((g − p)²), in metres; 0 is perfect; NaN of no pairs.
 *
 * Eigen, Puhrsch and Fergus (NIPS 2014). Taken per image and then averaged over images, as all KITTI tables do; the
 * root over all pixels at once is another number. Masks are the caller's. Far pixels rule it: it says little of how
 * well near things are placed.
 */
export function rmse({ truth, predicted, count }: DepthPairs): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (truth[i]! - predicted[i]!) ** 2;
  return Math.sqrt(sum / count);
}
