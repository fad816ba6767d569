import { createRandom } from '../random.ts';

const SIDE = 256;
const MASK = SIDE - 1;
const table = new Float32Array(SIDE * SIDE);
{
  const random = createRandom(20240817);
  for (let i = 0; i < table.length; i++) table[i] = random() * 2 - 1;
}

/** A fixed random number in [0, 1) for a lattice cell, for "every brick its own tone". Integers in. */
export function cellRandom(ix: number, iy: number): number {
  let h = Math.imul(ix, 0x27d4eb2d) ^ Math.imul(iy, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Smooth value noise in [-1, 1], one lattice cell a unit; repeats after 256 units. */
export function noise(x: number, y: number): number {
  const fx = Math.floor(x);
  const fy = Math.floor(y);
  let tx = x - fx;
  let ty = y - fy;
  tx = tx * tx * (3 - 2 * tx);
  ty = ty * ty * (3 - 2 * ty);
  const x0 = fx & MASK;
  const x1 = (fx + 1) & MASK;
  const r0 = (fy & MASK) * SIDE;
  const r1 = ((fy + 1) & MASK) * SIDE;
  const a = table[r0 + x0] as number;
  const b = table[r0 + x1] as number;
  const c = table[r1 + x0] as number;
  const d = table[r1 + x1] as number;
  const top = a + (b - a) * tx;
  const bottom = c + (d - c) * tx;
  return top + (bottom - top) * ty;
}

/**
 * Sum of noise octaves, each half as strong and half as large as the one before, about [-1, 1].
 * `size` is the length of the first octave's cell and `footprint` the width of a pixel on the surface, both in
 * metres: octaves finer than the pixel are left out, so that a far wall does not flicker.
 */
export function fractal(x: number, y: number, size: number, octaves: number, footprint: number): number {
  let sum = 0;
  let weight = 0.55;
  let cell = size;
  for (let i = 0; i < octaves; i++) {
    const seen = resolved(cell, footprint);
    if (seen <= 0) break;
    sum += weight * seen * noise(x / cell + i * 17.3, y / cell + i * 9.7);
    weight *= 0.55;
    cell *= 0.49;
  }
  return sum;
}

/** How much of a detail of `size` metres a pixel of `footprint` metres can show: 1 all, 0 nothing. */
export function resolved(size: number, footprint: number): number {
  const share = 1.6 - (1.6 * footprint) / size;
  return share < 0 ? 0 : Math.min(share, 1);
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}
