import type { Size } from '../../frames/index.ts';

/** Brightness of a picture on a coarse grid: row-major, 0 to 255, one number a cell. */
export interface LumaGrid extends Size {
  readonly data: Float32Array;
}

/**
 * Mean brightness (R + 2G + B) / 4 of square cells of `cell` × `cell` pixels; what is left at the right and the bottom
 * is cut off. Every second pixel of every second row is looked at, which is plenty below the cell's own blur.
 */
export function lumaGrid(picture: Size & { readonly pixels: Uint8Array }, cell: number): LumaGrid {
  const { pixels } = picture;
  const width = Math.floor(picture.width / cell);
  const height = Math.floor(picture.height / cell);
  const data = new Float32Array(width * height);
  const row = picture.width * 3;
  const samples = Math.ceil(cell / 2) ** 2 * 4;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let v = 0; v < cell; v += 2) {
        let at = (y * cell + v) * row + x * cell * 3;
        for (let u = 0; u < cell; u += 2, at += 6) {
          sum += (pixels[at] as number) + 2 * (pixels[at + 1] as number) + (pixels[at + 2] as number);
        }
      }
      data[y * width + x] = sum / samples;
    }
  }
  return { width, height, data };
}

/** The grid at half the size: means of 2 × 2 cells. */
export function halved(grid: LumaGrid): LumaGrid {
  const width = grid.width >> 1;
  const height = grid.height >> 1;
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 2 * y * grid.width + 2 * x;
      const below = at + grid.width;
      const from = grid.data;
      data[y * width + x] =
        ((from[at] as number) + (from[at + 1] as number) + (from[below] as number) + (from[below + 1] as number)) / 4;
    }
  }
  return { width, height, data };
}
