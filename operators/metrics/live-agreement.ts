import type { CameraIntrinsics, Consistency, Size } from '../../frames/index.ts';
import type { BrightnessPyramid } from './brightness-pyramid.ts';
import { CarriedDepth } from './carried-depth.ts';
import type { EgoMotion } from './ego-motion.ts';
import type { InverseDepth } from './inverse-depth.ts';
import type { LumaGrid } from './luma-grid.ts';
import { median } from './median.ts';

/** Fewer comparable points than this share of the grid say nothing. */
const FEWEST = 0.02;
/** Disagreement at which the score is a half. */
const HALF = 0.1;
/** A point disagrees by this at most, so that no single one rules the mean. */
const MOST = 1;
/** Places whose brightness is off by this many median differences do not show what the motion says. */
const MOVING = 3;
/** Differences of brightness below this are noise, of 255. */
const NOISE = 4;
/** A map that changed by less than this share of what the motion asks for has not followed it … */
const FOLLOWED = 0.1;
/** … where the motion moves the picture by so many pixels, across plus down, … */
const SEEN = 0.75;
/** … as every fifth point tells. */
const LOOK = 5;

/**
 * How well two successive depth maps agree once the camera's own motion is taken out, with neither pose nor truth.
 *
 * Depth of each frame is carried into the other by the motion; `error` is the mean of |carried / found − 1| (at most 1
 * each) over the points that can be compared, both ways, as in `selfReprojection`: score = 1 / (1 + error / 10 %).
 * flicker = 100 · (m − 1), m the median of present / previous depth after the motion, both ways.
 *
 * Left out: what is hidden, edges of depth (`CarriedDepth`), and what moves by itself as far as it shows: places where
 * the carried picture differs, over 3 × 3 cells, by more than three times the usual. A map that does not change although
 * the motion asks for change scores 0: an answer frozen is not an answer to this picture. It cannot see an error that
 * both maps share and that moves as a real surface would.
 */
export class LiveAgreement {
  readonly #there: CarriedDepth;
  readonly #back: CarriedDepth;
  readonly #differences: Float32Array;
  readonly #moving: Uint8Array;
  readonly #ratios: Float64Array;
  readonly #grid: Size;
  readonly #cell: number;

  constructor({ width, height }: Size, cell: number) {
    this.#grid = { width, height };
    this.#cell = cell;
    this.#there = new CarriedDepth(this.#grid, cell);
    this.#back = new CarriedDepth(this.#grid, cell);
    this.#differences = new Float32Array(width * height);
    this.#moving = new Uint8Array(width * height);
    this.#ratios = new Float64Array(width * height);
  }

  /** `undefined` where less than 2 % of the points can be compared in one of the two ways. */
  measure(
    present: { readonly depth: InverseDepth; readonly picture: BrightnessPyramid },
    previous: { readonly depth: InverseDepth; readonly picture: BrightnessPyramid },
    camera: CameraIntrinsics,
    ego: EgoMotion,
  ): Consistency | undefined {
    this.#there.carry(present.depth, previous.depth, camera, ego.motion);
    this.#back.carry(previous.depth, present.depth, camera, inverse(ego.motion));
    this.#findMoving(present.picture.grids[0]!, previous.picture.grids[0]!, ego);

    const there = this.#disagreement(this.#there, (cell) => cell);
    const ratioThere = median(this.#ratios, there.count);
    const back = this.#disagreement(this.#back, (cell) => this.#landing(cell));
    const ratioBack = median(this.#ratios, back.count);
    const fewest = FEWEST * this.#ratios.length;
    if (there.count < fewest || back.count < fewest) return undefined;

    const frozen = this.#frozen(present.depth, previous.depth, camera);
    const error = (there.sum / there.count + back.sum / back.count) / 2;
    const score = frozen ? 0 : 1 / (1 + error / HALF);
    return { score, flicker: 100 * (Math.sqrt(ratioThere / ratioBack) - 1) };
  }

  /** Marks cells of the present picture that the carried picture does not show. */
  #findMoving(present: LumaGrid, previous: LumaGrid, { gain, offset, residual }: EgoMotion): void {
    const { width, height } = this.#grid;
    const { x: toX, y: toY, z } = this.#there;
    const differences = this.#differences;
    for (let i = 0; i < differences.length; i++) {
      const x = (toX[i]! + 0.5) / this.#cell - 0.5;
      const y = (toY[i]! + 0.5) / this.#cell - 0.5;
      differences[i] = 0;
      if (z[i] === 0 || !(x >= 0 && y >= 0 && x < width - 1 && y < height - 1)) continue;
      const at = (y | 0) * width + (x | 0);
      const wx = x - (x | 0);
      const { data } = previous;
      const upper = data[at]! + wx * (data[at + 1]! - data[at]!);
      const lower = data[at + width]! + wx * (data[at + width + 1]! - data[at + width]!);
      differences[i] = Math.abs(upper + (y - (y | 0)) * (lower - upper) - gain * present.data[i]! - offset);
    }
    const limit = 9 * MOVING * Math.max(NOISE, residual);
    this.#moving.fill(0);
    for (let row = 1; row < height - 1; row++) {
      for (let i = row * width + 1, end = i + width - 2; i < end; i++) {
        let sum = 0;
        for (let at = i - width; at <= i + width; at += width) {
          sum += differences[at - 1]! + differences[at]! + differences[at + 1]!;
        }
        if (sum > limit) this.#moving[i] = 1;
      }
    }
  }

  /** Sum over the points that do not move by themselves; their ratios are gathered for the median. */
  #disagreement({ count, ratios, cells }: CarriedDepth, seenAt: (cell: number) => number) {
    let sum = 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (this.#moving[seenAt(cells[i]!)]) continue;
      const ratio = ratios[i]!;
      sum += Math.min(MOST, Math.abs(ratio - 1));
      this.#ratios[kept++] = ratio;
    }
    return { sum, count: kept };
  }

  /** Cell of the present picture in which a point of the previous one lies. */
  #landing(cell: number): number {
    const { width, height } = this.#grid;
    const column = Math.min(width - 1, (this.#back.x[cell]! / this.#cell) | 0);
    return Math.min(height - 1, (this.#back.y[cell]! / this.#cell) | 0) * width + column;
  }

  #frozen(present: InverseDepth, previous: InverseDepth, { width }: CameraIntrinsics): boolean {
    const { x: toX, y: toY, z, cells, count } = this.#there;
    const across = this.#grid.width;
    const middle = this.#cell >> 1;
    let moved = 0;
    let changed = 0;
    let asked = 0;
    let looked = 0;
    for (let k = 0; k < count; k += LOOK) {
      const i = cells[k]!;
      const x = toX[i]!;
      const y = toY[i]!;
      const now = present.at(Math.round(y) * width + Math.round(x));
      if (now === 0) continue;
      looked++;
      const row = (i / across) | 0;
      moved += Math.abs(x - (i - row * across) * this.#cell - middle) + Math.abs(y - row * this.#cell - middle);
      changed += Math.abs(previous.at(Math.round(y) * width + Math.round(x)) / now - 1);
      asked += Math.abs(1 / (z[i]! * now) - 1);
    }
    return moved > SEEN * looked && changed < FOLLOWED * asked;
  }
}

/** The inverse of a rigid motion, row-major 3×4. */
function inverse(m: ArrayLike<number>): number[] {
  const [x, y, z] = [m[3]!, m[7]!, m[11]!];
  const row = (k: number): number[] => [m[k]!, m[k + 4]!, m[k + 8]!, -(m[k]! * x + m[k + 4]! * y + m[k + 8]! * z)];
  return [...row(0), ...row(1), ...row(2)];
}
