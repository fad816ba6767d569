import { between, pick, type Random } from '../random.ts';

/**
 * The numbers that a seed stands for. Lengths in metres, angles in radians, the way along the road is s and the
 * distance to the right of its middle is d.
 */
export interface StreetPlan {
  readonly seed: number;
  /** The camera's mean speed, metres a second. */
  readonly speed: number;
  /** Where the camera's swaying starts. */
  readonly phase: number;
  /** d of the camera's lane. */
  readonly lane: number;
  readonly bend: { readonly bend: number; readonly from: number; readonly to: number };
  readonly left: RoadSide;
  readonly right: RoadSide;
  /** Where another road crosses, and its half width. */
  readonly crossing: { readonly s: number; readonly half: number };
  /** Direction to the sun in the world (y down), of unit length. */
  readonly sun: readonly [number, number, number];
  /** 0 blue sky, 1 overcast. */
  readonly clouds: number;
  /** How far one sees: distance at which haze has swallowed 63 %. */
  readonly haze: number;
  /** 0 spring green, 1 autumn. */
  readonly autumn: number;
  readonly asphalt: number;
  /** 0 slabs, 1 red pavers. */
  readonly paving: number;
}

/** One side of the road; distances from its middle, all positive. */
export interface RoadSide {
  /** Where the driving lane ends and parking begins. */
  readonly edge: number;
  readonly kerb: number;
  /** Where the pavement ends. */
  readonly plots: number;
  /** How much of the parking lane is taken, 0..1. */
  readonly parked: number;
  /** Distance of trees along the road, 0 for none. */
  readonly treeStep: number;
  /** Whether houses touch each other and stand at the pavement; behind the crossing it may change. */
  readonly dense: boolean;
  readonly denseBehind: boolean;
}

/** Height of the pavement over the road. */
export const KERB_HEIGHT = 0.12;

/** Whether houses on a side stand close together at s. */
export function isDense(plan: StreetPlan, side: RoadSide, s: number): boolean {
  return s < plan.crossing.s ? side.dense : side.denseBehind;
}

export function createPlan(seed: number, random: Random): StreetPlan {
  const side = (dense: boolean): RoadSide => {
    const edge = between(random, 2.9, 3.15);
    const parking = random() < 0.92 ? 2.1 : 0.35;
    const kerb = edge + parking;
    return {
      edge,
      kerb,
      plots: kerb + between(random, 2.1, 2.8),
      parked: parking > 1 ? between(random, 0.5, 0.8) : 0,
      treeStep: random() < 0.85 ? between(random, 11, 17) : 0,
      dense,
      denseBehind: random() < 0.5,
    };
  };
  const denseRight = random() < 0.6;
  const elevation = between(random, 0.72, 1.02);
  // Mostly over the shoulder on the side of the garden houses, so that light falls into the street.
  const azimuth = (denseRight ? -1 : 1) * between(random, 1.15, 2.3);
  const bend = pick(random, [-1, 1]) * between(random, 0.14, 0.34);
  const from = between(random, 5, 50);
  return {
    seed,
    speed: between(random, 8.2, 9.8),
    phase: random() * 6,
    lane: 1.5,
    bend: { bend, from, to: from + between(random, 110, 170) },
    left: side(!denseRight),
    right: side(denseRight || random() < 0.4),
    crossing: { s: between(random, 40, 85), half: between(random, 3.4, 4.2) },
    sun: [Math.sin(azimuth) * Math.cos(elevation), -Math.sin(elevation), Math.cos(azimuth) * Math.cos(elevation)],
    clouds: between(random, 0.2, 0.6),
    haze: between(random, 600, 1600),
    autumn: random() ** 2,
    asphalt: between(random, 0.052, 0.085),
    paving: random() < 0.4 ? 1 : 0,
  };
}
