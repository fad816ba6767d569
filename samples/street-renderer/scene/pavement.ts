import { type Instance, place } from '../geometry/instance.ts';
import { buildBin, buildCabinet, buildLampPost, buildSign, signFaces } from '../models/furniture.ts';
import { between, pick } from '../random.ts';
import { binLook, personLook } from './looks.ts';
import { KERB_HEIGHT } from './plan.ts';
import { atCrossing, type Site } from './site.ts';
import { type Spot, spotAt } from './spot.ts';

/** What stands on the pavement: lamps, signs, cabinets, dustbins, people. */
export function furnishPavement(site: Site): Instance[] {
  const { plan, line, random, side, sign } = site;
  const placed: Instance[] = [];
  const lamp = buildLampPost();
  for (let s = 14 + (sign > 0 ? 0 : 16); s < 300; s += 33) {
    if (atCrossing(plan, s, 2)) continue;
    placed.push(place(lamp, spotAt(line, s, sign * (side.kerb + 0.35), KERB_HEIGHT, sign > 0 ? Math.PI : 0)));
  }
  placed.push(...signs(site));
  const cabinet = buildCabinet();
  const bin = buildBin();
  const atWall = (s: number, off: number): Spot =>
    spotAt(line, s, sign * (side.plots - off), KERB_HEIGHT, (-sign * Math.PI) / 2);
  for (let s = between(random, 8, 40); s < 260; s += between(random, 35, 70)) {
    if (!atCrossing(plan, s, 3)) placed.push(place(cabinet, atWall(s, 0.25)));
  }
  for (let s = between(random, 5, 20); s < 260; s += between(random, 14, 40)) {
    if (!atCrossing(plan, s, 3)) placed.push(place(bin, atWall(s, 0.45), { look: binLook(random) }));
  }
  placed.push(...people(site));
  return placed;
}

function signs({ plan, line, side, sign }: Site): Instance[] {
  const { s: middle, half } = plan.crossing;
  const list: [face: number, s: number][] =
    sign < 0
      ? [[signFaces.parking, 31]]
      : [
          [signFaces.limit30, 23],
          [signFaces.priority, middle - half - 5],
          [signFaces.parking, middle + half + 16],
          [signFaces.crossing, middle - half - 9],
          [signFaces.noStopping, 150],
        ];
  return list.map(([face, s]) =>
    place(buildSign(face), spotAt(line, s, sign * (side.kerb + 0.35), KERB_HEIGHT, sign > 0 ? 0.12 : -0.06)),
  );
}

function people({ plan, line, models, random, side, sign }: Site): Instance[] {
  const placed: Instance[] = [];
  for (let s = between(random, 10, 22); s < 280; s += between(random, 9, 30)) {
    if (atCrossing(plan, s, 3)) continue;
    const count = random() < 0.35 ? 2 : 1;
    for (let i = 0; i < count; i++) {
      const d = sign * between(random, side.kerb + 1.1, side.plots - 0.5);
      const at = spotAt(line, s + i * 0.3, d, KERB_HEIGHT, random() < 0.5 ? 0.1 : 3.2);
      const mesh = pick(random, models.people);
      placed.push(place(mesh, at, { scale: between(random, 0.92, 1.06), look: personLook(random) }));
    }
  }
  return placed;
}
