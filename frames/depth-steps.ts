import type { DepthMap } from './depth-map.ts';

/**
 * A depth map in whole steps, 16 bits a pixel, row-major: value × `stepsPerUnit`, rounded; 0 = unknown, not positive, or
 * beyond 65 535 steps. The array is the caller's.
 */
export function depthSteps({ data }: DepthMap, stepsPerUnit: number): Uint16Array<ArrayBuffer> {
  const steps = new Uint16Array(data.length);
  for (let i = 0; i < steps.length; i++) {
    const value = data[i]! * stepsPerUnit + 0.5;
    // NaN fails the comparison; writing into 16 bits cuts to whole steps.
    if (value < 65_536 && value >= 1) steps[i] = value;
  }
  return steps;
}

/**
 * Steps for one unit of depth that has no natural step: a power of two that lets the largest value of the map fill a
 * quarter of 16 bits, 1 where nothing is known.
 */
export function stepsFilling({ data }: DepthMap): number {
  let most = 0;
  for (const value of data) if (value > most && value < Number.POSITIVE_INFINITY) most = value;
  return most === 0 ? 1 : 2 ** Math.floor(Math.log2(16_384 / most));
}
