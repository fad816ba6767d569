import { type Instance, place } from '../geometry/instance.ts';
import { between, pick } from '../random.ts';
import { leafLook } from './looks.ts';
import { isDense, KERB_HEIGHT } from './plan.ts';
import { atCrossing, type Site } from './site.ts';
import { spotAt } from './spot.ts';

/** Street trees on the pavement, trees behind the houses, bushes in the gardens. */
export function placeGreenery({ plan, line, models, random, side, sign }: Site): Instance[] {
  const placed: Instance[] = [];
  const tree = (s: number, d: number, scale: number): void => {
    const at = spotAt(line, s, d, KERB_HEIGHT, random() * 6.28);
    placed.push(place(pick(random, models.trees), at, { scale, look: leafLook(random, plan) }));
  };
  if (side.treeStep > 0) {
    for (let s = -20 + between(random, 0, side.treeStep); s < 320; s += side.treeStep * between(random, 0.85, 1.3)) {
      if (!atCrossing(plan, s, 6)) tree(s, sign * (side.kerb + 0.75), between(random, 0.85, 1.15));
    }
  }
  for (let s = -25; s < 330; s += between(random, 9, 18)) {
    tree(s, sign * between(random, side.plots + 17, side.plots + 30), between(random, 1.1, 1.6));
  }
  for (let s = -25; s < 250; s += between(random, 3, 8)) {
    if (atCrossing(plan, s, 4) || isDense(plan, side, s)) continue;
    const at = spotAt(line, s, sign * (side.plots + between(random, 1.4, 2.6)), KERB_HEIGHT, random() * 6);
    placed.push(place(models.bush, at, { scale: between(random, 0.7, 1.25), look: leafLook(random, plan) }));
  }
  return placed;
}
