import { isHole } from '../materials/holes.ts';
import { enter } from './box.ts';
import type { Instance } from './instance.ts';
import type { Mesh } from './mesh.ts';

/** What a ray met. `t` counts in lengths of the ray's direction; u and v are the place within the primitive. */
export interface Hit {
  t: number;
  u: number;
  v: number;
  primitive: number;
  instance: Instance | undefined;
}

export function createHit(): Hit {
  return { t: 0, u: 0, v: 0, primitive: 0, instance: undefined };
}

const stack = new Int32Array(128);
/** Where the ray enters each waiting node, so that those behind a hit are passed over. */
const entries = new Float64Array(128);

/**
 * The nearest primitive of one mesh along a ray in the mesh's own axes, by T. Möller and B. Trumbore, "Fast, minimum
 * storage ray/triangle intersection", 1997. Leaves and wheel arches have holes, which let the ray through.
 */
export function intersectMesh(
  mesh: Mesh,
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
  const { bounds, first, count } = mesh.bvh;
  const { shape, parallelogram } = mesh;
  const ix = 1 / dx;
  const iy = 1 / dy;
  const iz = 1 / dz;
  let reach = tMax;
  let found = false;
  let depth = 0;
  if (!(enter(bounds, 0, ox, oy, oz, ix, iy, iz, reach) < reach)) return false;
  stack[depth++] = 0;
  entries[0] = 0;
  while (depth > 0) {
    const node = stack[--depth] as number;
    if ((entries[depth] as number) >= reach) continue;
    const items = count[node] as number;
    const start = first[node] as number;
    if (items === 0) {
      const nearA = enter(bounds, start * 6, ox, oy, oz, ix, iy, iz, reach);
      const nearB = enter(bounds, start * 6 + 6, ox, oy, oz, ix, iy, iz, reach);
      const hitA = nearA < reach;
      const hitB = nearB < reach;
      if (hitA && hitB) {
        const far = nearA <= nearB ? 1 : 0;
        stack[depth] = start + far;
        entries[depth++] = far ? nearB : nearA;
        stack[depth] = start + 1 - far;
        entries[depth++] = far ? nearA : nearB;
      } else if (hitA) {
        stack[depth] = start;
        entries[depth++] = nearA;
      } else if (hitB) {
        stack[depth] = start + 1;
        entries[depth++] = nearB;
      }
      continue;
    }
    for (let i = start; i < start + items; i++) {
      const at = i * 9;
      const ax = shape[at + 3] as number;
      const ay = shape[at + 4] as number;
      const az = shape[at + 5] as number;
      const bx = shape[at + 6] as number;
      const by = shape[at + 7] as number;
      const bz = shape[at + 8] as number;
      const px = dy * bz - dz * by;
      const py = dz * bx - dx * bz;
      const pz = dx * by - dy * bx;
      const det = ax * px + ay * py + az * pz;
      if (det === 0) continue;
      const inverse = 1 / det;
      const sx = ox - (shape[at] as number);
      const sy = oy - (shape[at + 1] as number);
      const sz = oz - (shape[at + 2] as number);
      const u = (sx * px + sy * py + sz * pz) * inverse;
      if (u < 0 || u > 1) continue;
      const qx = sy * az - sz * ay;
      const qy = sz * ax - sx * az;
      const qz = sx * ay - sy * ax;
      const v = (dx * qx + dy * qy + dz * qz) * inverse;
      if (v < 0 || (parallelogram[i] ? v > 1 : u + v > 1)) continue;
      const t = (bx * qx + by * qy + bz * qz) * inverse;
      if (t <= tMin || t >= reach) continue;
      if (isHole(mesh, i, u, v, oy + t * dy, oz + t * dz)) continue;
      hit.t = t;
      hit.u = u;
      hit.v = v;
      hit.primitive = i;
      reach = t;
      found = true;
      if (any) return true;
    }
  }
  return found;
}
