import type { CameraIntrinsics } from '../../frames/index.ts';
import type { BrightnessPyramid } from './brightness-pyramid.ts';
import type { InverseDepth } from './inverse-depth.ts';
import type { LumaGrid } from './luma-grid.ts';
import { reweightedStep } from './reweighted-step.ts';
import { stepBack } from './rigid-step.ts';
import { TexturedPoints, UNKNOWNS } from './textured-points.ts';

/** How the camera moved between two pictures, as far as they and the depth tell. */
export interface EgoMotion {
  /** previousFromPresent, row-major 3×4, in the unit of the depth. Belongs to the estimator, which writes it anew. */
  readonly motion: Float64Array;
  /** Brightness of the previous picture = gain · brightness of the present one + offset. */
  readonly gain: number;
  readonly offset: number;
  /** Median difference of brightness left over where there is texture, of 255. */
  readonly residual: number;
  /** Correlation of the two pictures where there is texture, the motion taken out; 1 is perfect. */
  readonly correlation: number;
}

/** Points and rounds for each grid, finest first. */
const MOST_POINTS = [900, 700, 480] as const;
const ROUNDS = [5, 6, 10] as const;
const FEWEST_POINTS = 60;
/** Turns that are tried out first, in cells of the coarsest grid. */
const TURNS = [0, -1, 1, -2, 2, -3, 3] as const;
/** A step that moves nothing by more than about this share of a depth or this angle is the last. */
const SMALL_STEP = 1e-4;
/** Differences of brightness below this are noise, of 255. */
const NOISE = 2;
/** Pictures that correlate less than this after alignment were not aligned. */
const LEAST_CORRELATION = 0.55;
/** … and where they correlate less than this, it is tried again from a step forward, in middle depths. */
const DOUBTFUL = 0.75;
const FORWARD = 0.08;

/**
 * Ego-motion of one camera from two pictures and the present depth alone: direct alignment, coarse to fine.
 *
 * The present picture's textured cells are carried into the previous picture by depth and motion, and the motion is
 * improved until brightness agrees (inverse compositional image alignment, Baker & Matthews, IJCV 2004, over rigid
 * motions as in Steinbrücker et al. 2011 and Kerl et al. 2013), robustly, with a change of exposure taken out.
 * It begins at no motion or at the turn of the camera that fits best: the answer depends on this pair alone. Memory is
 * taken once.
 *
 * It cannot see what depth gets wrong in common: translation is as long or short as the depth makes it. Motion of more
 * than about an eighth of the picture from frame to frame is not found.
 */
export class EgoMotionEstimator {
  readonly #points = new TexturedPoints(MOST_POINTS[0]);
  readonly #residuals = new Float64Array(MOST_POINTS[0]);
  readonly #histogram = new Int32Array(1024);
  readonly #room = new Float64Array(UNKNOWNS * (UNKNOWNS + 1));
  readonly #step = new Float64Array(UNKNOWNS);
  readonly #motion = new Float64Array(12);
  readonly #kept = new Float64Array(12);
  #gain = 1;
  #offset = 0;
  #residual = 0;
  #correlation = 0;

  /**
   * The motion between two pictures of one size; `undefined` where it is not known: fewer than 60 points of texture with
   * known depth inside both pictures, or pictures that do not correlate by 0.55 after all (a cut, a flash).
   */
  estimate(
    present: BrightnessPyramid,
    depth: InverseDepth,
    camera: CameraIntrinsics,
    previous: BrightnessPyramid,
  ): EgoMotion | undefined {
    let best = this.#descend(present, depth, camera, previous, 0);
    if (best && best.correlation < DOUBTFUL) {
      const kept = this.#kept;
      kept.set(this.#motion);
      const other = this.#descend(present, depth, camera, previous, FORWARD * depth.middle);
      if (other && other.correlation > best.correlation) best = other;
      else this.#motion.set(kept);
    }
    return best && best.correlation >= LEAST_CORRELATION ? best : undefined;
  }

  /** From the coarsest grid to the finest, the camera turned or moved forward to begin with. */
  #descend(
    present: BrightnessPyramid,
    depth: InverseDepth,
    camera: CameraIntrinsics,
    previous: BrightnessPyramid,
    forward: number,
  ): EgoMotion | undefined {
    let begun = false;
    for (let level = present.grids.length - 1; level >= 0; level--) {
      const grid = previous.grids[level]!;
      const cell = present.cells[level]!;
      this.#points.choose(present.grids[level]!, cell, depth, camera, MOST_POINTS[level]!);
      if (this.#points.count < FEWEST_POINTS) {
        if (level === 0) return undefined;
        continue;
      }
      if (!begun) this.#turn(grid, cell, camera, forward);
      begun = true;
      if (!this.#align(grid, cell, camera, depth.middle, ROUNDS[level]!)) return undefined;
    }
    return {
      motion: this.#motion,
      gain: this.#gain,
      offset: this.#offset,
      residual: this.#residual,
      correlation: this.#correlation,
    };
  }

  /** No motion but a turn to the side and a step forward. */
  #begin(angle: number, forward: number): void {
    this.#gain = 1;
    this.#offset = 0;
    this.#motion.fill(0);
    this.#motion[0] = this.#motion[10] = Math.cos(angle);
    this.#motion[2] = Math.sin(angle);
    this.#motion[8] = -this.#motion[2]!;
    this.#motion[5] = 1;
    this.#motion[11] = forward;
  }

  #turn(grid: LumaGrid, cell: number, camera: CameraIntrinsics, forward: number): void {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (const turn of TURNS) {
      const angle = (turn * cell) / camera.fx;
      this.#begin(angle, forward);
      if (this.#compare(grid, cell, camera) < FEWEST_POINTS || !(this.#correlation > most)) continue;
      best = angle;
      most = this.#correlation;
    }
    this.#begin(best, forward);
  }

  #align(grid: LumaGrid, cell: number, camera: CameraIntrinsics, unit: number, rounds: number): boolean {
    const { rows } = this.#points;
    const step = this.#step;
    for (let round = 0; round < rounds; round++) {
      if (this.#compare(grid, cell, camera) < FEWEST_POINTS) return false;
      const width = 3 * Math.max(NOISE, this.#residual);
      if (!reweightedStep(rows, this.#residuals, this.#points.count, width, this.#room, step)) return false;
      stepBack(this.#motion, step);
      const moved = (Math.abs(step[0]!) + Math.abs(step[1]!) + Math.abs(step[2]!)) / unit;
      if (moved + Math.abs(step[3]!) + Math.abs(step[4]!) + Math.abs(step[5]!) < SMALL_STEP) break;
    }
    return this.#compare(grid, cell, camera) >= FEWEST_POINTS;
  }

  /** Differences of brightness at all points, NaN outside the previous picture; how many there are. */
  #compare({ width, height, data }: LumaGrid, cell: number, camera: CameraIntrinsics): number {
    const { places, bright, count } = this.#points;
    const fx = camera.fx / cell;
    const fy = camera.fy / cell;
    const cx = (camera.cx + 0.5) / cell - 0.5;
    const cy = (camera.cy + 0.5) / cell - 0.5;
    const m = this.#motion;
    const residuals = this.#residuals;
    let seen = 0;
    let a = 0;
    let b = 0;
    let aa = 0;
    let bb = 0;
    let ab = 0;
    for (let i = 0; i < count; i++) {
      const X = places[3 * i]!;
      const Y = places[3 * i + 1]!;
      const Z = places[3 * i + 2]!;
      const z = m[8]! * X + m[9]! * Y + m[10]! * Z + m[11]!;
      const x = (fx * (m[0]! * X + m[1]! * Y + m[2]! * Z + m[3]!)) / z + cx;
      const y = (fy * (m[4]! * X + m[5]! * Y + m[6]! * Z + m[7]!)) / z + cy;
      if (!(z > 0 && x >= 0 && y >= 0 && x < width - 1 && y < height - 1)) {
        residuals[i] = Number.NaN;
        continue;
      }
      const left = x | 0;
      const top = y | 0;
      const at = top * width + left;
      const upper = data[at]! + (x - left) * (data[at + 1]! - data[at]!);
      const lower = data[at + width]! + (x - left) * (data[at + width + 1]! - data[at + width]!);
      const found = upper + (y - top) * (lower - upper);
      const own = bright[i]!;
      residuals[i] = found;
      seen++;
      a += own;
      b += found;
      aa += own * own;
      bb += found * found;
      ab += own * found;
    }
    const spread = Math.sqrt((seen * aa - a * a) * (seen * bb - b * b));
    this.#correlation = (seen * ab - a * b) / spread;
    // What makes mean and spread meet. A fit of one to the other would lose contrast wherever the motion is still off.
    this.#gain = (seen * bb - b * b) / spread || 1;
    this.#offset = (b - this.#gain * a) / seen;
    this.#residual = this.#differ(seen);
    return seen;
  }

  /** Makes differences of the brightness found, the change of exposure taken out; answers their median size. */
  #differ(seen: number): number {
    const { bright, count } = this.#points;
    const residuals = this.#residuals;
    const histogram = this.#histogram.fill(0);
    for (let i = 0; i < count; i++) {
      const residual = residuals[i]! - this.#gain * bright[i]! - this.#offset;
      residuals[i] = residual;
      if (!Number.isNaN(residual)) histogram[Math.min(1023, (4 * Math.abs(residual)) | 0)]!++;
    }
    let quarters = 0;
    for (let below = histogram[0]!; below < seen / 2; below += histogram[quarters]!) quarters++;
    return (quarters + 0.5) / 4;
  }
}
