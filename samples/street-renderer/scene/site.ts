import type { Random } from '../random.ts';
import type { CentreLine } from './centre-line.ts';
import type { Models } from './models.ts';
import type { RoadSide, StreetPlan } from './plan.ts';

/** One side of the road that is being furnished. */
export interface Site {
  readonly plan: StreetPlan;
  readonly line: CentreLine;
  readonly models: Models;
  readonly random: Random;
  readonly side: RoadSide;
  /** -1 on the left, 1 on the right: the sign of d. */
  readonly sign: -1 | 1;
}

/** Whether s lies within `margin` metres of the crossing road. */
export function atCrossing(plan: StreetPlan, s: number, margin: number): boolean {
  return Math.abs(s - plan.crossing.s) < plan.crossing.half + margin;
}
