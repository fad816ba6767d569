import { type CarShape, carShapes, curveThrough } from '../models/car-shapes.ts';
import type { Surface, SurfacePoint } from './material.ts';
import { fractal, noise, smoothstep } from './noise.ts';

function set(out: Surface, r: number, g: number, b: number, mirror: number): Surface {
  out.r = r;
  out.g = g;
  out.b = b;
  out.mirror = mirror;
  return out;
}

/**
 * Says from the place on the skin what a car shows there: pane, lamp, plate, gap, plastic or paint.
 * The primitive's numbers are the axles' z, which tell the four shapes apart.
 */
export function paintCarBody(p: SurfacePoint, out: Surface): Surface {
  const shape = shapeOf(p.a, p.b);
  const behind = shape.length / 2 - p.z;
  const toRear = shape.length - behind;
  const x = Math.abs(p.x);
  const w = shape.halfWidth;
  const top = curveThrough(shape.top, behind);
  const belt = curveThrough(shape.belt, behind);
  const { look } = p;
  const up = p.y;
  const cabinFrom = firstRise(shape.name);
  const sideways = Math.abs(p.nx) > 0.55;
  if (sideways && up > belt + 0.035 && up < top - 0.085) {
    // Side windows between the pillars, each following the roof's line.
    const start = cabinFrom + (up - belt) * 0.75;
    const end = toRear - (shape.name === 'saloon' ? 0.78 : 0.26);
    const pillarB = Math.abs(behind - (cabinFrom + 1.28));
    const pillarC = Math.abs(behind - (cabinFrom + 2.2));
    if (behind > start + 0.2 && end > (up - belt) * 0.55 && pillarB > 0.045 && pillarC > 0.055) return glass(p, out);
    if (behind > start + 0.12 && end > (up - belt) * 0.55 - 0.07) return set(out, 0.012, 0.012, 0.013, 0.05);
  }
  if (
    !sideways &&
    p.nz > 0.25 &&
    behind > cabinFrom - 0.1 &&
    behind < cabinFrom + 1 &&
    up > belt + 0.05 &&
    top < maxTop(shape.name) - 0.035
  ) {
    if (x < w * 0.9 - (up - belt) * 0.3)
      return behind < cabinFrom + 0.02 ? set(out, 0.012, 0.012, 0.012, 0.04) : glass(p, out);
  }
  if (
    !sideways &&
    p.nz < -0.22 &&
    toRear < (shape.name === 'saloon' ? 1.3 : 0.8) &&
    up > belt + 0.05 &&
    up < maxTop(shape.name) - 0.1
  ) {
    if (x < w * 0.78 - (up - belt) * 0.3) return glass(p, out);
    if (x < w * 0.81 - (up - belt) * 0.3) return set(out, 0.012, 0.012, 0.012, 0.05);
  }
  const bonnet = curveThrough(shape.top, 0.3);
  if (
    behind < 0.5 &&
    x > w * (0.42 + 0.1 * (up - 0.6)) &&
    up > bonnet - 0.17 &&
    up < bonnet - 0.01 &&
    (p.nz > 0.25 || p.x * p.nx > 0.5)
  ) {
    const inner = Math.hypot((x - w * 0.66) / 0.13, (up - bonnet + 0.09) / 0.07);
    return inner < 0.7 ? set(out, 0.5, 0.5, 0.52, 0.16) : set(out, 0.16, 0.165, 0.175, 0.1);
  }
  const upright = shape.name === 'estate' || shape.name === 'van';
  if (
    toRear < 0.36 &&
    up > belt - 0.2 &&
    up < belt + (upright ? 0.24 : -0.03) &&
    x > (upright ? w * 0.83 - Math.max(0, up - belt) * 0.34 : w * 0.6)
  ) {
    return upright && up < belt - 0.17 ? set(out, 0.34, 0.3, 0.28, 0.08) : set(out, 0.22, 0.007, 0.007, 0.08);
  }
  if (Math.abs(p.nz) > 0.5 && (behind < 0.14 || toRear < 0.2)) {
    const plateAt = behind < 1 ? 0.4 : shape.name === 'saloon' ? 0.76 : 0.72;
    if (x < 0.26 && Math.abs(up - plateAt) < 0.058) return plate(p, up - plateAt, out);
    if (behind < 1) {
      if (x < w * 0.42 && up > bonnet - 0.19 && up < bonnet - 0.06) {
        const k = (up / 0.04) % 1 < 0.4 ? 0.06 : 0.01;
        return set(out, k, k, k, 0.05);
      }
      if (x < w * 0.7 && up > 0.25 && up < 0.335) return set(out, 0.012, 0.012, 0.012, 0.02);
    }
  }
  if (up < 0.29 + (behind < 0.2 || toRear < 0.2 ? 0.06 : 0)) return set(out, 0.02, 0.02, 0.021, 0.03);
  const lip = (z: number): boolean => Math.hypot(p.z - z, up - 0.31) < 0.395;
  if (sideways && (lip(p.a) || lip(p.b))) return set(out, 0.016, 0.016, 0.017, 0.03);
  let gap = 1;
  if (sideways && up < belt - 0.01) {
    for (const at of [cabinFrom + 0.17, cabinFrom + 1.28, cabinFrom + 2.25])
      gap = Math.min(gap, Math.abs(behind - at) / 0.012);
    if (Math.abs(up - belt + 0.1) < 0.02 && (near(behind, cabinFrom + 1.13, 0.1) || near(behind, cabinFrom + 2.1, 0.1)))
      return set(out, 0.05, 0.05, 0.05, 0.1);
  }
  if (!sideways && behind > 0.25 && behind < cabinFrom && Math.abs(x - w * 0.8) < 0.01) gap = 0.5;
  if (!sideways && Math.abs(behind - cabinFrom + 0.02) < 0.03 && up < belt + 0.12)
    return set(out, 0.012, 0.012, 0.012, 0.03);
  if (!sideways && toRear < 0.2 && Math.abs(up - 0.585) < 0.014) gap = 0.4;
  const dust = 1 - 0.35 * smoothstep(0.7, 0.25, up) * (0.7 + 0.3 * noise(p.z * 3, up * 5));
  const k = (gap < 1 ? 0.25 : 1) * dust * (1 + 0.04 * fractal(p.z, up, 0.5, 3, p.footprint));
  const grime = (1 - dust) * 0.12;
  set(
    out,
    (look[0] as number) * k + grime,
    (look[1] as number) * k + grime * 0.9,
    (look[2] as number) * k + grime * 0.8,
    0.05,
  );
  return out;
}

const exact = carShapes as readonly CarShape[];

/** Which shape has its axles there. */
function shapeOf(front: number, rear: number): CarShape {
  for (const shape of exact) {
    const half = shape.length / 2;
    if (Math.abs(half - shape.front - front) < 0.004 && Math.abs(half - shape.rear - rear) < 0.004) return shape;
  }
  return exact[0] as CarShape;
}

function near(a: number, b: number, reach: number): boolean {
  return Math.abs(a - b) < reach;
}

const cabinStart = new Map(
  carShapes.map((shape) => {
    let behind = 0.6;
    while (curveThrough(shape.top, behind) - curveThrough(shape.belt, behind) < 0.09) behind += 0.01;
    return [shape.name, behind] as const;
  }),
);
const highest = new Map(carShapes.map((shape) => [shape.name, Math.max(...shape.top.map(([, y]) => y))] as const));

/** How far behind the bumper the windscreen begins. */
function firstRise(name: string): number {
  return cabinStart.get(name) ?? 1.1;
}

function maxTop(name: string): number {
  return highest.get(name) ?? 1.45;
}

function glass(p: SurfacePoint, out: Surface): Surface {
  // Seats and far windows, guessed: something paler towards the top.
  const inside =
    0.01 +
    0.035 * smoothstep(0.2, 0.9, noise(p.z * 2.1 + (p.look[3] as number), p.y * 2.6)) +
    0.02 * smoothstep(1.1, 1.4, p.y);
  set(out, inside, inside * 1.02, inside * 1.02, 0.075);
  return out;
}

function plate(p: SurfacePoint, y: number, out: Surface): Surface {
  const x = p.x * Math.sign(p.nz);
  if (x > 0.215 || x < -0.235) return set(out, x > 0 ? 0.01 : 0.6, x > 0 ? 0.05 : 0.6, x > 0 ? 0.35 : 0.6, 0.03);
  const letter = Math.abs((x * 17 + 40) % 1);
  const ink =
    letter > 0.25 && letter < 0.85 && Math.abs(y) < 0.036 && noise(x * 60 + (p.look[3] as number) * 13, y * 55) > -0.15;
  return ink ? set(out, 0.02, 0.02, 0.02, 0.03) : set(out, 0.62, 0.62, 0.6, 0.03);
}

/** Tyre wall and rim; number a is the axle's z, look 4 the angle the wheel has turned. */
export function paintWheel(p: SurfacePoint, out: Surface): Surface {
  const y = p.y - 0.31;
  const z = p.z - p.a;
  const r = Math.hypot(y, z);
  if (r > 0.215) return set(out, 0.018, 0.018, 0.018, 0.01);
  const turn = Math.atan2(y, z) + (p.look[4] as number);
  const spoke = Math.abs(Math.sin(turn * 2.5 + ((p.look[3] as number) % 1)));
  if (r > 0.19) return set(out, 0.4, 0.4, 0.41, 0.12);
  if (r < 0.05) return set(out, 0.3, 0.3, 0.31, 0.1);
  return spoke > 0.55 ? set(out, 0.36, 0.36, 0.37, 0.12) : set(out, 0.02, 0.02, 0.02, 0.01);
}
