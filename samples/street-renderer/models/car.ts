import { type Mesh, MeshBuilder, normalOf, type Vec3 } from '../geometry/mesh.ts';
import { Material } from '../materials/material.ts';
import { type CarShape, curveThrough } from './car-shapes.ts';

/** Half of a cross-section from the sill to the roof's middle, as [x, y] points. */
function section(shape: CarShape, behind: number): [number, number][] {
  const top = curveThrough(shape.top, behind);
  const belt = Math.min(curveThrough(shape.belt, behind), top - 0.03);
  const fromEnd = Math.min(behind, shape.length - behind);
  const round = Math.max(0, 1 - fromEnd / 0.75);
  const w = shape.halfWidth * (1 - 0.2 * round ** 2.6);
  const bottom = 0.21 + 0.06 * Math.max(0, 1 - fromEnd / 0.5);
  const cabin = Math.min(1, Math.max(0, (top - belt) / 0.48));
  const roof = w * (0.9 - 0.21 * cabin);
  const shoulder = w * (0.955 - 0.02 * cabin);
  const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
  const side = (t: number): number => mix(bottom + 0.1, belt - 0.02, t);
  return [
    [w * 0.86, bottom],
    [w * 0.965, bottom + 0.06],
    [w * 0.985, side(0.12)],
    [w * 0.998, side(0.4)],
    [w, side(0.62)],
    [w * 0.99, side(0.82)],
    [w * 0.975, side(0.94)],
    [shoulder, belt],
    [mix(shoulder, roof, 0.25), mix(belt, top - 0.05 * cabin, 0.3)],
    [mix(shoulder, roof, 0.58), mix(belt, top - 0.05 * cabin, 0.62)],
    [mix(shoulder, roof, 0.9), mix(belt, top - 0.05 * cabin, 0.88)],
    [roof * 0.93, top - 0.03 * cabin - 0.008],
    [roof * 0.78, top - 0.012 * cabin - 0.004],
    [roof * 0.4, top - 0.002],
    [0, top],
  ];
}

/** A car with its wheels on y = 0, its middle at x = z = 0 and its front towards +z. */
export function buildCar(shape: CarShape): Mesh {
  const mesh = new MeshBuilder();
  const half = shape.length / 2;
  const stations: number[] = [];
  for (let i = 0; i <= 54; i++) {
    const t = i / 54;
    // More stations at both ends, where the outline bends.
    stations.push(shape.length * (t + (0.55 * Math.sin(2 * Math.PI * (t - 0.5))) / (2 * Math.PI)));
  }
  const rings = stations.map((behind): Vec3[] => {
    const right = section(shape, behind);
    const points = right.map(([x, y]): Vec3 => [x, y, half - behind]);
    const left = right
      .slice(0, -1)
      .reverse()
      .map(([x, y]): Vec3 => [-x, y, half - behind]);
    return [...points, ...left];
  });
  const axles: [number, number] = [half - shape.front, half - shape.rear];
  mesh.loft(rings, smoothNormals(rings), false, () => Material.carBody, ...axles);
  for (const end of [0, rings.length - 1]) {
    const ring = rings[end] as Vec3[];
    const normal: Vec3 = [0, 0, end === 0 ? 1 : -1];
    for (let k = 0; k < (ring.length - 1) / 2; k++) {
      const mirrored = ring.length - 1 - k;
      const corners = [ring[k], ring[k + 1], ring[mirrored - 1], ring[mirrored]] as unknown as [Vec3, Vec3, Vec3, Vec3];
      mesh.face(corners, Material.carBody, ...axles, [normal, normal, normal, normal]);
    }
  }
  // The dark inside that shows in the wheel arches, and the shadow of the underbody.
  mesh.box([-shape.halfWidth + 0.24, 0.17, -half + 0.25], [shape.halfWidth - 0.24, 0.72, half - 0.25], Material.rubber);
  for (const z of axles) for (const side of [-1, 1]) wheel(mesh, side * (shape.halfWidth - 0.015), z, side);
  const mirrorAt = half - curveLookup(shape);
  for (const side of [-1, 1]) {
    const x = side * (shape.halfWidth + 0.06);
    const y = curveThrough(shape.belt, half - mirrorAt) + 0.07;
    mesh.tube(
      [
        [x - side * 0.09, y, mirrorAt + 0.06],
        [x, y + 0.01, mirrorAt + 0.03],
        [x, y + 0.01, mirrorAt - 0.06],
      ],
      [0.05, 0.085, 0.07],
      8,
      Material.carCabin,
      1,
      true,
    );
  }
  return mesh.build();
}

/** How far behind the bumper the wing mirrors sit: where the windscreen has risen well above the belt. */
function curveLookup(shape: CarShape): number {
  let behind = 0.6;
  while (curveThrough(shape.top, behind) - curveThrough(shape.belt, behind) < 0.24) behind += 0.02;
  return behind + 0.12;
}

function wheel(mesh: MeshBuilder, x: number, z: number, side: number): void {
  const sides = 28;
  const inner = x - side * 0.21;
  const shoulder = x - side * 0.025;
  for (let k = 0; k < sides; k++) {
    const at = (turn: number, radius: number, where: number): Vec3 => [
      where,
      0.31 + Math.sin(turn) * radius,
      z + Math.cos(turn) * radius,
    ];
    const a = (k * 2 * Math.PI) / sides;
    const b = ((k + 1) * 2 * Math.PI) / sides;
    mesh.face([at(a, 0.31, inner), at(b, 0.31, inner), at(b, 0.31, shoulder), at(a, 0.31, shoulder)], Material.rubber);
    mesh.face([at(a, 0.31, shoulder), at(b, 0.31, shoulder), at(b, 0.28, x), at(a, 0.28, x)], Material.wheel, z);
    mesh.triangle(at(a, 0.28, x), at(b, 0.28, x), [x - side * 0.03, 0.31, z], Material.wheel, z);
  }
}

/** Normals of a grid of points by the differences to the neighbours. */
function smoothNormals(rings: readonly (readonly Vec3[])[]): Vec3[][] {
  return rings.map((ring, i) =>
    ring.map((_, k) => {
      const before = (rings[Math.max(0, i - 1)] as readonly Vec3[])[k] as Vec3;
      const after = (rings[Math.min(rings.length - 1, i + 1)] as readonly Vec3[])[k] as Vec3;
      const below = ring[Math.max(0, k - 1)] as Vec3;
      const above = ring[Math.min(ring.length - 1, k + 1)] as Vec3;
      const along: Vec3 = [after[0] - before[0], after[1] - before[1], after[2] - before[2]];
      const across: Vec3 = [above[0] - below[0], above[1] - below[1], above[2] - below[2]];
      return normalOf(across, along);
    }),
  );
}
