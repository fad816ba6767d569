import type { Intrinsics, Pose } from './camera.ts';
import { develop } from './light/film.ts';
import { createShader, type Sample } from './light/shade.ts';
import { smoothAmbient } from './light/smooth.ts';
import { createRandom } from './random.ts';
import { type Street, sceneAt } from './street.ts';

export interface ColorOptions {
  /** Rays through each pixel; where the first three agree, they are enough. */
  readonly samples: number;
  /** Seed of the rays' scatter and the sensor's noise: give each frame its own. */
  readonly seed: number;
}

const film = { exposure: 0.92, saturation: 0.9, grain: 1.6 };

/** The street as a camera sees it: width × height × 3 bytes, sRGB. Arguments as for renderDepth. */
export function renderColor(
  street: Street,
  pose: Pose,
  intrinsics: Intrinsics,
  time: number,
  options: ColorOptions,
): Uint8Array {
  const { width, height } = intrinsics;
  const pixels = width * height;
  const light = new Float32Array(pixels * 3);
  const tint = new Float32Array(pixels * 3);
  const ambient = new Float32Array(pixels * 3);
  const normal = new Float32Array(pixels * 3);
  const depth = new Float32Array(pixels);
  const shader = createShader(street, sceneAt(street, time), 1 / intrinsics.fx);
  const sample: Sample = {
    light: new Float64Array(3),
    tint: new Float64Array(3),
    ambient: new Float64Array(3),
    normal: new Float64Array(3),
    distance: 0,
  };
  const random = createRandom(options.seed * 92821 + 17);
  const at = (k: number): number => pose[k] as number;
  const shoot = (u: number, v: number, draw: Parameters<typeof shader.sample>[6]): void => {
    const x = (u - intrinsics.cx) / intrinsics.fx;
    const y = (v - intrinsics.cy) / intrinsics.fy;
    const scale = 1 / Math.sqrt(x * x + y * y + 1);
    const dx = (at(0) * x + at(1) * y + at(2)) * scale;
    const dy = (at(4) * x + at(5) * y + at(6)) * scale;
    const dz = (at(8) * x + at(9) * y + at(10)) * scale;
    shader.sample(at(3), at(7), at(11), dx, dy, dz, draw, random, sample);
  };
  for (let i = 0; i < pixels; i++) {
    const [shiftU, shiftV, shiftA] = [random(), random(), random()];
    let solid = 0;
    let taken = 0;
    let darkest = Number.POSITIVE_INFINITY;
    let brightest = 0;
    for (let k = 0; k < options.samples; k++) {
      // M. Roberts' R2 sequence spreads few points evenly over the pixel, the first in its middle.
      const a = (0.5 + k * 0.7548776662466927) % 1;
      const b = (0.5 + k * 0.5698402909980532) % 1;
      const wantsAmbient = k % 2 === 0;
      shoot((i % width) + tent(a), Math.floor(i / width) + tent(b), {
        sunU: (a + shiftU) % 1,
        sunV: (b + shiftV) % 1,
        ambient: wantsAmbient ? (shiftA + k * 0.309017) % 1 : undefined,
      });
      if (k === 0) {
        depth[i] = sample.distance;
        normal.set(sample.normal, i * 3);
      }
      const counts = wantsAmbient && sample.distance > 0;
      if (counts) solid++;
      taken++;
      let brightness = 0;
      for (let c = i * 3; c < i * 3 + 3; c++) {
        // A cap keeps single glints from flickering.
        const got = Math.min(6, sample.light[c - i * 3] as number);
        const share = sample.tint[c - i * 3] as number;
        light[c] = (light[c] as number) + got;
        tint[c] = (tint[c] as number) + share;
        if (counts) ambient[c] = (ambient[c] as number) + (sample.ambient[c - i * 3] as number);
        brightness += got + 0.5 * share;
      }
      darkest = Math.min(darkest, brightness);
      brightest = Math.max(brightest, brightness);
      if (taken === 3 && brightest - darkest < 0.07 * brightest + 0.01) break;
    }
    for (let c = i * 3; c < i * 3 + 3; c++) {
      light[c] = (light[c] as number) / taken;
      tint[c] = (tint[c] as number) / taken;
      if (solid > 0) ambient[c] = (ambient[c] as number) / solid;
    }
  }
  const smooth = smoothAmbient(ambient, normal, depth, width, height);
  for (let i = 0; i < pixels * 3; i++) {
    const from = depth[Math.floor(i / 3)] === 0 ? ambient : smooth;
    light[i] = (light[i] as number) + (tint[i] as number) * (from[i] as number);
  }
  return develop(light, width, height, film, options.seed * 31 + 5);
}

/** Uniform 0..1 to a tent of ±0.75 pixel, which makes edges soft. */
function tent(x: number): number {
  return 0.75 * (x < 0.5 ? Math.sqrt(2 * x) - 1 : 1 - Math.sqrt(2 - 2 * x));
}
