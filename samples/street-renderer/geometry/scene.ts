import { enter } from './box.ts';
import { type Bvh, buildBvh } from './bvh.ts';
import { boundsOf, type Instance } from './instance.ts';
import { type Hit, intersectMesh } from './intersect.ts';

/** All instances at one moment, with a tree over them. */
export interface Scene {
  readonly instances: readonly Instance[];
  readonly bvh: Bvh;
}

export function buildScene(instances: readonly Instance[]): Scene {
  const boxes = new Float64Array(instances.length * 6);
  instances.forEach((instance, i) => {
    boxes.set(boundsOf(instance), i * 6);
  });
  const { bvh, order } = buildBvh(boxes, 1);
  return { instances: Array.from(order, (i) => instances[i] as Instance), bvh };
}

const stack = new Int32Array(128);

/**
 * The first thing that a ray meets: fills `hit` and returns true, or returns false and leaves it as it was.
 * The direction need not be of unit length: `hit.t` counts in its lengths. With `any`, the first thing found will
 * do (for shadows).
 */
export function trace(
  scene: Scene,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  tMin: number,
  tMax: number,
  any: boolean,
  hit: Hit,
): boolean {
  const { bounds, first, count } = scene.bvh;
  const ix = 1 / dx;
  const iy = 1 / dy;
  const iz = 1 / dz;
  let depth = 0;
  let found = false;
  let reach = tMax;
  stack[depth++] = 0;
  while (depth > 0) {
    const node = stack[--depth] as number;
    if (!(enter(bounds, node * 6, ox, oy, oz, ix, iy, iz, reach) < reach)) continue;
    const items = count[node] as number;
    const start = first[node] as number;
    if (items === 0) {
      const a = enter(bounds, start * 6, ox, oy, oz, ix, iy, iz, reach);
      const b = enter(bounds, start * 6 + 6, ox, oy, oz, ix, iy, iz, reach);
      const near = a <= b ? start : start + 1;
      if (Math.max(a, b) < reach) stack[depth++] = near === start ? start + 1 : start;
      if (Math.min(a, b) < reach) stack[depth++] = near;
      continue;
    }
    for (let i = start; i < start + items; i++) {
      const instance = scene.instances[i] as Instance;
      const s = 1 / instance.scale;
      const px = ox - instance.x;
      const py = oy - instance.y;
      const pz = oz - instance.z;
      const c = instance.cos;
      const n = instance.sin;
      if (
        intersectMesh(
          instance.mesh,
          (px * c - pz * n) * s,
          -py * s,
          (px * n + pz * c) * s,
          (dx * c - dz * n) * s,
          -dy * s,
          (dx * n + dz * c) * s,
          tMin,
          reach,
          any,
          hit,
        )
      ) {
        found = true;
        hit.instance = instance;
        reach = hit.t;
        if (any) return true;
      }
    }
  }
  return found;
}
