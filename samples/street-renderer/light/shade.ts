import type { Instance } from '../geometry/instance.ts';
import { createHit } from '../geometry/intersect.ts';
import { type Scene, trace } from '../geometry/scene.ts';
import { createSurface, Material } from '../materials/material.ts';
import { paint } from '../materials/paint.ts';
import type { Street } from '../street.ts';
import { SUN, sky } from './sky.ts';
import { createSurfacePoint, surfaceAt } from './surface-at.ts';

/** What one ray brings: all linear light. The picture is `light + tint · ambient`. */
export interface Sample {
  /** Sun, mirror images, haze and sky: red, green, blue. */
  readonly light: Float64Array;
  /** What share of ambient light the surface sends to the camera. */
  readonly tint: Float64Array;
  /** Ambient light on the surface, by one random ray: noisy, to be smoothed over the neighbours. */
  readonly ambient: Float64Array;
  /** The surface's normal in the world, and how far along the ray it lies: 0 for sky. */
  readonly normal: Float64Array;
  distance: number;
}

/** Numbers in [0, 1) that the rays of one pixel share out evenly among them. */
export interface Draw {
  readonly sunU: number;
  readonly sunV: number;
  /** For the ambient ray's steepness; undefined for no such ray this time. */
  readonly ambient: number | undefined;
}

export interface Shader {
  /** Follows a camera ray into the scene; `random` gives numbers in [0, 1). */
  readonly sample: (
    ox: number,
    oy: number,
    oz: number,
    dx: number,
    dy: number,
    dz: number,
    draw: Draw,
    random: () => number,
    out: Sample,
  ) => void;
}

/** Half the sun's disc in radians, twice the real one: thin haze spreads it. */
const SUN_RADIUS = 0.009;
const OFFSET = 1e-3;

/**
 * Light by rays: the sun with soft shadows, one bounce of ambient light, mirror images in panes and paint, haze.
 * `pixelAngle` is a pixel's width in radians.
 */
export function createShader(street: Street, scene: Scene, pixelAngle: number): Shader {
  const { plan } = street;
  const [sx, sy, sz] = plan.sun;
  const hit = createHit();
  const point = createSurfacePoint();
  const surface = createSurface();
  const colour = new Float64Array(3);
  const normal = new Float64Array(3);
  const place = new Float64Array(3);

  /** How the surface that `hit` names looks: fills point, surface, normal (world) and place (world). */
  const look = (ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, angle: number): number => {
    const material = surfaceAt(hit, ox, oy, oz, dx, dy, dz, angle, point);
    paint(material, point, street, surface);
    const { cos: c, sin: s } = hit.instance as Instance;
    const nx = point.nx + surface.bumpX;
    const ny = point.ny + surface.bumpY;
    const nz = point.nz + surface.bumpZ;
    const scale = 1 / Math.hypot(nx, ny, nz);
    normal[0] = (nx * c + nz * s) * scale;
    normal[1] = -ny * scale;
    normal[2] = (-nx * s + nz * c) * scale;
    place[0] = ox + dx * hit.t;
    place[1] = oy + dy * hit.t;
    place[2] = oz + dz * hit.t;
    return material;
  };

  // Two directions across the sun's disc.
  const level = Math.hypot(sx, sz);
  const [t1x, t1z] = [sz / level, -sx / level];
  const [t2x, t2y, t2z] = [sy * t1z, sz * t1x - sx * t1z, -sy * t1x];
  /** Whether a point of the sun's disc is seen from a place; u and v in [0, 1) choose the point. */
  const seesSun = (x: number, y: number, z: number, nx: number, ny: number, nz: number, u: number, v: number) => {
    const radius = SUN_RADIUS * Math.sqrt(u);
    const a = radius * Math.cos(2 * Math.PI * v);
    const b = radius * Math.sin(2 * Math.PI * v);
    const dx = sx + a * t1x + b * t2x;
    const dy = sy + b * t2y;
    const dz = sz + a * t1z + b * t2z;
    return !trace(scene, x + nx * OFFSET, y + ny * OFFSET, z + nz * OFFSET, dx, dy, dz, OFFSET, 90, true, shadow);
  };
  const shadow = createHit();

  /** Light that a ray of second rank brings: sun with shadow and an even ambient light; fills colour. */
  const simple = (
    ox: number,
    oy: number,
    oz: number,
    dx: number,
    dy: number,
    dz: number,
    reach: number,
    random: () => number,
    sharp: boolean,
  ): void => {
    if (!trace(scene, ox, oy, oz, dx, dy, dz, OFFSET, reach, false, hit)) {
      sky(plan, dx, Math.min(dy, -0.02), dz, colour, sharp);
      return;
    }
    look(ox, oy, oz, dx, dy, dz, sharp ? pixelAngle * 4 : 0.15);
    const { r, g, b } = surface;
    const nx = normal[0] as number;
    const ny = normal[1] as number;
    const nz = normal[2] as number;
    const cos = nx * sx + ny * sy + nz * sz;
    const ambient = 0.36 - 0.2 * ny;
    let direct = surface.through > 0 ? Math.max(cos, 0.25) : Math.max(0, cos);
    if (
      direct > 0 &&
      !seesSun(place[0] as number, place[1] as number, place[2] as number, nx, ny, nz, random(), random())
    )
      direct = 0;
    colour[0] = r * (SUN[0] * direct + ambient * 0.9);
    colour[1] = g * (SUN[1] * direct + ambient);
    colour[2] = b * (SUN[2] * direct + ambient * 1.15);
  };

  const sample: Shader['sample'] = (ox, oy, oz, dx, dy, dz, draw, random, out) => {
    const { light, tint, ambient } = out;
    light.fill(0);
    tint.fill(0);
    ambient.fill(0);
    out.distance = 0;
    if (!trace(scene, ox, oy, oz, dx, dy, dz, 0.05, 450, false, hit)) {
      sky(plan, dx, dy, dz, light, true);
      return;
    }
    const far = hit.t;
    out.distance = far;
    const material = look(ox, oy, oz, dx, dy, dz, pixelAngle);
    const { r, g, b, mirror, through } = surface;
    const nx = normal[0] as number;
    const ny = normal[1] as number;
    const nz = normal[2] as number;
    const px = place[0] as number;
    const py = place[1] as number;
    const pz = place[2] as number;
    out.normal.set(normal);
    const clear = Math.exp(-far / plan.haze);
    const cos = nx * sx + ny * sy + nz * sz;
    let direct = Math.max(0, cos);
    let shone = 0;
    if (through > 0) {
      direct = Math.max(0, cos * 0.75 + 0.2);
      shone = through * Math.max(0, 0.35 - 0.45 * cos);
    }
    const side = nx * dx + ny * dy + nz * dz > 0 ? -1 : 1;
    if (direct + shone > 0 && !seesSun(px, py, pz, nx * side, ny * side, nz * side, draw.sunU, draw.sunV))
      direct = shone = 0;
    light[0] = r * SUN[0] * (direct + shone * 1.1);
    light[1] = g * SUN[1] * (direct + shone * 1.1);
    light[2] = b * SUN[2] * (direct + shone * 0.5);

    // A mirror image, stronger the more grazing the look (C. Schlick 1994).
    const facing = Math.min(1, Math.abs(nx * dx + ny * dy + nz * dz));
    const glossy =
      material === Material.glass ||
      material === Material.carBody ||
      material === Material.carCabin ||
      material === Material.wheel;
    const share = mirror >= 0.03 && glossy ? mirror + (1 - mirror) * (1 - facing) ** 5 : 0;
    if (share > 0) {
      const twice = 2 * (nx * dx + ny * dy + nz * dz);
      let rx = dx - twice * nx;
      let ry = dy - twice * ny;
      let rz = dz - twice * nz;
      // Real panes are never quite plane.
      if (material === Material.glass) {
        const i = Math.sin(px * 3.1 + py * 2.3) * 0.012;
        rx += i;
        ry += Math.sin(pz * 2.7 + py * 3.9) * 0.012;
        rz -= i;
      }
      const length = 1 / Math.hypot(rx, ry, rz);
      rx *= length;
      ry *= length;
      rz *= length;
      simple(px + nx * OFFSET, py + ny * OFFSET, pz + nz * OFFSET, rx, ry, rz, 120, random, true);
      for (let k = 0; k < 3; k++) light[k] = (light[k] as number) * (1 - share) + share * (colour[k] as number);
      const toSun = rx * sx + ry * sy + rz * sz;
      if (direct > 0 && toSun > 0.9) {
        const shine = share * (60 * toSun ** 1500 + 5 * toSun ** 120);
        for (let k = 0; k < 3; k++) light[k] = (light[k] as number) + shine * (SUN[k] as number) * 0.6;
      }
    }
    tint[0] = r * (1 - share) * clear;
    tint[1] = g * (1 - share) * clear;
    tint[2] = b * (1 - share) * clear;

    // Haze takes light away with distance and puts its own there.
    const toSun = Math.max(0, dx * sx + dy * sy + dz * sz);
    const glow = 0.4 * toSun ** 4;
    light[0] = (light[0] as number) * clear + (1 - clear) * (0.78 + glow);
    light[1] = (light[1] as number) * clear + (1 - clear) * (0.88 + glow * 0.9);
    light[2] = (light[2] as number) * clear + (1 - clear) * (1.02 + glow * 0.75);
    const strata = draw.ambient;
    if (strata === undefined) return;

    // One ray into the half-space over the surface, by the cosine law.
    const turn = 2 * Math.PI * random();
    const radius = Math.sqrt(strata);
    const height = Math.sqrt(1 - strata);
    const tx = Math.abs(ny) < 0.9 ? nz : 0;
    const ty = Math.abs(ny) < 0.9 ? 0 : -nz;
    const tz = Math.abs(ny) < 0.9 ? -nx : ny;
    const scale = 1 / (Math.hypot(tx, ty, tz) || 1);
    const ax = tx * scale;
    const ay = ty * scale;
    const az = tz * scale;
    const bx = ny * az - nz * ay;
    const by = nz * ax - nx * az;
    const bz = nx * ay - ny * ax;
    const ca = Math.cos(turn) * radius;
    const cb = Math.sin(turn) * radius;
    simple(
      px + nx * OFFSET,
      py + ny * OFFSET,
      pz + nz * OFFSET,
      ax * ca + bx * cb + nx * height,
      ay * ca + by * cb + ny * height,
      az * ca + bz * cb + nz * height,
      30,
      random,
      false,
    );
    for (let k = 0; k < 3; k++) ambient[k] = (colour[k] as number) * 1.15;
  };
  return { sample };
}
