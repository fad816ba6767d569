import type { Size } from '../../frames/index.ts';
import type { LumaGrid } from './luma-grid.ts';

/** Cells of the finest grid that are aimed at: 4 pixels a cell at 640 × 192. */
const CELLS = 7680;
/** Below this many cells a side a grid shows nothing. */
const SMALLEST = 8;

/**
 * A picture's brightness on up to three grids, each half the size of the one before, for pictures of one size.
 *
 * Memory is taken once; {@link take} fills it again for each picture. A cell (i, j) of grid k covers `cells[k]` pixels
 * a side, so its centre lies at pixel `(i + 0.5) · cells[k] − 0.5`; what is left at the right and the bottom is cut off.
 */
export class BrightnessPyramid {
  /** Pixels a cell, a number a grid, finest first. */
  readonly cells: readonly number[];
  /** Mean brightness (R + 2G + B) / 4 of each cell, 0 to 255, finest grid first. */
  readonly grids: readonly LumaGrid[];

  constructor({ width, height }: Size) {
    const cells: number[] = [];
    const grids: LumaGrid[] = [];
    let cell = Math.max(1, Math.round(Math.sqrt((width * height) / CELLS)));
    for (let level = 0; level < 3; level++, cell *= 2) {
      const across = level === 0 ? Math.floor(width / cell) : grids[level - 1]!.width >> 1;
      const down = level === 0 ? Math.floor(height / cell) : grids[level - 1]!.height >> 1;
      if (Math.min(across, down) < SMALLEST) break;
      cells.push(cell);
      grids.push({ width: across, height: down, data: new Float32Array(across * down) });
    }
    this.cells = cells;
    this.grids = grids;
  }

  /** Looks at a picture of the pyramid's size, RGB, row-major, 3 bytes a pixel; every second pixel of every second row. */
  take(pixels: Uint8Array, pictureWidth: number): void {
    const finest = this.grids[0];
    if (!finest) return;
    const cell = this.cells[0]!;
    const { width, height, data } = finest;
    const row = pictureWidth * 3;
    const samples = cell * cell;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let v = 0; v < cell; v++) {
          let at = (y * cell + v) * row + x * cell * 3 + 1;
          for (let u = 0; u < cell; u++, at += 3) sum += pixels[at]!;
        }
        data[y * width + x] = sum / samples;
      }
    }
    for (let level = 1; level < this.grids.length; level++) halve(this.grids[level - 1]!, this.grids[level]!);
  }
}

function halve({ width: stride, data: from }: LumaGrid, { width, height, data }: LumaGrid): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 2 * y * stride + 2 * x;
      data[y * width + x] = (from[at]! + from[at + 1]! + from[at + stride]! + from[at + stride + 1]!) / 4;
    }
  }
}
