import type { Mesh } from '../geometry/mesh.ts';
import { createRandom } from '../random.ts';
import { Material } from './material.ts';
import { outsideSign } from './sign-face.ts';

const SIDE = 64;
const MASKS = 4;

/** Four square pictures of leaf clusters: 0 is air, 1..255 a leaf and its tone. */
const leaves = new Uint8Array(MASKS * SIDE * SIDE);
{
  const random = createRandom(4711);
  for (let mask = 0; mask < MASKS; mask++) {
    for (let leaf = 0; leaf < 13; leaf++) {
      const cx = (0.14 + 0.72 * random()) * SIDE;
      const cy = (0.14 + 0.72 * random()) * SIDE;
      const length = (0.15 + 0.09 * random()) * SIDE;
      const width = length * (0.42 + 0.16 * random());
      const turn = random() * Math.PI * 2;
      const tone = 70 + Math.floor(random() * 150);
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          const along = ((x - cx) * Math.cos(turn) + (y - cy) * Math.sin(turn)) / length;
          const across = (-(x - cx) * Math.sin(turn) + (y - cy) * Math.cos(turn)) / width;
          if (Math.abs(along) > 1) continue;
          // A leaf: round at the stalk, pointed at the tip, with a lighter vein.
          const edge = Math.sqrt(1 - Math.abs(along)) * (1 - 0.25 * along);
          if (Math.abs(across) > edge) continue;
          const vein = Math.abs(across) < 0.1 ? 30 : 0;
          leaves[(mask * SIDE + y) * SIDE + x] = Math.min(255, tone + vein);
        }
      }
    }
  }
}

/** The tone of the leaf at a place of a leaf card, 0 where there is none. `which` is the card's picture, 0..3. */
export function leafTone(which: number, u: number, v: number): number {
  const x = Math.min(SIDE - 1, Math.floor(u * SIDE));
  const y = Math.min(SIDE - 1, Math.floor(v * SIDE));
  return leaves[((which & 3) * SIDE + y) * SIDE + x] as number;
}

/** Whether a ray goes through a primitive where it meets it: between leaves, and in a car's wheel arches. */
export function isHole(mesh: Mesh, i: number, u: number, v: number, y: number, z: number): boolean {
  const material = mesh.material[i];
  if (material === Material.leaf) return leafTone(mesh.extra[i * 2] as number, u, v) === 0;
  if (material === Material.sign) return outsideSign(mesh.extra[i * 2] as number, u, v);
  if (material !== Material.carBody) return false;
  // extra = the z of the front and the rear axle; wheels are 0.31 m in radius, centred as high.
  const height = y - 0.31;
  if (height > 0.37) return false;
  const front = z - (mesh.extra[i * 2] as number);
  const rear = z - (mesh.extra[i * 2 + 1] as number);
  const round = 0.37 * 0.37;
  return front * front + height * height < round || rear * rear + height * height < round;
}
