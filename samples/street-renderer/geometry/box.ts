/**
 * Where a ray enters a box (0 if it starts inside), Infinity where it misses it or enters beyond `reach`.
 * `bounds[at..]` is min x, y, z, max x, y, z; ix, iy, iz are one over the ray's direction.
 */
export function enter(
  bounds: Float32Array,
  at: number,
  ox: number,
  oy: number,
  oz: number,
  ix: number,
  iy: number,
  iz: number,
  reach: number,
): number {
  const x0 = ((bounds[at] as number) - ox) * ix;
  const x1 = ((bounds[at + 3] as number) - ox) * ix;
  const y0 = ((bounds[at + 1] as number) - oy) * iy;
  const y1 = ((bounds[at + 4] as number) - oy) * iy;
  const z0 = ((bounds[at + 2] as number) - oz) * iz;
  const z1 = ((bounds[at + 5] as number) - oz) * iz;
  const near = Math.max(Math.min(x0, x1), Math.min(y0, y1), Math.min(z0, z1), 0);
  const far = Math.min(Math.max(x0, x1), Math.max(y0, y1), Math.max(z0, z1));
  return near <= far && near < reach ? near : Number.POSITIVE_INFINITY;
}
