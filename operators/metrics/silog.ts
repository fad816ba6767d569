import type { DepthPairs } from './depth-pairs.ts';

/**
 * Scale-invariant logarithmic error, 100 · √(mean(d²) − mean(d)²) with d = ln p − ln g; no unit; 0 is perfect.
 *
 * Eigen, Puhrsch and Fergus (NIPS 2014) with λ = 1, times 100 as the KITTI depth benchmark prints it. (GLPDepth's
 * training log uses λ = 0.5 and no factor: another number.) NaN of no pairs. Masks are the caller's. It cannot see a
 * wrong scale at all, so a network that is wrong by a factor of ten may score 0.
 */
export function silog({ truth, predicted, count }: DepthPairs): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const d = Math.log(predicted[i]! / truth[i]!);
    sum += d;
    squares += d * d;
  }
  const mean = sum / count;
  // Rounding may leave a difference of −1e-17.
  return 100 * Math.sqrt(Math.max(0, squares / count - mean * mean));
}
