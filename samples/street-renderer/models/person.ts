import { type Mesh, MeshBuilder, type Vec3 } from '../geometry/mesh.ts';
import { Material } from '../materials/material.ts';
import { between, type Random } from '../random.ts';

/**
 * A standing grown-up of 1.75 m, feet on y = 0, looking to +z. Cloth's first number says trousers (0), jacket (1)
 * or shoes (2); the instance holds the colours.
 */
export function buildPerson(random: Random): Mesh {
  const mesh = new MeshBuilder();
  const stride = between(random, 0.05, 0.16);
  for (const side of [-1, 1]) {
    const hip: Vec3 = [side * 0.09, 0.92, 0];
    const step = side * stride;
    mesh.tube(
      [hip, [side * 0.1, 0.5, step * 0.5 + 0.02], [side * 0.1, 0.09, step]],
      [0.1, 0.075, 0.06],
      9,
      Material.cloth,
      0,
    );
    mesh.tube(
      [
        [side * 0.1, 0.05, step - 0.09],
        [side * 0.105, 0.06, step + 0.02],
        [side * 0.11, 0.035, step + 0.17],
      ],
      [0.045, 0.055, 0.035],
      7,
      Material.cloth,
      2,
      true,
    );
    const shoulder: Vec3 = [side * 0.2, 1.42, 0];
    const elbow: Vec3 = [side * 0.27, 1.14, -side * stride * 0.5 - 0.02];
    const hand: Vec3 = [side * 0.25, 0.9, 0.1 - side * stride * 0.4];
    mesh.tube([[side * 0.13, 1.44, 0], shoulder, elbow, hand], [0.06, 0.068, 0.052, 0.04], 8, Material.cloth, 1);
    mesh.tube(
      [hand, [hand[0], hand[1] - 0.06, hand[2] + 0.01], [hand[0], hand[1] - 0.12, hand[2] + 0.02]],
      [0.035, 0.042, 0.02],
      6,
      Material.skin,
      0,
      true,
    );
  }
  oval(
    mesh,
    [
      [0.86, 0.15, 0.11],
      [0.94, 0.165, 0.12],
      [1.06, 0.15, 0.105],
      [1.2, 0.17, 0.115],
      [1.34, 0.2, 0.12],
      [1.44, 0.19, 0.1],
      [1.49, 0.1, 0.075],
      [1.51, 0.06, 0.06],
    ],
    0,
    Material.cloth,
    1,
  );
  oval(
    mesh,
    [
      [1.47, 0.055, 0.055],
      [1.54, 0.055, 0.06],
    ],
    0,
    Material.skin,
    0,
  );
  oval(
    mesh,
    [
      [1.52, 0.03, 0.04],
      [1.54, 0.055, 0.075],
      [1.59, 0.07, 0.092],
      [1.66, 0.078, 0.098],
      [1.7, 0.07, 0.085],
    ],
    0.015,
    Material.skin,
    0,
  );
  oval(
    mesh,
    [
      [1.58, 0.06, 0.05],
      [1.62, 0.085, 0.085],
      [1.69, 0.088, 0.1],
      [1.74, 0.07, 0.08],
      [1.765, 0.02, 0.03],
    ],
    -0.015,
    Material.hair,
    0,
  );
  return mesh.build();
}

/** A stack of ellipses: [height, half width, half depth]. */
function oval(
  mesh: MeshBuilder,
  rings: readonly (readonly [number, number, number])[],
  z: number,
  material: number,
  a: number,
): void {
  const sides = 14;
  const points = rings.map(([y, w, d]) =>
    Array.from(
      { length: sides },
      (_, k): Vec3 => [Math.cos((k / sides) * 2 * Math.PI) * w, y, z + Math.sin((k / sides) * 2 * Math.PI) * d],
    ),
  );
  const normals = rings.map(([, w, d]) =>
    Array.from({ length: sides }, (_, k): Vec3 => {
      const x = Math.cos((k / sides) * 2 * Math.PI) / w;
      const y = Math.sin((k / sides) * 2 * Math.PI) / d;
      const length = Math.hypot(x, y);
      return [x / length, 0, y / length];
    }),
  );
  mesh.loft(points, normals, true, () => material, a);
}
