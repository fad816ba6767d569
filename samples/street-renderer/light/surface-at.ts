import type { Instance } from '../geometry/instance.ts';
import type { Hit } from '../geometry/intersect.ts';
import { Material, type SurfacePoint } from '../materials/material.ts';

export function createSurfacePoint(): SurfacePoint {
  return {
    x: 0,
    y: 0,
    z: 0,
    nx: 0,
    ny: 0,
    nz: 0,
    u: 0,
    v: 0,
    a: 0,
    b: 0,
    footprint: 0,
    look: new Float64Array(12),
  };
}

/**
 * Fills `p` with the place that a ray met, in the model's axes, and returns its material. The normal is the smooth
 * one, turned to the ray's side; leaves keep the normal of the crown that they belong to.
 */
export function surfaceAt(
  hit: Hit,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  pixelAngle: number,
  p: SurfacePoint,
): number {
  const instance = hit.instance as Instance;
  const { mesh, cos: c, sin: s } = instance;
  const inverse = 1 / instance.scale;
  const wx = ox + dx * hit.t - instance.x;
  const wy = oy + dy * hit.t - instance.y;
  const wz = oz + dz * hit.t - instance.z;
  p.x = (wx * c - wz * s) * inverse;
  p.y = -wy * inverse;
  p.z = (wx * s + wz * c) * inverse;
  const i = hit.primitive;
  const material = mesh.material[i] as number;
  p.u = hit.u;
  p.v = hit.v;
  p.a = mesh.extra[i * 2] as number;
  p.b = mesh.extra[i * 2 + 1] as number;
  p.look = instance.look;
  const { shape, normals } = mesh;
  const k = i * 9;
  const e1x = shape[k + 3] as number;
  const e1y = shape[k + 4] as number;
  const e1z = shape[k + 5] as number;
  const e2x = shape[k + 6] as number;
  const e2y = shape[k + 7] as number;
  const e2z = shape[k + 8] as number;
  let gx = e1y * e2z - e1z * e2y;
  let gy = e1z * e2x - e1x * e2z;
  let gz = e1x * e2y - e1y * e2x;
  const lx = dx * c - dz * s;
  const ly = -dy;
  const lz = dx * s + dz * c;
  let facing = gx * lx + gy * ly + gz * lz;
  if (facing > 0) {
    gx = -gx;
    gy = -gy;
    gz = -gz;
    facing = -facing;
  }
  const length = Math.hypot(lx, ly, lz);
  const grazing = -facing / (length * Math.hypot(gx, gy, gz) + 1e-30);
  p.footprint = (hit.t * length * pixelAngle * inverse) / Math.sqrt(Math.max(0.03, grazing));
  const flat = mesh.parallelogram[i] === 1;
  const u = flat ? 0 : hit.u;
  const v = flat ? 0 : hit.v;
  const w = 1 - u - v;
  let nx = w * (normals[k] as number) + u * (normals[k + 3] as number) + v * (normals[k + 6] as number);
  let ny = w * (normals[k + 1] as number) + u * (normals[k + 4] as number) + v * (normals[k + 7] as number);
  let nz = w * (normals[k + 2] as number) + u * (normals[k + 5] as number) + v * (normals[k + 8] as number);
  const scale =
    (nx * gx + ny * gy + nz * gz < 0 && material !== Material.leaf ? -1 : 1) / (Math.hypot(nx, ny, nz) || 1);
  nx *= scale;
  ny *= scale;
  nz *= scale;
  p.nx = nx;
  p.ny = ny;
  p.nz = nz;
  return material;
}
