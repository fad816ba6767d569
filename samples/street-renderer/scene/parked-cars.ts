import { type Instance, place } from '../geometry/instance.ts';
import { between, pick } from '../random.ts';
import { carLook } from './looks.ts';
import { atCrossing, type Site } from './site.ts';
import { spotAt } from './spot.ts';

/** Cars along the kerb, nose to tail but for gaps; they face the way that their side drives. */
export function placeParkedCars({ plan, line, models, random, side, sign }: Site): Instance[] {
  const placed: Instance[] = [];
  let s = -25 + between(random, 0, 4);
  while (s < 300 && side.parked > 0) {
    const { shape, mesh } = pick(random, models.cars);
    if (atCrossing(plan, s + shape.length / 2, 7.5) || random() >= side.parked) {
      s += between(random, 3, 6);
      continue;
    }
    const d = sign * (side.kerb - shape.halfWidth - between(random, 0.18, 0.4));
    const turn = (sign > 0 ? 0 : Math.PI) + between(random, -0.02, 0.02);
    placed.push(place(mesh, spotAt(line, s + shape.length / 2, d, 0, turn), { look: carLook(random) }));
    s += shape.length + between(random, 0.7, 1.6);
  }
  return placed;
}
