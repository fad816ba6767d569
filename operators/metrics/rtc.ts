import { type FlowDepths, type FlowPair, flowDepths } from './flow-pairs.ts';

/** Depths that differ by less than this factor agree. */
const THRESHOLD = 1.01;

/**
 * Relative temporal consistency (rTC) of one pair of frames: share of the masked pixels with
 * max(D₀→₁(p) / D₁(p + f), D₁(p + f) / D₀→₁(p)) < 1.01; 0 to 1, 1 is perfect; `undefined` where no pixel is left.
 *
 * Khan et al., "Temporally Consistent Online Depth Estimation in Dynamic Scenes" (WACV 2023, `eval/metrics.py`); after
 * Li et al., "Enforcing Temporal Consistency in Video Depth Estimation" (ICCVW 2021). Masks: `flowDepths`.
 *
 * It cannot see how far off the pixels beyond 1 % are, nor errors that both frames share: a flat wall painted over
 * everything scores 1. Without `motion` the camera's own motion counts as inconsistency.
 */
export function rtc(pair: FlowPair): number | undefined {
  return rtcOf(flowDepths(pair));
}

/** The same for points that were compared before. */
export function rtcOf({ from0, from1, count }: FlowDepths): number | undefined {
  if (count === 0) return undefined;
  let agreeing = 0;
  for (let i = 0; i < count; i++) {
    if (Math.max(from0[i]! / from1[i]!, from1[i]! / from0[i]!) < THRESHOLD) agreeing++;
  }
  return agreeing / count;
}
