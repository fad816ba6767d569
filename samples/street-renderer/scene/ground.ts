import { type Mesh, MeshBuilder } from '../geometry/mesh.ts';
import { Material } from '../materials/material.ts';
import type { CentreLine } from './centre-line.ts';
import { KERB_HEIGHT, type StreetPlan } from './plan.ts';

const STEP = 2;
const WIDE = 70;

/**
 * The ground as one mesh in world x and z with y up: the plane y = 0 everywhere (the road, truly flat) and on it the
 * pavements and plots, KERB_HEIGHT higher, open where the other road crosses.
 */
export function buildGround(plan: StreetPlan, line: CentreLine): Mesh {
  const mesh = new MeshBuilder();
  mesh.quad([-400, 0, -200], [800, 0, 0], [0, 0, 800], Material.ground);
  const point = (s: number, d: number, y: number): [number, number, number] => {
    const p = line.at(s);
    return [p.x + d * Math.cos(p.heading), y, p.z - d * Math.sin(p.heading)];
  };
  const { s: middle, half } = plan.crossing;
  const stretches: [number, number][] = [
    [-50, middle - half],
    [middle + half, 400],
  ];
  for (const sign of [-1, 1]) {
    const { kerb } = sign < 0 ? plan.left : plan.right;
    const inner = sign * kerb;
    const outer = sign * WIDE;
    for (const [from, to] of stretches) {
      const steps = Math.ceil((to - from) / STEP);
      for (let i = 0; i < steps; i++) {
        const s0 = from + ((to - from) * i) / steps;
        const s1 = from + ((to - from) * (i + 1)) / steps;
        mesh.face(
          [
            point(s0, inner, KERB_HEIGHT),
            point(s1, inner, KERB_HEIGHT),
            point(s1, outer, KERB_HEIGHT),
            point(s0, outer, KERB_HEIGHT),
          ],
          Material.ground,
          1,
        );
        mesh.face(
          [point(s0, inner, 0), point(s1, inner, 0), point(s1, inner, KERB_HEIGHT), point(s0, inner, KERB_HEIGHT)],
          Material.kerb,
        );
      }
    }
    for (const s of [middle - half, middle + half]) {
      mesh.face(
        [point(s, inner, 0), point(s, outer, 0), point(s, outer, KERB_HEIGHT), point(s, inner, KERB_HEIGHT)],
        Material.kerb,
      );
    }
  }
  return mesh.build();
}
