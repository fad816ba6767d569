import { type Mesh, MeshBuilder, type Vec3 } from '../geometry/mesh.ts';
import { Material } from '../materials/material.ts';

/** A street lamp 7.5 m high; its arm reaches 1.6 m to +x. */
export function buildLampPost(): Mesh {
  const mesh = new MeshBuilder();
  mesh.tube(
    [
      [0, 0, 0],
      [0, 1.1, 0],
    ],
    [0.095, 0.09],
    10,
    Material.metal,
    0.22,
  );
  mesh.tube(
    [
      [0, 1.1, 0],
      [0, 6.8, 0],
      [0.15, 7.3, 0],
      [0.6, 7.5, 0],
      [1.2, 7.55, 0],
    ],
    [0.065, 0.05, 0.045, 0.04, 0.04],
    10,
    Material.metal,
    0.22,
  );
  mesh.box([1.1, 7.47, -0.13], [1.75, 7.6, 0.13], Material.metal, 0.3);
  mesh.quad([1.15, 7.465, -0.11], [0.55, 0, 0], [0, 0, 0.22], Material.lamp);
  return mesh.build();
}

/** The pictures that a sign can bear; the number is the material's first. */
export const signFaces = { limit30: 0, parking: 1, priority: 2, giveWay: 3, noStopping: 4, crossing: 5 } as const;

/** A traffic sign on a pole, its face looking to -z (towards who comes from there). */
export function buildSign(face: number): Mesh {
  const mesh = new MeshBuilder();
  const height = 2.35;
  mesh.tube(
    [
      [0, 0, 0.03],
      [0, height + 0.62, 0.03],
    ],
    [0.032, 0.032],
    8,
    Material.metal,
    0.4,
  );
  const side = face === signFaces.parking || face === signFaces.crossing ? 0.56 : 0.64;
  mesh.quad([-side / 2, height, 0], [side, 0, 0], [0, side, 0], Material.sign, face, 0);
  return mesh.build();
}

/** A grey cabinet as telephone companies put them on pavements. */
export function buildCabinet(): Mesh {
  const mesh = new MeshBuilder();
  mesh.box([-0.55, 0, -0.18], [0.55, 0.12, 0.18], Material.stone, 0);
  mesh.box([-0.52, 0.12, -0.16], [0.52, 1.25, 0.16], Material.metal, 0.42);
  mesh.box([-0.56, 1.25, -0.2], [0.56, 1.31, 0.2], Material.metal, 0.35);
  return mesh.build();
}

/** A wheeled dustbin 1.1 m high. */
export function buildBin(): Mesh {
  const mesh = new MeshBuilder();
  const ring = (y: number, w: number, d: number): Vec3[] => [
    [-w, y, -d],
    [w, y, -d],
    [w, y, d],
    [-w, y, d],
  ];
  const rings = [ring(0.08, 0.22, 0.25), ring(0.98, 0.28, 0.33)];
  for (let k = 0; k < 4; k++) {
    const a = rings[0] as Vec3[];
    const b = rings[1] as Vec3[];
    const m = (k + 1) % 4;
    mesh.face([a[k], a[m], b[m], b[k]] as unknown as [Vec3, Vec3, Vec3, Vec3], Material.cloth, 1);
  }
  mesh.box([-0.3, 0.98, -0.36], [0.3, 1.06, 0.36], Material.cloth, 1);
  return mesh.build();
}

/** A low wall with a coping or a fence of wooden pickets, along x. */
export function buildBoundary(length: number, kind: 'wall' | 'pickets' | 'railing'): Mesh {
  const mesh = new MeshBuilder();
  const half = length / 2;
  if (kind === 'wall') {
    mesh.box([-half, 0, -0.12], [half, 0.85, 0.12], Material.stone, 0);
    mesh.box([-half, 0.85, -0.17], [half, 0.93, 0.17], Material.stone, 1);
    return mesh.build();
  }
  const wooden = kind === 'pickets';
  mesh.box([-half, 0, -0.1], [half, 0.25, 0.1], Material.stone, 0);
  for (const y of wooden ? [0.4, 0.85] : [0.3, 1.1]) {
    mesh.box([-half, y, -0.03], [half, y + 0.05, 0.0], wooden ? Material.wood : Material.metal, 0.06);
  }
  const step = wooden ? 0.15 : 0.12;
  for (let x = -half; x < half; x += step) {
    if (wooden) mesh.box([x, 0.28, 0], [x + 0.09, 1.05, 0.025], Material.wood);
    else mesh.box([x, 0.25, -0.02], [x + 0.018, 1.15, 0], Material.metal, 0.06);
  }
  return mesh.build();
}
