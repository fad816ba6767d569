import { type FlowDepths, type FlowPair, flowDepths } from './flow-pairs.ts';

/**
 * Optical-flow-based warping error (OPW) of one pair of frames: mean |D₁(p + f) − D₀→₁(p)| over the masked pixels, in
 * the unit of the depths; 0 is perfect; `undefined` where no pixel is left.
 *
 * The form of Khan et al. (WACV 2023, `eval/metrics.py`, with the camera's motion taken out where `motion` is given);
 * introduced as a measure by Wang et al., "Less is More: Consistent Video Depth Estimation with Masked Frames
 * Modeling" (ACM MM 2022). The form of NVDS (Wang et al., ICCV 2023) normalises each frame by its median instead and
 * weighs by colours of 0 to 255: another number. Masks: `flowDepths`.
 *
 * It cannot see errors that both frames share; depth that is too small scores better, so compare at one scale only;
 * without `motion` a camera that drives forward scores badly with perfect depth; and it is as good as the flow.
 */
export function opw(pair: FlowPair): number | undefined {
  return opwOf(flowDepths(pair));
}

/** The same for points that were compared before. */
export function opwOf({ from0, from1, count }: FlowDepths): number | undefined {
  if (count === 0) return undefined;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.abs(from1[i]! - from0[i]!);
  return sum / count;
}
