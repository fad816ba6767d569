import { between, pick, type Random } from '../random.ts';
import type { StreetPlan } from './plan.ts';

const paints: readonly (readonly [number, number, number])[] = [
  [0.34, 0.35, 0.36],
  [0.24, 0.245, 0.255],
  [0.62, 0.62, 0.6],
  [0.014, 0.015, 0.017],
  [0.014, 0.024, 0.06],
  [0.2, 0.016, 0.014],
  [0.05, 0.053, 0.058],
  [0.03, 0.06, 0.11],
  [0.022, 0.05, 0.036],
  [0.44, 0.44, 0.42],
  [0.12, 0.1, 0.08],
  [0.014, 0.015, 0.017],
  [0.28, 0.29, 0.3],
  [0.09, 0.095, 0.1],
];

/** A car's colours; number 3 is a seed for its details, 4 the angle its wheels have turned. */
export function carLook(random: Random): number[] {
  return [...pick(random, paints), random() * 100, 0];
}

/** Leaves: a mean colour and how yellow or red single clusters turn. */
export function leafLook(random: Random, plan: StreetPlan): number[] {
  const turned = Math.min(1, Math.max(0, plan.autumn + between(random, -0.55, 0.3)));
  const green = [between(random, 0.06, 0.092), between(random, 0.095, 0.128), between(random, 0.028, 0.048)];
  const gold = [0.32, between(random, 0.1, 0.2), 0.035];
  return [...green.map((g, k) => g + ((gold[k] as number) - g) * turned * 0.8), turned];
}

/** Trousers 0..2, jacket 3..5, skin 6..8, hair 9..11. */
export function personLook(random: Random): number[] {
  const trousers = pick(random, [
    [0.03, 0.04, 0.075],
    [0.02, 0.02, 0.022],
    [0.2, 0.17, 0.13],
    [0.06, 0.06, 0.065],
  ]);
  const jacket = pick(random, [
    [0.03, 0.04, 0.09],
    [0.02, 0.02, 0.022],
    [0.35, 0.33, 0.3],
    [0.26, 0.035, 0.03],
    [0.06, 0.1, 0.07],
    [0.35, 0.22, 0.06],
    [0.1, 0.13, 0.19],
    [0.5, 0.49, 0.47],
    [0.1, 0.07, 0.05],
  ]);
  const skin = between(random, 0.25, 1);
  const hair = pick(random, [
    [0.02, 0.014, 0.01],
    [0.1, 0.06, 0.03],
    [0.25, 0.16, 0.07],
    [0.3, 0.3, 0.3],
  ]);
  return [...trousers, ...jacket, 0.5 * skin, 0.33 * skin, 0.24 * skin, ...hair];
}

/** A dustbin's colour, in the place of a jacket's. */
export function binLook(random: Random): number[] {
  const plastic = pick(random, [
    [0.02, 0.022, 0.024],
    [0.02, 0.05, 0.03],
    [0.03, 0.03, 0.032],
  ]);
  return [0, 0, 0, ...plastic];
}
