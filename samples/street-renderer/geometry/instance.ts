import type { Mesh } from './mesh.ts';

/**
 * A mesh put somewhere in the world: turned about the vertical, scaled evenly, moved.
 * World axes are the camera's of frame 0 (x right, y DOWN, z forward); a model's y is up, so placing flips it.
 */
export interface Instance {
  readonly mesh: Mesh;
  /** Where the model's origin lies in the world, metres. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Heading in radians: the model's z axis points to (sin, 0, cos) in the world, its x axis to (cos, 0, -sin). */
  readonly heading: number;
  readonly scale: number;
  /** Numbers that the materials read: colours and the like. */
  readonly look: Float64Array;
  /** 0 for what stands still, else the number of the moving object, from 1. */
  readonly mover: number;
  readonly cos: number;
  readonly sin: number;
}

export function place(
  mesh: Mesh,
  at: { readonly x: number; readonly y: number; readonly z: number; readonly heading: number },
  options: { readonly scale?: number; readonly look?: readonly number[]; readonly mover?: number } = {},
): Instance {
  return {
    mesh,
    x: at.x,
    y: at.y,
    z: at.z,
    heading: at.heading,
    scale: options.scale ?? 1,
    look: Float64Array.from({ length: 12 }, (_, i) => options.look?.[i] ?? 0),
    mover: options.mover ?? 0,
    cos: Math.cos(at.heading),
    sin: Math.sin(at.heading),
  };
}

/** The axis-parallel box around an instance in the world: min x, y, z, max x, y, z. */
export function boundsOf(instance: Instance): Float64Array {
  const { bounds } = instance.mesh.bvh;
  const box = Float64Array.of(Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity);
  for (let corner = 0; corner < 8; corner++) {
    const lx = (bounds[corner & 1 ? 3 : 0] as number) * instance.scale;
    const ly = (bounds[corner & 2 ? 4 : 1] as number) * instance.scale;
    const lz = (bounds[corner & 4 ? 5 : 2] as number) * instance.scale;
    const world = [
      instance.x + lx * instance.cos + lz * instance.sin,
      instance.y - ly,
      instance.z - lx * instance.sin + lz * instance.cos,
    ];
    for (let k = 0; k < 3; k++) {
      box[k] = Math.min(box[k] as number, world[k] as number);
      box[k + 3] = Math.max(box[k + 3] as number, world[k] as number);
    }
  }
  return box;
}
