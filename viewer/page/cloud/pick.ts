import type { QuantisedDepth } from '../../../frames/packed-depth.ts';
import { type CloudGeometry, inverseOfCode } from './cloud-geometry.ts';

/** A point of the cloud under the pointer. */
export interface Pick {
  /** Pixel of the depth map. */
  readonly u: number;
  readonly v: number;
}

/** How near to the pointer a point must be drawn, in CSS pixels. */
const REACH = 7;

/**
 * The point drawn nearest to the eye around a place on the canvas (CSS pixels). `matrix` = projection · view,
 * column-major. `undefined` where there is none.
 */
export function pick(
  { codes, width, height }: QuantisedDepth,
  geometry: CloudGeometry,
  matrix: readonly number[],
  canvas: { readonly width: number; readonly height: number },
  at: { readonly x: number; readonly y: number },
): Pick | undefined {
  const { intrinsics, worldScale, farthest } = geometry;
  const { fx, fy, cx, cy } = intrinsics;
  const [m0, m1, , m3, m4, m5, , m7, m8, m9, , m11, m12, m13, , m15] = matrix as readonly number[] & { length: 16 };
  const wantedX = (2 * at.x) / canvas.width - 1;
  const wantedY = 1 - (2 * at.y) / canvas.height;
  const reachX = (2 * REACH) / canvas.width;
  const reachY = (2 * REACH) / canvas.height;
  let best: Pick | undefined;
  let bestW = Number.POSITIVE_INFINITY;
  for (let v = 0, i = 0; v < height; v++) {
    for (let u = 0; u < width; u++, i++) {
      const inverse = inverseOfCode(codes[i]!, geometry);
      if (inverse * farthest < 1) continue;
      const z = worldScale / inverse;
      const x = ((u - cx) / fx) * z;
      const y = -((v - cy) / fy) * z;
      const w = m3! * x + m7! * y - m11! * z + m15!;
      if (w <= 0 || w >= bestW) continue;
      if (Math.abs((m0! * x + m4! * y - m8! * z + m12!) / w - wantedX) > reachX) continue;
      if (Math.abs((m1! * x + m5! * y - m9! * z + m13!) / w - wantedY) > reachY) continue;
      best = { u, v };
      bestW = w;
    }
  }
  return best;
}
