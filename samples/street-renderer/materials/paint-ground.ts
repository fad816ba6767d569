import type { Street } from '../street.ts';
import type { Surface, SurfacePoint } from './material.ts';
import { cellRandom, fractal, noise, resolved, smoothstep } from './noise.ts';

/** Colours the plane ground by its place along (s) and across (d) the road; number a is 0 for road, 1 for raised. */
export function paintGround(p: SurfacePoint, street: Street, out: Surface): Surface {
  const [s, d] = street.line.locate(p.x, p.z);
  const { plan } = street;
  const side = d < 0 ? plan.left : plan.right;
  const across = Math.abs(d);
  if (p.a === 0) return paintRoad(p, street, s, d, out);
  const past = Math.abs(s - plan.crossing.s) - plan.crossing.half;
  // The strip along the crossing road is pavement as well.
  const fromKerb = Math.min(across - side.kerb, past);
  const inside = fromKerb === past ? (past < 2 ? past : across - side.plots + 2.2) : across - side.kerb;
  if (fromKerb < 0.14) return granite(p, fromKerb === past ? d : s, out);
  const width = side.plots - side.kerb;
  if (across < side.plots || past < 2) return paintPavement(p, s, d, inside, width, plan.paving, out);
  paintLawn(p, out);
  return out;
}

function granite(p: SurfacePoint, along: number, out: Surface): Surface {
  const joint = along - Math.round(along);
  const stone = cellRandom(Math.round(along + 0.5), 77);
  let tone =
    0.27 *
    (0.85 + 0.3 * stone) *
    (1 + 0.3 * fractal(p.x, p.z, 0.08, 3, p.footprint) + 0.2 * noise(p.x * 0.9, p.z * 0.9));
  if (Math.abs(joint) < 0.008 + p.footprint * 0.3) tone *= 1 - 0.5 * resolved(0.03, p.footprint * 0.4);
  out.r = tone * 1.02;
  out.g = tone;
  out.b = tone * 0.96;
  return out;
}

/** The kerb's upright face. */
export function paintKerb(p: SurfacePoint, street: Street, out: Surface): Surface {
  const [s] = street.line.locate(p.x, p.z);
  granite(p, s, out);
  const dirt = 0.6 + 0.4 * smoothstep(0, 0.1, p.y);
  out.r *= dirt;
  out.g *= dirt;
  out.b *= dirt;
  return out;
}

function paintRoad(p: SurfacePoint, street: Street, s: number, d: number, out: Surface): Surface {
  const { plan } = street;
  const across = Math.abs(d);
  const side = d < 0 ? plan.left : plan.right;
  const f = p.footprint;
  let tone = plan.asphalt;
  // Worn and clean by turns: metres, decimetres, and the grain of the chippings.
  tone *= 1 + 0.22 * fractal(s * 0.35, d, 1.9, 4, f * 0.6);
  tone *= 1 + 0.5 * fractal(p.x, p.z, 0.055, 3, f * 0.55);
  tone *= 1 + 0.26 * fractal(p.x, p.z, 0.42, 4, f * 0.6);
  const inLane = across - 1.5;
  tone *=
    1 +
    0.1 * (Math.exp(-((Math.abs(inLane) - 0.75) ** 2) / 0.05) - 0.5) -
    0.14 * Math.exp(-(inLane * inLane) / 0.06) * (0.6 + 0.4 * noise(s * 0.3, 5));
  tone = patches(s, d, tone);
  tone *= 1 - 0.55 * cracks(p.x, p.z, f);
  tone *= 1 - 0.35 * smoothstep(0.55, 0.75, noise(p.x * 0.8 + 31, p.z * 0.8)) * (across > side.edge ? 1 : 0.3);
  let r = tone * 1.04;
  let g = tone;
  let b = tone * 0.95;
  const nearCrossing = Math.abs(s - plan.crossing.s) < plan.crossing.half;
  // The gutter: two rows of setts, with leaves and dust in them.
  const gutter = side.kerb - across;
  if (gutter > 0 && gutter < 0.32 && !nearCrossing) {
    const row = Math.floor(gutter / 0.16);
    const sett = cellRandom(Math.floor(s / 0.17), row + (d > 0 ? 5 : 0));
    const gap = Math.min(Math.abs((s / 0.17) % 1), Math.abs((gutter / 0.16) % 1)) < 0.1 ? 0.6 : 1;
    const k = 0.17 * (0.75 + 0.5 * sett) * (1 + (gap - 1) * resolved(0.12, f));
    r = k * 1.05;
    g = k;
    b = k * 0.93;
  }
  const litter =
    across > side.edge
      ? smoothstep(0.25, 0.75, noise(p.x * 7, p.z * 7) * 0.6 + noise(p.x * 23, p.z * 23) * 0.7 - gutter * 0.35)
      : 0;
  if (litter > 0) {
    const k = litter * resolved(0.05, f) * 0.8;
    r += (0.2 - r) * k;
    g += (0.13 - g) * k;
    b += (0.05 - b) * k;
  }
  const cover = manhole(s, d, f);
  if (cover > 0) {
    r = g = b = cover;
  }
  const white =
    markings(street, s, d) *
    (0.62 + 0.38 * smoothstep(-0.5, 0.1, fractal(p.x, p.z, 0.12, 3, f) + 0.3 * noise(s * 0.7, d)));
  if (white > 0) {
    const bright = 0.62 * (1 + 0.15 * fractal(p.x, p.z, 0.05, 2, f));
    r += (bright - r) * white;
    g += (bright - g) * white;
    b += (bright * 0.95 - b) * white;
  }
  out.r = r;
  out.g = g;
  out.b = b;
  const bump = 0.16 * resolved(0.03, f);
  if (bump > 0) {
    out.bumpX = bump * noise(p.x * 43, p.z * 43);
    out.bumpZ = bump * noise(p.x * 43 + 91, p.z * 43 + 17);
  }
  return out;
}

/** Repaired rectangles, darker or lighter, with a seam of tar. */
function patches(s: number, d: number, tone: number): number {
  const lane = d < 0 ? 0 : 1;
  const cell = Math.floor(s / 8.5);
  const chance = cellRandom(cell, 300 + lane);
  if (chance > 0.42) return tone;
  const length = 1.2 + 5.5 * cellRandom(cell, 310 + lane);
  const from = cell * 8.5 + (8.5 - length) * cellRandom(cell, 320 + lane);
  const middle = (lane ? 1 : -1) * (0.6 + 2.2 * cellRandom(cell, 330 + lane));
  const half = 0.45 + 0.8 * cellRandom(cell, 340 + lane);
  const inside = Math.min(s - from, from + length - s, half - Math.abs(d - middle));
  if (inside < -0.03) return tone;
  if (inside < 0.03) return tone * 0.55;
  return tone * (chance < 0.26 ? 0.72 : 1.22);
}

function cracks(x: number, z: number, footprint: number): number {
  // Old cracks closed with bitumen: broad black bands that wander across the road.
  const band = Math.abs(
    noise(x * 0.13 + 0.12 * noise(x * 0.9, z * 0.9), z * 0.1 + 0.12 * noise(x * 0.9 + 20, z * 0.9)),
  );
  const sealed = (1 - smoothstep(0.004, 0.0065, band)) * resolved(0.08, footprint * 0.5);
  const seen = resolved(0.035, footprint * 0.5);
  if (seen <= 0) return sealed;
  const bentX = x + 0.35 * noise(x * 1.7, z * 1.7);
  const bentZ = z + 0.35 * noise(x * 1.7 + 40, z * 1.7 + 7);
  const where = smoothstep(0.0, 0.35, noise(x * 0.21 + 11, z * 0.21));
  const thin = Math.abs(noise(bentX * 0.55, bentZ * 0.33));
  const fine = Math.abs(noise(bentX * 1.6 + 70, bentZ * 1.6));
  const a = 1 - smoothstep(0.004, 0.016, thin);
  const b = (1 - smoothstep(0.008, 0.03, fine)) * where;
  return Math.max(a * 0.8 * seen, b * seen, sealed);
}

function manhole(s: number, d: number, footprint: number): number {
  const cell = Math.floor(s / 19);
  if (cellRandom(cell, 500) > 0.7) return 0;
  const ds = s - (cell * 19 + 2 + 15 * cellRandom(cell, 501));
  const dd = d - (cellRandom(cell, 502) * 3.6 - 1.8);
  const r = Math.hypot(ds, dd);
  if (r > 0.42) return 0;
  if (r > 0.37) return 0.05;
  if (r > 0.3) return 0.2;
  const cross = Math.abs(((ds + dd) * 9) % 1) < 0.3 || Math.abs(((ds - dd) * 9) % 1) < 0.3;
  return 0.12 - (cross ? 0.05 * resolved(0.08, footprint) : 0);
}

/** 1 on paint. */
function markings(street: Street, s: number, d: number): number {
  const { plan } = street;
  const toCrossing = Math.abs(s - plan.crossing.s) - plan.crossing.half;
  const side = d < 0 ? plan.left : plan.right;
  if (toCrossing < 0) return 0;
  const across = Math.abs(d);
  // A zebra before and after the crossing, and a line to stop at.
  if (toCrossing > 1.2 && toCrossing < 4.2 && across < side.edge + 0.3) return Math.abs((d + 40) % 1) < 0.5 ? 1 : 0;
  if (toCrossing > 5 && toCrossing < 5.4 && across < side.edge && d * (plan.crossing.s - s) > 0) return 1;
  if (toCrossing < 4.4) return 0;
  const period = 6;
  const dash = s - Math.floor(s / period) * period;
  if (across < 0.06 && dash < 3) return 1;
  if (side.kerb - side.edge < 1) return 0;
  const bay = s - Math.floor(s / 6.2) * 6.2;
  if (Math.abs(across - side.edge) < 0.05 && toCrossing > 6.5) return bay < 0.6 || bay > 5.6 ? 1 : 0;
  if (across > side.edge && across < side.edge + 1.9 && bay < 0.1 && toCrossing > 6.5) return 1;
  return 0;
}

function paintPavement(
  p: SurfacePoint,
  s: number,
  d: number,
  inside: number,
  width: number,
  paving: number,
  out: Surface,
): Surface {
  const f = p.footprint;
  const setts = inside < 0.55 || (width - inside < 0.3 && width > inside);
  const length = setts ? 0.1 : paving ? 0.2 : 0.4;
  const breadth = setts ? 0.1 : paving ? 0.1 : 0.4;
  const row = Math.floor(d / breadth);
  const shifted = s / length + (row & 1) * 0.5;
  const column = Math.floor(shifted);
  const own = cellRandom(column, row + 900);
  const seen = resolved(length, f * 0.8);
  const edge = Math.min(Math.abs(shifted - column), Math.abs(1 - shifted + column)) * length;
  const edge2 = Math.min(Math.abs(d / breadth - row), Math.abs(1 - d / breadth + row)) * breadth;
  const joint = Math.min(edge, edge2) < 0.006 + f * 0.2 ? 0.55 : 1;
  let k = (0.85 + 0.3 * own * seen) * (1 + (joint - 1) * resolved(0.05, f * 0.7));
  k *= 1 + 0.25 * fractal(p.x, p.z, 0.9, 4, f) + 0.16 * fractal(p.x, p.z, 0.03, 2, f);
  if (paving && !setts) {
    out.r = 0.26 * k;
    out.g = 0.165 * k;
    out.b = 0.125 * k;
  } else {
    const grey = setts ? 0.2 : 0.27;
    out.r = grey * 1.03 * k;
    out.g = grey * k;
    out.b = grey * 0.94 * k;
  }
  const moss = smoothstep(0.1, 0.6, noise(p.x * 1.3, p.z * 1.3 + 50)) * (joint < 1 ? 0.6 : 0.12);
  out.r += (0.07 - out.r) * moss;
  out.g += (0.09 - out.g) * moss;
  out.b += (0.03 - out.b) * moss;
  return out;
}

function paintLawn(p: SurfacePoint, out: Surface): Surface {
  const f = p.footprint;
  const tuft = fractal(p.x, p.z, 0.5, 5, f);
  const dry = smoothstep(-0.2, 0.7, noise(p.x * 0.4, p.z * 0.4));
  const k = 1 + 0.5 * tuft;
  out.r = (0.055 + 0.06 * dry) * k;
  out.g = (0.105 + 0.03 * dry) * k;
  out.b = (0.025 + 0.015 * dry) * k;
  return out;
}
