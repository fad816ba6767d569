import type { Surface, SurfacePoint } from './material.ts';
import { cellRandom, fractal, noise, resolved, smoothstep } from './noise.ts';

/** Along and up the wall, whichever way it looks. */
function along(p: SurfacePoint): number {
  return Math.abs(p.nx) > 0.6 ? p.z : p.x;
}

/** Plaster, brick or sandstone (look 3), with the weather's traces. Number a: 1 in a window's reveal; b: eaves. */
export function paintWall(p: SurfacePoint, out: Surface): Surface {
  const { look, footprint: f } = p;
  const kind = look[3] as number;
  const own = look[10] as number;
  const x = along(p) + own;
  const y = p.y;
  let k = 1;
  if (kind === 0) {
    k += 0.1 * fractal(x, y, 1.7, 4, f) + 0.12 * fractal(x, y, 0.035, 2, f) + 0.06 * fractal(x, y, 0.2, 2, f);
    const bump = 0.1 * resolved(0.04, f);
    out.bumpX = bump * noise(x * 30, y * 30);
    out.bumpY = bump * noise(x * 30 + 50, y * 30);
  } else {
    const high = kind === 1 ? 0.077 : 0.3;
    const long = kind === 1 ? 0.25 : 0.62;
    const row = Math.floor(y / high);
    const shifted = x / long + (row & 1) * 0.5 + (kind === 2 ? cellRandom(row, 3) * 0.3 : 0);
    const column = Math.floor(shifted);
    const seen = resolved(long * 0.6, f);
    const tone = cellRandom(column, row + Math.floor(own * 10));
    k *= 1 + (tone - 0.5) * (kind === 2 ? 0.36 : 0.45) * seen;
    k *= 1 + (kind === 2 ? 0.22 : 0.16) * fractal(x, y, 0.11, 3, f) + 0.14 * fractal(x, y, 1.4, 3, f);
    const joint = kind === 1 ? 0.006 : 0.012;
    const gap = Math.min(
      Math.min(shifted - column, 1 - shifted + column) * long,
      Math.min(y / high - row, 1 - y / high + row) * high,
    );
    const inJoint = gap < joint + f * 0.15;
    if (inJoint) k *= 1 + (kind === 1 ? 0.7 : -0.45) * resolved(high * 0.5, f);
    if (kind === 2) {
      const bump = 0.1 * resolved(0.1, f);
      out.bumpX = bump * fractal(x, y, 0.11, 2, f);
      out.bumpY = bump * fractal(x + 50, y, 0.11, 2, f);
    }
  }
  // Some houses have a ground floor of another tone, scored like great blocks.
  if (kind === 0 && own % 1 > 0.55 && y < 3.35 && p.a !== 1) {
    const score = Math.min(y % 0.42, Math.abs((x / 0.9 + Math.floor(y / 0.42) * 0.5) % 1) * 0.9);
    k *= own % 0.1 > 0.05 ? 0.78 : 0.88;
    if (score < 0.022 + f * 0.2) k *= 1 - 0.3 * resolved(0.08, f);
  }
  // Rain runs down in streaks, splashes at the foot, and leaves the wall under the eaves clean.
  k *= 1 - 0.22 * smoothstep(0.1, 0.8, noise(x * 2.3, y * 0.12 + own) + 0.3 * noise(x * 9, y * 0.3));
  k *= 1 - 0.35 * smoothstep(0.9, 0, y + 0.25 * noise(x * 1.9, own));
  if (p.a === 1) k *= 0.95;
  out.r = Math.min(0.85, (look[0] as number) * k);
  out.g = Math.min(0.85, (look[1] as number) * k * (1 - 0.01 * (k - 1)));
  out.b = Math.min(0.85, (look[2] as number) * k);
  return out;
}

/** Clay tiles in rows; u runs along the eaves, v up the slope, both lengths are the primitive's numbers. */
export function paintRoof(p: SurfacePoint, out: Surface): Surface {
  const { look, footprint: f } = p;
  const up = (p.v * p.a) / 0.34;
  const side = (p.u * p.b) / 0.23;
  const row = Math.floor(up);
  const column = Math.floor(side);
  const seen = resolved(0.25, f * 0.7);
  let k = 1 + (cellRandom(column, row) - 0.5) * 0.5 * seen;
  k *= 1 - 0.45 * seen * smoothstep(0.25, 0, up - row) - 0.25 * seen * smoothstep(0.16, 0, side - column);
  k *= 1 + 0.25 * fractal(p.x + (look[10] as number), p.v * p.a, 1.6, 3, f);
  const moss = smoothstep(0.25, 0.7, noise(p.x * 1.1, p.v * p.a * 1.1 + (look[10] as number)));
  out.r = (look[4] as number) * k * (1 - 0.4 * moss);
  out.g = (look[5] as number) * k * (1 - 0.1 * moss);
  out.b = (look[6] as number) * k * (1 - 0.4 * moss);
  return out;
}

/**
 * A window of two casements with white bars, curtains behind it and a blind now and then. Number a: 0..1 at random,
 * 2..3 for a shop; b: width in metres.
 */
export function paintGlass(p: SurfacePoint, out: Surface): Surface {
  const shop = p.a >= 2;
  const random = p.a - Math.floor(p.a);
  const w = p.b;
  const fromEdge = Math.min(p.u, 1 - p.u) * w;
  const bar = shop ? 0.05 : 0.065;
  const middle = shop ? Math.abs(((p.u * w) / 1.6) % 1) * 1.6 : Math.abs(p.u - 0.5) * w;
  const cross = !shop && random > 0.35 ? Math.abs(p.v - 0.7) * 1.6 : 1;
  const edgeV = Math.min(p.v, 1 - p.v) * 1.6;
  if (fromEdge < bar || edgeV < bar || middle < bar * 0.55 || cross < bar * 0.5) {
    const tone = (shop ? 0.12 : random < 0.25 ? 0.13 : 0.7) * (0.9 + 0.1 * noise(p.x * 20, p.y * 20));
    out.r = tone;
    out.g = tone * 0.97;
    out.b = tone * 0.92;
    out.mirror = 0.02;
    return out;
  }
  out.mirror = 0.09;
  if (random > 0.72 && !shop) {
    // A rolled-down blind of slats.
    const shut = 0.25 + 0.7 * ((random * 37) % 1);
    if (1 - p.v < shut) {
      const slat = Math.abs((p.y / 0.055) % 1) < 0.2 ? 0.8 : 1;
      const k = 0.5 * (1 + (slat - 1) * resolved(0.06, p.footprint));
      out.r = k;
      out.g = k * 0.97;
      out.b = k * 0.9;
      out.mirror = 0.02;
      return out;
    }
  }
  const curtain = random < 0.5 ? smoothstep(0.2, 0.12, Math.min(p.u, 1 - p.u)) : smoothstep(0.3, 0.0, p.v) * 0.5;
  const folds = 0.75 + 0.25 * Math.sin(p.u * w * 60);
  const inside = 0.012 + 0.02 * (0.5 + 0.5 * noise(p.x * 2.2 + random * 50, p.y * 2.2));
  const k = inside + (0.28 * folds - inside) * curtain * (shop ? 0.2 : 1);
  out.r = k * 1.05;
  out.g = k;
  out.b = k * 0.93;
  return out;
}

/** Sills, surrounds, chimneys, base courses, walls: a = 1 dressed and pale, a = 0 rough. */
export function paintStone(p: SurfacePoint, out: Surface): Surface {
  const f = p.footprint;
  const x = along(p);
  const rough = p.a === 0;
  let k = rough ? 0.19 : 0.42;
  k *= 1 + 0.22 * fractal(x, p.y + p.z * 0.5, 0.4, 4, f) + 0.18 * fractal(x, p.y + p.z, 0.03, 2, f);
  k *= 1 - 0.25 * smoothstep(0.2, 0.8, noise(x * 3, p.y * 0.4));
  if (rough) {
    const row = Math.floor(p.y / 0.24);
    const shifted = x / 0.5 + (row & 1) * 0.5;
    const tone = cellRandom(Math.floor(shifted), row);
    k *= 0.8 + 0.4 * tone;
    const gap = Math.min((shifted - Math.floor(shifted)) * 0.5, (p.y / 0.24 - row) * 0.24);
    if (gap < 0.012 + f * 0.15) k *= 1 - 0.4 * resolved(0.1, f);
  }
  out.r = k * 1.05;
  out.g = k * 0.98;
  out.b = k * 0.88;
  return out;
}

/** House doors of panelled wood with a pane; number a is at random. */
export function paintDoor(p: SurfacePoint, out: Surface): Surface {
  const panel = Math.min(Math.abs(((p.u * 2) % 1) - 0.5), Math.abs(((p.v * 3) % 1) - 0.5));
  let k = panel > 0.34 ? 1 : 0.75;
  k *= 1 + 0.2 * fractal(p.x * 6, p.y * 0.5, 0.4, 3, p.footprint);
  if (p.v > 0.62 && p.v < 0.93 && p.u > 0.18 && p.u < 0.82) {
    out.r = out.g = out.b = 0.02;
    out.mirror = 0.08;
    return out;
  }
  out.r = (p.look[7] as number) * k;
  out.g = (p.look[8] as number) * k;
  out.b = (p.look[9] as number) * k;
  out.mirror = 0.02;
  return out;
}

/** Shutters with slats (a = 0), awnings with stripes (a = 1), garage doors (`broad`). */
export function paintShutter(p: SurfacePoint, broad: boolean, out: Surface): Surface {
  const step = broad ? 0.19 : 0.05;
  let k = 1 + 0.12 * fractal(p.x, p.y, 0.4, 3, p.footprint);
  if (p.a === 1) k *= (p.x / 0.3) % 2 < 1 && (p.x / 0.3) % 2 > -1 ? 1.5 : 0.8;
  else k *= 1 - 0.45 * resolved(step, p.footprint) * smoothstep(0.3, 0.05, (p.y / step) % 1);
  if (broad) {
    const dirt = 1 - 0.3 * smoothstep(0.5, 0, p.y);
    out.r = 0.45 * k * dirt;
    out.g = 0.44 * k * dirt;
    out.b = 0.41 * k * dirt;
    return out;
  }
  out.r = (p.look[7] as number) * k;
  out.g = (p.look[8] as number) * k;
  out.b = (p.look[9] as number) * k;
  return out;
}
