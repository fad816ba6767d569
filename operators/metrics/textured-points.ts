import type { CameraIntrinsics } from '../../frames/index.ts';
import type { InverseDepth } from './inverse-depth.ts';
import type { LumaGrid } from './luma-grid.ts';

/** Change of brightness from cell to cell, across plus down, below which there is nothing to align; of 255. */
const LEAST_SLOPE = 4;

/** Numbers a row: the derivatives of brightness by a twist (see `stepBack`). */
export const UNKNOWNS = 6;

/**
 * Cells of a picture with most texture and known depth, with what an alignment needs of them; memory for `room` points
 * is taken once.
 */
export class TexturedPoints {
  /** Points chosen. */
  count = 0;
  /** x, y, z of each in the camera, in the unit of the depth. */
  readonly places: Float64Array;
  /** Brightness of each, 0 to 255. */
  readonly bright: Float64Array;
  /** `UNKNOWNS` derivatives of each. */
  readonly rows: Float64Array;
  readonly #slopes = new Int32Array(512);

  constructor(room: number) {
    this.places = new Float64Array(room * 3);
    this.bright = new Float64Array(room);
    this.rows = new Float64Array(room * UNKNOWNS);
  }

  /**
   * Chooses at most `most` cells, those with the steepest brightness.
   *
   * @param cell pixels a cell of the grid
   * @param camera at the size of the depth map
   */
  choose(grid: LumaGrid, cell: number, depth: InverseDepth, camera: CameraIntrinsics, most: number): void {
    const { width, height, data } = grid;
    const { places, bright, rows } = this;
    const least = this.#leastSlope(grid, most);
    const fx = camera.fx / cell;
    const fy = camera.fy / cell;
    const cx = (camera.cx + 0.5) / cell - 0.5;
    const cy = (camera.cy + 0.5) / cell - 0.5;
    const middle = cell >> 1;
    let count = 0;
    for (let y = 1; y < height - 1; y++) {
      const row = (y * cell + middle) * camera.width + middle;
      for (let x = 1; x < width - 1; x++) {
        const at = y * width + x;
        const across = data[at + 1]! - data[at - 1]!;
        const down = data[at + width]! - data[at - width]!;
        if (Math.abs(across) + Math.abs(down) < least || count === most) continue;
        const near = depth.at(row + x * cell);
        if (!(near > 0)) continue;
        const a = (x - cx) / fx;
        const b = (y - cy) / fy;
        const gx = (across / 2) * fx;
        const gy = (down / 2) * fy;
        const radial = gx * a + gy * b;
        const to = count * UNKNOWNS;
        rows[to] = gx * near;
        rows[to + 1] = gy * near;
        rows[to + 2] = -radial * near;
        rows[to + 3] = -gy - radial * b;
        rows[to + 4] = gx + radial * a;
        rows[to + 5] = gy * a - gx * b;
        places[count * 3] = a / near;
        places[count * 3 + 1] = b / near;
        places[count * 3 + 2] = 1 / near;
        bright[count++] = data[at]!;
      }
    }
    this.count = count;
  }

  #leastSlope({ width, height, data }: LumaGrid, most: number): number {
    const slopes = this.#slopes.fill(0);
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const at = y * width + x;
        slopes[(Math.abs(data[at + 1]! - data[at - 1]!) + Math.abs(data[at + width]! - data[at - width]!)) | 0]!++;
      }
    }
    let least = slopes.length - 1;
    for (let count = 0; least > LEAST_SLOPE; least--) {
      count += slopes[least]!;
      if (count > most) return least + 1;
    }
    return least;
  }
}
