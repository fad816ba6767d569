import { halved, lumaGrid } from './luma-grid.ts';
import { correlation, type PatchField, patchField } from './patch-field.ts';

/** A picture on two grids, as {@link pictureMatches} wants it; worked out once a frame. */
export interface MatchField {
  /** Pixels a cell of the fine grid. */
  readonly cell: number;
  readonly fine: PatchField;
  /** Half the fine one's size. */
  readonly coarse: PatchField;
}

/** Places of the present picture found again in the previous one, in pixels of the picture. */
export interface PictureMatches {
  readonly count: number;
  /** Patches with texture that were looked for. */
  readonly sought: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly previousX: Float32Array;
  readonly previousY: Float32Array;
}

/** Grids of about 7,680 and 1,920 cells: 4 and 8 pixels a cell at 640 × 192. */
export function matchField(picture: {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}): MatchField {
  const cell = Math.max(1, Math.round(Math.sqrt((picture.width * picture.height) / 7680)));
  const grid = lumaGrid(picture, cell);
  return { cell, fine: patchField(grid, 3), coarse: patchField(halved(grid), 2) };
}

const STRIDE = 3;
const REACH_X = 8;
const REACH_Y = 2;
/** Below a deviation of 3 of 255 a patch shows nothing that could be found again. */
const FLAT = 3 * 5;
const GOOD = 0.9;

/**
 * Finds patches of the present picture again in the previous one: normalised correlation of 5 × 5 coarse cells within
 * ± 8 sideways and ± 2 up and down, then of 7 × 7 fine cells around it, then a parabola for the part of a cell.
 *
 * Patches that are flat, correlate below 0.9 or end at the border of the search are left out. It cannot see motion
 * beyond its reach (± 64 and ± 16 pixels at 640 × 192), nor along an edge.
 */
export function pictureMatches(present: MatchField, previous: MatchField): PictureMatches {
  const { coarse, fine, cell } = present;
  const { width, height, radius } = coarse;
  const room = Math.ceil(width / STRIDE) * Math.ceil(height / STRIDE);
  const x = new Float32Array(room);
  const y = new Float32Array(room);
  const previousX = new Float32Array(room);
  const previousY = new Float32Array(room);
  let count = 0;
  let sought = 0;
  if (previous.fine.width !== fine.width || previous.fine.height !== fine.height) {
    return { count, sought, x, y, previousX, previousY };
  }

  for (let cy = radius; cy < height - radius; cy += STRIDE) {
    for (let cx = radius; cx < width - radius; cx += STRIDE) {
      const at = cy * width + cx;
      if ((coarse.energy[at] as number) < FLAT) continue;
      sought++;
      let best = -1;
      let u = 0;
      let v = 0;
      for (let dv = Math.max(-REACH_Y, radius - cy); dv <= Math.min(REACH_Y, height - 1 - radius - cy); dv++) {
        for (let du = Math.max(-REACH_X, radius - cx); du <= Math.min(REACH_X, width - 1 - radius - cx); du++) {
          const found = correlation(coarse, at, previous.coarse, at + dv * width + du);
          if (found <= best) continue;
          best = found;
          u = du;
          v = dv;
        }
      }
      if (best < GOOD - 0.1) continue;
      const found = refined(present.fine, 2 * cx, 2 * cy, previous.fine, 2 * u, 2 * v);
      if (!found) continue;
      x[count] = (2 * cx + 0.5) * cell - 0.5;
      y[count] = (2 * cy + 0.5) * cell - 0.5;
      previousX[count] = (2 * cx + found.u + 0.5) * cell - 0.5;
      previousY[count] = (2 * cy + found.v + 0.5) * cell - 0.5;
      count++;
    }
  }
  return { count, sought, x, y, previousX, previousY };
}

function refined(present: PatchField, x: number, y: number, previous: PatchField, u: number, v: number) {
  const { width, height, radius } = present;
  const at = y * width + x;
  const inside = (a: number, b: number): boolean =>
    a >= radius && a < width - radius && b >= radius && b < height - radius;
  if (!inside(x, y)) return undefined;
  const score = (du: number, dv: number): number =>
    inside(x + du, y + dv) ? correlation(present, at, previous, at + dv * width + du) : Number.NaN;
  let best = -1;
  let bestU = u;
  let bestV = v;
  for (let dv = v - 1; dv <= v + 1; dv++) {
    for (let du = u - 1; du <= u + 1; du++) {
      const found = score(du, dv);
      if (!(found > best)) continue;
      best = found;
      bestU = du;
      bestV = dv;
    }
  }
  if (best < GOOD) return undefined;
  const du = peak(score(bestU - 1, bestV), best, score(bestU + 1, bestV));
  const dv = peak(score(bestU, bestV - 1), best, score(bestU, bestV + 1));
  return du === undefined || dv === undefined ? undefined : { u: bestU + du, v: bestV + dv };
}

/** Place of the top of the parabola through three neighbours, −0.5 to 0.5; `undefined` where the middle is no top. */
function peak(before: number, middle: number, after: number): number | undefined {
  const curve = before - 2 * middle + after;
  if (!(curve < 0) || before > middle || after > middle) return undefined;
  return (before - after) / (2 * curve);
}
