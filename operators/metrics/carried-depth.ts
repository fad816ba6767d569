import type { CameraIntrinsics, Size } from '../../frames/index.ts';
import type { InverseDepth } from './inverse-depth.ts';

/** Neighbours whose depths differ by more than this factor are an edge: what lies between them is no surface. */
const EDGE = 1.25;

/**
 * Depth of one map carried into another by a motion, a point a cell of `cell` × `cell` pixels, beside the depth found
 * there: `selfReprojection` in a fraction of its time, with the same rules for what is hidden and what is an edge.
 * Memory is taken once.
 */
export class CarriedDepth {
  /** Points that can be compared. */
  count = 0;
  /** Cell of the grid each of them came from. */
  readonly cells: Int32Array;
  /** Carried depth / found depth of each of them. */
  readonly ratios: Float64Array;
  /** Where each cell's point is in the other picture, in pixels, and its z there; z 0 = outside it, or depth unknown. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  readonly #nearest: Float32Array;
  readonly #grid: Size;
  readonly #cell: number;

  constructor(grid: Size, cell: number) {
    const cells = grid.width * grid.height;
    this.cells = new Int32Array(cells);
    this.ratios = new Float64Array(cells);
    this.x = new Float32Array(cells);
    this.y = new Float32Array(cells);
    this.z = new Float32Array(cells);
    this.#nearest = new Float32Array(cells);
    this.#grid = grid;
    this.#cell = cell;
  }

  /** @param motion ontoFromFrom, row-major 3×4, in the maps' unit */
  carry(from: InverseDepth, onto: InverseDepth, camera: CameraIntrinsics, motion: ArrayLike<number>): void {
    this.#project(from, camera, motion);
    this.#compare(onto, camera);
  }

  #project(from: InverseDepth, { width, height, fx, fy, cx, cy }: CameraIntrinsics, m: ArrayLike<number>): void {
    const { width: across, height: down } = this.#grid;
    const cell = this.#cell;
    const middle = cell >> 1;
    const nearest = this.#nearest.fill(Number.POSITIVE_INFINITY);
    const { x: toX, y: toY, z: toZ } = this;
    for (let row = 0, i = 0; row < down; row++) {
      const v = row * cell + middle;
      const b = (v - cy) / fy;
      for (let column = 0; column < across; column++, i++) {
        const u = column * cell + middle;
        const near = from.at(v * width + u);
        toZ[i] = 0;
        if (near === 0) continue;
        const a = (u - cx) / fx;
        const z = (m[8]! * a + m[9]! * b + m[10]!) / near + m[11]!;
        const x = (fx * ((m[0]! * a + m[1]! * b + m[2]!) / near + m[3]!)) / z + cx;
        const y = (fy * ((m[4]! * a + m[5]! * b + m[6]!) / near + m[7]!)) / z + cy;
        if (!(z > 0 && x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) continue;
        toX[i] = x;
        toY[i] = y;
        toZ[i] = z;
        // Into all four neighbours: surfaces that come nearer spread out and would leave holes to look through.
        const at = this.#cellAt(x, y);
        if (z < nearest[at]!) nearest[at] = z;
        if (z < nearest[at + 1]!) nearest[at + 1] = z;
        if (z < nearest[at + across]!) nearest[at + across] = z;
        if (z < nearest[at + across + 1]!) nearest[at + across + 1] = z;
      }
    }
  }

  #compare(onto: InverseDepth, { width, height }: CameraIntrinsics): void {
    const { width: across } = this.#grid;
    const nearest = this.#nearest;
    const { x: toX, y: toY, z: toZ, ratios, cells } = this;
    let count = 0;
    for (let i = 0; i < toZ.length; i++) {
      const z = toZ[i]!;
      // Every second one, as on the black squares of a chessboard, is plenty.
      if (z === 0 || ((i ^ ((i / across) | 0)) & 1) === 1) continue;
      const x = toX[i]!;
      const y = toY[i]!;
      const at = this.#cellAt(x, y);
      const front = Math.min(nearest[at]!, nearest[at + 1]!, nearest[at + across]!, nearest[at + across + 1]!);
      if (z > EDGE * front) continue;
      const left = Math.min(x | 0, width - 2);
      const top = Math.min(y | 0, height - 2);
      const pixel = top * width + left;
      const p = onto.at(pixel);
      const q = onto.at(pixel + 1);
      const r = onto.at(pixel + width);
      const s = onto.at(pixel + width + 1);
      const far = Math.min(p, q, r, s);
      if (!(far > 0 && Math.max(p, q, r, s) <= far * EDGE)) continue;
      const wx = x - left;
      const wy = y - top;
      ratios[count] = z * ((1 - wy) * ((1 - wx) * p + wx * q) + wy * ((1 - wx) * r + wx * s));
      cells[count++] = i;
    }
    this.count = count;
  }

  /** The upper left one of the four cells whose points are around a pixel. */
  #cellAt(x: number, y: number): number {
    const { width, height } = this.#grid;
    const middle = this.#cell >> 1;
    const column = Math.min(Math.max(0, ((x - middle) / this.#cell) | 0), width - 2);
    const row = Math.min(Math.max(0, ((y - middle) / this.#cell) | 0), height - 2);
    return row * width + column;
  }
}
