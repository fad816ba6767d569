import { leafTone } from './holes.ts';
import type { Surface, SurfacePoint } from './material.ts';
import { cellRandom, fractal, noise, resolved, smoothstep } from './noise.ts';
import { signColour } from './sign-face.ts';

export function paintLeaf(p: SurfacePoint, out: Surface): Surface {
  const tone = leafTone(p.a, p.u, p.v) / 160;
  const { look } = p;
  const turned = (look[3] as number) * smoothstep(0.3, 0.9, p.b);
  const k = (0.65 + 0.35 * tone) * (0.7 + 0.6 * p.b);
  const r = (look[0] as number) * k;
  out.r = r + (0.3 * k - r) * turned * 0.45;
  out.g = (look[1] as number) * k;
  out.b = (look[2] as number) * k;
  out.through = 0.6;
  out.mirror = 0.015;
  return out;
}

export function paintBark(p: SurfacePoint, out: Surface): Surface {
  const turn = Math.atan2(p.nx, p.nz);
  const plates = noise(turn * 4.5 + 3 * noise(p.y * 3, 9), p.y * 4);
  const k = 0.1 * (1 + 0.55 * plates + 0.35 * fractal(turn * 0.15, p.y, 0.05, 3, p.footprint));
  const lichen = smoothstep(0.2, 0.7, noise(turn * 1.3, p.y * 1.1 + 20)) * 0.5;
  out.r = k * 1.15 + 0.03 * lichen;
  out.g = k + 0.05 * lichen;
  out.b = k * 0.8 + 0.02 * lichen;
  return out;
}

/** Cloth with folds; number a chooses trousers 0, jacket 1, shoes 2. */
export function paintCloth(p: SurfacePoint, out: Surface): Surface {
  const { look } = p;
  const folds = 1 + 0.3 * fractal(p.x * 1.5 + p.z, p.y, 0.12, 3, p.footprint);
  const from = p.a === 1 ? 3 : 0;
  const k = p.a === 2 ? 0 : folds;
  out.r = p.a === 2 ? 0.03 : (look[from] as number) * k;
  out.g = p.a === 2 ? 0.028 : (look[from + 1] as number) * k;
  out.b = p.a === 2 ? 0.026 : (look[from + 2] as number) * k;
  return out;
}

/** Painted or galvanised metal; number a is its tone. */
export function paintMetal(p: SurfacePoint, out: Surface): Surface {
  const k = p.a * (1 + 0.18 * fractal(p.x + p.z, p.y, 0.3, 4, p.footprint)) * (1 - 0.25 * smoothstep(0.5, 0, p.y));
  out.r = k;
  out.g = k * 1.02;
  out.b = k * 1.0;
  out.mirror = 0.04;
  return out;
}

export function paintWood(p: SurfacePoint, out: Surface): Surface {
  const plank = cellRandom(Math.floor(p.x / 0.15), 60);
  const k = 0.2 * (0.7 + 0.6 * plank) * (1 + 0.3 * fractal(p.x * 8, p.y, 0.5, 3, p.footprint));
  out.r = k * 1.2;
  out.g = k * 0.9;
  out.b = k * 0.62;
  return out;
}

/** The front bears its picture, the back is bare metal. */
export function paintSign(p: SurfacePoint, out: Surface): Surface {
  const front = p.nz < 0;
  const colour = front ? signColour(p.a, p.u, p.v) : undefined;
  const dirt = 1 + 0.12 * fractal(p.x, p.y, 0.2, 3, p.footprint);
  const [r, g, b] = colour ?? [0.3, 0.31, 0.32];
  out.r = r * dirt;
  out.g = g * dirt;
  out.b = b * dirt;
  out.mirror = 0.03;
  return out;
}

export function paintSkin(p: SurfacePoint, hair: boolean, out: Surface): Surface {
  const from = hair ? 9 : 6;
  const k = 1 + 0.15 * noise(p.x * 60, p.y * 60) * resolved(0.02, p.footprint);
  out.r = (p.look[from] as number) * k;
  out.g = (p.look[from + 1] as number) * k;
  out.b = (p.look[from + 2] as number) * k;
  return out;
}
