import { type Instance, place } from '../geometry/instance.ts';
import { buildBuilding } from '../models/building.ts';
import { buildBoundary } from '../models/furniture.ts';
import { buildHedge } from '../models/tree.ts';
import { between, pick, type Random } from '../random.ts';
import type { CentreLine } from './centre-line.ts';
import { isDense, KERB_HEIGHT, type StreetPlan } from './plan.ts';
import { spotAt } from './spot.ts';

/** Plaster, brick and sandstone, linear red, green, blue. */
const walls: readonly (readonly [number, number, number])[] = [
  [0.62, 0.55, 0.42],
  [0.66, 0.63, 0.56],
  [0.55, 0.42, 0.29],
  [0.6, 0.5, 0.33],
  [0.45, 0.46, 0.47],
  [0.68, 0.67, 0.64],
  [0.52, 0.35, 0.25],
  [0.42, 0.47, 0.42],
  [0.6, 0.57, 0.47],
  [0.36, 0.4, 0.46],
];
const bricks: readonly (readonly [number, number, number])[] = [
  [0.25, 0.115, 0.08],
  [0.31, 0.19, 0.125],
  [0.22, 0.12, 0.095],
];
const sandstones: readonly (readonly [number, number, number])[] = [
  [0.4, 0.26, 0.18],
  [0.45, 0.36, 0.24],
  [0.36, 0.22, 0.17],
];
const roofs: readonly (readonly [number, number, number])[] = [
  [0.27, 0.1, 0.06],
  [0.2, 0.09, 0.06],
  [0.12, 0.09, 0.08],
  [0.3, 0.14, 0.08],
];
const shutters: readonly (readonly [number, number, number])[] = [
  [0.06, 0.14, 0.09],
  [0.14, 0.07, 0.04],
  [0.08, 0.1, 0.14],
  [0.3, 0.28, 0.25],
  [0.13, 0.035, 0.03],
  [0.06, 0.05, 0.045],
];

/** Houses on both sides with what stands at the edge of their plots, and along the crossing road. */
export function placeHouses(plan: StreetPlan, line: CentreLine, random: Random): Instance[] {
  const placed: Instance[] = [];
  for (const sign of [-1, 1]) {
    const side = sign < 0 ? plan.left : plan.right;
    const open = (s: number, w: number): boolean =>
      Math.abs(s + w / 2 - plan.crossing.s) < w / 2 + plan.crossing.half + 2.2;
    let s = -35;
    while (s < 330) {
      const dense = isDense(plan, side, s);
      const width = dense ? between(random, 9, 16) : between(random, 9, 14);
      if (open(s, width)) {
        const end = plan.crossing.s - plan.crossing.half - 2.3;
        s = s < end - 6 ? placeOne(end - s, s) : Math.max(s + 1, plan.crossing.s + plan.crossing.half + 2.3);
        continue;
      }
      s = placeOne(width, s);
      if (!dense) s += between(random, 3, 7);
      else if (random() < 0.12) s += between(random, 2, 4);
    }
    function placeOne(width: number, from: number): number {
      const dense = isDense(plan, side, from);
      const setback = dense ? (random() < 0.75 ? 0.02 : 2.5) : between(random, 3, 6);
      const floors = dense ? 2 + Math.floor(random() * 2.4) : 1 + Math.floor(random() * 1.7);
      const at = spotAt(line, from + width / 2, sign * (side.plots + setback), KERB_HEIGHT, (-sign * Math.PI) / 2);
      placed.push(house(random, at, width - (dense ? 0.04 : 0), floors, dense));
      if (setback > 1) boundary(from, from + width + (dense ? 0 : 4));
      return from + width;
    }
    function boundary(from: number, to: number): void {
      const kind = pick(random, ['hedge', 'hedge', 'wall', 'pickets', 'railing'] as const);
      const end =
        Math.abs(to - plan.crossing.s) < plan.crossing.half + 2 ? plan.crossing.s - plan.crossing.half - 2.2 : to;
      const pieces = Math.max(1, Math.round((end - from) / 4));
      const length = (end - from) / pieces;
      if (!(length > 0.5)) return;
      const mesh =
        kind === 'hedge'
          ? buildHedge(random, length + 0.1, 0.7, between(random, 0.9, 1.9))
          : buildBoundary(length, kind);
      const tint = kind === 'hedge' ? [0.045, 0.1, 0.028, 0] : [...pick(random, [...walls, ...sandstones]), 0];
      const gate = Math.floor(random() * pieces);
      for (let i = 0; i < pieces; i++) {
        if (i === gate && pieces > 2) continue;
        const spot = spotAt(
          line,
          from + (i + 0.5) * length,
          sign * (side.plots + 0.4),
          KERB_HEIGHT,
          (-sign * Math.PI) / 2,
        );
        placed.push(place(mesh, spot, { look: tint }));
      }
    }
  }
  alongCrossing(plan, line, random, placed);
  return placed;
}

function house(
  random: Random,
  at: Parameters<typeof place>[1],
  width: number,
  floors: number,
  dense: boolean,
): Instance {
  const depth = dense ? 11 : between(random, 8, 10);
  const mesh = buildBuilding(random, {
    width,
    depth,
    floors,
    floorHeight: between(random, 2.75, 3.25),
    base: between(random, 0.35, 0.9),
    roofHeight: depth * between(random, 0.3, 0.45),
    balconies: random() < 0.3,
    shutters: random() < 0.35,
    shop: dense && random() < 0.15,
    garage: random() < 0.35,
  });
  const kind = random() < 0.62 ? 0 : random() < 0.5 ? 1 : 2;
  const wall = pick(random, kind === 0 ? walls : kind === 1 ? bricks : sandstones);
  const roof = pick(random, roofs);
  const shutter = pick(random, shutters);
  // look: wall colour 0..2, wall kind 3, roof 4..6, shutters and doors 7..9, a number of its own 10.
  return place(mesh, at, { look: [...wall, kind, ...roof, ...shutter, random() * 100] });
}

/** Houses along the crossing road, and one at the far end that closes the view. */
function alongCrossing(plan: StreetPlan, line: CentreLine, random: Random, placed: Instance[]): void {
  for (const sign of [-1, 1]) {
    const side = sign < 0 ? plan.left : plan.right;
    for (const end of [-1, 1]) {
      let d = side.plots + 14;
      while (d < 62) {
        const width = between(random, 10, 14);
        const at = spotAt(
          line,
          plan.crossing.s + end * (plan.crossing.half + 2.2),
          sign * (d + width / 2),
          KERB_HEIGHT,
          end > 0 ? Math.PI : 0,
        );
        placed.push(house(random, at, width, 2 + Math.floor(random() * 2), false));
        d += width + 1;
      }
    }
    const at = spotAt(line, plan.crossing.s, sign * 66, KERB_HEIGHT, (-sign * Math.PI) / 2);
    placed.push(house(random, at, 15, 3, true));
  }
}
