import { type Mesh, MeshBuilder, normalOf, type Vec3 } from '../geometry/mesh.ts';
import { Material } from '../materials/material.ts';
import { between, type Random } from '../random.ts';

/** The shape of a tree or a bush, metres. */
export interface TreeShape {
  /** Height of the lowest leaves; 0 for a bush. */
  readonly clear: number;
  readonly height: number;
  /** Half the crown's width. */
  readonly radius: number;
  /** Number of leaf cards, and their side. */
  readonly leaves: number;
  readonly card: number;
}

interface Lobe {
  readonly at: Vec3;
  readonly radius: number;
}

/**
 * A broad-leaved tree: a bent trunk, boughs to each lobe of the crown, and thousands of small cards with leaf
 * clusters cut out of them, denser towards the crown's outside.
 */
export function buildTree(random: Random, shape: TreeShape): Mesh {
  const mesh = new MeshBuilder();
  const lobes = crownLobes(random, shape);
  if (shape.clear > 0) trunkAndBoughs(mesh, random, shape, lobes);
  const volumes = lobes.map((lobe) => lobe.radius ** 2);
  const total = volumes.reduce((sum, v) => sum + v, 0);
  lobes.forEach((lobe, index) => {
    const cards = Math.round((shape.leaves * (volumes[index] as number)) / total);
    for (let i = 0; i < cards; i++) leafCard(mesh, random, lobe, shape, lobes);
  });
  return mesh.build();
}

function crownLobes(random: Random, shape: TreeShape): Lobe[] {
  const middle = (shape.clear + shape.height) / 2;
  const half = (shape.height - shape.clear) / 2;
  const lobes: Lobe[] = [{ at: [0, middle, 0], radius: Math.min(half, shape.radius) * 0.62 }];
  const count = 14;
  for (let i = 0; i < count; i++) {
    const turn = i * 2.4 + between(random, -0.5, 0.5);
    const lift = -0.8 + (1.75 * i) / count + between(random, -0.12, 0.12);
    const out = shape.radius * Math.sqrt(Math.max(0.08, 1 - lift * lift)) * between(random, 0.42, 0.88);
    lobes.push({
      at: [Math.cos(turn) * out, middle + lift * half * 0.85, Math.sin(turn) * out],
      radius: Math.min(half, shape.radius) * between(random, 0.22, 0.46),
    });
  }
  return lobes;
}

function trunkAndBoughs(mesh: MeshBuilder, random: Random, shape: TreeShape, lobes: readonly Lobe[]): void {
  const thick = 0.055 + shape.height * 0.013;
  const lean = (): number => between(random, -0.12, 0.12);
  const fork: Vec3 = [lean(), shape.clear + (shape.height - shape.clear) * 0.22, lean()];
  const trunk: Vec3[] = [
    [0, -0.2, 0],
    [0, 0.12, 0],
    [lean() * 0.3, 0.6, lean() * 0.3],
    [fork[0] * 0.6 + lean() * 0.4, shape.clear * 0.8, fork[2] * 0.6],
    fork,
  ];
  mesh.tube(trunk, [thick * 1.7, thick * 1.35, thick * 1.05, thick * 0.9, thick * 0.7], 10, Material.bark);
  for (const lobe of lobes) {
    const start: Vec3 = [fork[0], fork[1] - between(random, 0, shape.clear * 0.25), fork[2]];
    const bend: Vec3 = [
      start[0] + (lobe.at[0] - start[0]) * 0.45 + lean() * 2,
      start[1] + (lobe.at[1] - start[1]) * 0.6,
      start[2] + (lobe.at[2] - start[2]) * 0.45 + lean() * 2,
    ];
    mesh.tube([start, bend, lobe.at], [thick * 0.5, thick * 0.32, thick * 0.12], 6, Material.bark);
    for (let i = 0; i < 3; i++) {
      const tip = onSphere(random);
      const reach = lobe.radius * 0.85;
      mesh.tube(
        [bend, [lobe.at[0] + tip[0] * reach, lobe.at[1] + tip[1] * reach, lobe.at[2] + tip[2] * reach]],
        [thick * 0.2, thick * 0.06],
        4,
        Material.bark,
      );
    }
  }
}

function leafCard(mesh: MeshBuilder, random: Random, lobe: Lobe, shape: TreeShape, lobes: readonly Lobe[]): void {
  const out = onSphere(random);
  const r = lobe.radius * Math.cbrt(between(random, 0.25, 1.15));
  const at: Vec3 = [lobe.at[0] + out[0] * r, lobe.at[1] + out[1] * r * 0.85, lobe.at[2] + out[2] * r];
  if (at[1] < Math.max(0.05, shape.clear * 0.8)) return;
  const turn = onSphere(random);
  // Leaves lie rather flat and look outwards.
  const facing: Vec3 = [out[0] + turn[0] * 0.9, Math.abs(out[1]) * 0.4 + 0.5 + turn[1] * 0.9, out[2] + turn[2] * 0.9];
  const e1 = normalOf(facing, onSphere(random));
  const e2 = normalOf(e1, facing);
  const side = shape.card * between(random, 0.75, 1.3);
  const p: Vec3 = [
    at[0] - (e1[0] + e2[0]) * side * 0.5,
    at[1] - (e1[1] + e2[1]) * side * 0.5,
    at[2] - (e1[2] + e2[2]) * side * 0.5,
  ];
  const crown = lobes[0] as Lobe;
  const fromCrown: Vec3 = [at[0] - crown.at[0], at[1] - crown.at[1] + 0.4, at[2] - crown.at[2]];
  const normal = unit([
    facing[0] * 0.45 + out[0] * 0.6 + fromCrown[0] * 0.35,
    facing[1] * 0.45 + out[1] * 0.6 + fromCrown[1] * 0.35,
    facing[2] * 0.45 + out[2] * 0.6 + fromCrown[2] * 0.35,
  ]);
  mesh.quad(
    p,
    [e1[0] * side, e1[1] * side, e1[2] * side],
    [e2[0] * side, e2[1] * side, e2[2] * side],
    Material.leaf,
    Math.floor(random() * 4),
    random(),
    normal,
  );
}

function unit(v: Vec3): Vec3 {
  const length = Math.hypot(v[0], v[1], v[2]) || 1;
  return [v[0] / length, v[1] / length, v[2] / length];
}

function onSphere(random: Random): Vec3 {
  const y = 2 * random() - 1;
  const turn = random() * Math.PI * 2;
  const r = Math.sqrt(1 - y * y);
  return [Math.cos(turn) * r, y, Math.sin(turn) * r];
}

/** A clipped hedge, x along it, as wide as `length` and `depth` deep, with its foot at y = 0. */
export function buildHedge(random: Random, length: number, depth: number, height: number): Mesh {
  const mesh = new MeshBuilder();
  mesh.box([-length / 2, 0, -depth / 2 + 0.1], [length / 2, height - 0.1, depth / 2 - 0.1], Material.hedgeCore);
  const count = Math.round(length * (height * 2 + depth) * 75);
  for (let i = 0; i < count; i++) {
    const top = random() < depth / (depth + 2 * height);
    const side = random() < 0.5 ? -1 : 1;
    const x = between(random, -length / 2, length / 2);
    const y = top ? height + between(random, -0.1, 0.06) : between(random, 0.03, height);
    const z = top ? between(random, -depth / 2, depth / 2) : side * (depth / 2 + between(random, -0.08, 0.05));
    const out: Vec3 = top ? [0, 1, 0] : [0, 0.25, side];
    const turn = onSphere(random);
    const facing: Vec3 = [out[0] + turn[0] * 0.8, out[1] + turn[1] * 0.8, out[2] + turn[2] * 0.8];
    const e1 = normalOf(facing, onSphere(random));
    const e2 = normalOf(e1, facing);
    const s = between(random, 0.16, 0.26);
    mesh.quad(
      [x - (e1[0] + e2[0]) * s * 0.5, y - (e1[1] + e2[1]) * s * 0.5, z - (e1[2] + e2[2]) * s * 0.5],
      [e1[0] * s, e1[1] * s, e1[2] * s],
      [e2[0] * s, e2[1] * s, e2[2] * s],
      Material.leaf,
      Math.floor(random() * 4),
      random(),
      unit([out[0] + facing[0] * 0.4, out[1] + facing[1] * 0.4 + 0.15, out[2] + facing[2] * 0.4]),
    );
  }
  return mesh.build();
}
