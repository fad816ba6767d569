import type { DepthPairs } from './depth-pairs.ts';

/**
 * Squared relative error, mean((g − p)² / g), in metres; 0 is perfect; NaN of no pairs.
 *
 * Eigen, Puhrsch and Fergus (NIPS 2014) as coded for KITTI since Garg et al. (ECCV 2016): divided by g, not by g².
 * Masks are the caller's. A few large errors rule it, so it hides how the typical pixel is.
 */
export function sqRel({ truth, predicted, count }: DepthPairs): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (truth[i]! - predicted[i]!) ** 2 / truth[i]!;
  return sum / count;
}
