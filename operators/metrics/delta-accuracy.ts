import type { DepthPairs } from './depth-pairs.ts';

/**
 * Share of pixels with max(g / p, p / g) < 1.25 (δ1), < 1.25² (δ2) and < 1.25³ (δ3), strictly; 0 to 1, 1 is perfect.
 *
 * Ladický, Shi and Pollefeys, "Pulling Things out of Perspective" (CVPR 2014); Eigen et al. (NIPS 2014). NaN of no
 * pairs. Masks are the caller's. It cannot see how far off the pixels beyond a threshold are, nor differences below
 * 25 %, which today's networks mostly differ by.
 */
export function deltaAccuracy({ truth, predicted, count }: DepthPairs): { d1: number; d2: number; d3: number } {
  let [d1, d2, d3] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const ratio = Math.max(truth[i]! / predicted[i]!, predicted[i]! / truth[i]!);
    if (ratio < 1.25) d1++;
    if (ratio < 1.25 ** 2) d2++;
    if (ratio < 1.25 ** 3) d3++;
  }
  return { d1: d1 / count, d2: d2 / count, d3: d3 / count };
}
