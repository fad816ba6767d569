import type { DepthPairs } from './depth-pairs.ts';

/**
 * Mean absolute relative error, mean(|g − p| / g), no unit; 0 is perfect; NaN of no pairs.
 *
 * Eigen, Puhrsch and Fergus (NIPS 2014), as coded in the evaluation of Monodepth2 (Godard et al., ICCV 2019). Masks
 * are the caller's. It cannot see which way an error goes, and near surfaces, of which a picture has most pixels,
 * outweigh far ones; nothing in it looks at more than one frame.
 */
export function absRel({ truth, predicted, count }: DepthPairs): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.abs(truth[i]! - predicted[i]!) / truth[i]!;
  return sum / count;
}
