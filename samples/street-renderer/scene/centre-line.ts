/**
 * The middle of the road on the plane ground, in world x and z (metres), as a function of the way s along it.
 * It starts straight ahead, then bends once by `bend` radians between `from` and `to` metres.
 */
export interface CentreLine {
  /** Position and heading (radians, clockwise seen from above, 0 = along z) at s. */
  readonly at: (s: number) => { readonly x: number; readonly z: number; readonly heading: number };
  /** The way s and the sideways distance d (positive to the right) of a place; exact to a few millimetres. */
  readonly locate: (x: number, z: number) => readonly [s: number, d: number];
}

const STEP = 0.5;
const START = -60;
const END = 420;

export function createCentreLine(options: {
  readonly bend: number;
  readonly from: number;
  readonly to: number;
  /** World x of the line at s = 0. */
  readonly x: number;
}): CentreLine {
  const headingAt = (s: number): number => {
    const t = Math.min(1, Math.max(0, (s - options.from) / (options.to - options.from)));
    return options.bend * t * t * t * (t * (6 * t - 15) + 10);
  };
  const steps = Math.round((END - START) / STEP);
  const xs = new Float64Array(steps + 1);
  const zs = new Float64Array(steps + 1);
  const origin = Math.round(-START / STEP);
  const walk = (from: number, direction: 1 | -1): void => {
    for (let i = from; direction > 0 ? i < steps : i > 0; i += direction) {
      // The midpoint's heading: the error is below a micrometre a step.
      const heading = headingAt(START + (i + direction / 2) * STEP);
      xs[i + direction] = (xs[i] as number) + direction * Math.sin(heading) * STEP;
      zs[i + direction] = (zs[i] as number) + direction * Math.cos(heading) * STEP;
    }
  };
  xs[origin] = options.x;
  walk(origin, 1);
  walk(origin, -1);

  const at = (s: number): { x: number; z: number; heading: number } => {
    const f = Math.min(steps - 1e-9, Math.max(0, (s - START) / STEP));
    const i = Math.floor(f);
    const t = f - i;
    return {
      x: (xs[i] as number) + ((xs[i + 1] as number) - (xs[i] as number)) * t,
      z: (zs[i] as number) + ((zs[i + 1] as number) - (zs[i] as number)) * t,
      heading: headingAt(s),
    };
  };
  // z grows with s everywhere, so a first guess comes from z, and two steps along the heading refine it.
  const locate = (x: number, z: number): readonly [number, number] => {
    let s = z;
    let d = 0;
    for (let i = 0; i < 4; i++) {
      const p = at(s);
      const sin = Math.sin(p.heading);
      const cos = Math.cos(p.heading);
      s += (x - p.x) * sin + (z - p.z) * cos;
      d = (x - p.x) * cos - (z - p.z) * sin;
    }
    return [s, d];
  };
  return { at, locate };
}
