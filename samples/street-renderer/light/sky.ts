import { noise, smoothstep } from '../materials/noise.ts';
import type { StreetPlan } from '../scene/plan.ts';

/** Light coming from the sun on a surface that faces it: red, green, blue. The sky is about 1 in these units. */
export const SUN: readonly [number, number, number] = [4.7, 4.1, 3.3];

/** The sky's light in a direction of unit length (y down): gradient, glow round the sun, clouds. */
export function sky(plan: StreetPlan, dx: number, dy: number, dz: number, out: Float64Array, sharp: boolean): void {
  const up = Math.max(0, -dy);
  const sx = plan.sun[0];
  const sy = plan.sun[1];
  const sz = plan.sun[2];
  const toSun = Math.max(0, dx * sx + dy * sy + dz * sz);
  const low = Math.exp(-5 * up);
  let r = 0.2 + 0.62 * low;
  let g = 0.42 + 0.5 * low;
  let b = 0.95 + 0.17 * low;
  const glow = 0.35 * toSun ** 6 + 0.6 * toSun ** 60;
  r += glow;
  g += glow * 0.92;
  b += glow * 0.78;
  if (sharp && up > 0.005) {
    // Clouds on a plane above; the curvature of the earth keeps them from piling up at the horizon.
    const far = 1 / (up + 0.09);
    const x = dx * far * 1.1 + plan.seed * 13.7;
    const z = dz * far * 1.1;
    const density = cloud(x, z);
    const cover = 0.4 - plan.clouds * 0.75;
    const there = smoothstep(cover, cover + 0.5, density) * smoothstep(0.0, 0.08, up);
    const behind = cloud(x + sx * 0.16, z + sz * 0.16);
    const lit = Math.min(1, Math.max(0, 0.75 - (behind - cover) * 0.75 + (density - behind) * 1.2));
    const white = 0.75 + 0.95 * lit;
    r += (white * 1.02 - r) * there;
    g += (white * 1.0 - g) * there;
    b += (white * 1.01 - b) * there;
  } else {
    const mean = plan.clouds * 0.45;
    r += (1.1 - r) * mean;
    g += (1.1 - g) * mean;
    b += (1.15 - b) * mean;
  }
  out[0] = r;
  out[1] = g;
  out[2] = b;
}

function cloud(x: number, z: number): number {
  const bx = x + 0.4 * noise(x * 1.3, z * 1.3);
  const bz = z + 0.4 * noise(x * 1.3 + 50, z * 1.3);
  return (
    0.55 * noise(bx * 0.8, bz * 0.8) +
    0.3 * noise(bx * 1.9 + 9, bz * 1.9) +
    0.17 * noise(bx * 4.1, bz * 4.1 + 5) +
    0.09 * noise(bx * 8.7, bz * 8.7) +
    0.05 * noise(bx * 18, bz * 18)
  );
}
