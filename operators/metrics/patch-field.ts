import type { LumaGrid } from './luma-grid.ts';

/** A grid with what normalised correlation of its square patches needs, worked out once a frame. */
export interface PatchField extends LumaGrid {
  /** Half the side of a patch; a patch has `2 * radius + 1` cells a side. */
  readonly radius: number;
  /** Mean of the patch around each cell; meaningless within `radius` of the border. */
  readonly mean: Float32Array;
  /** Root of the summed squared deviations of the patch around each cell. */
  readonly energy: Float32Array;
}

/** The grid's patches of the given radius; shares the grid's memory. */
export function patchField(grid: LumaGrid, radius: number): PatchField {
  const { width, height, data } = grid;
  const side = 2 * radius + 1;
  const count = side * side;
  const sums = new Float32Array(data.length);
  const squares = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    let square = 0;
    for (let x = 0; x < width; x++) {
      const entering = data[y * width + x] as number;
      const leaving = x >= side ? (data[y * width + x - side] as number) : 0;
      sum += entering - leaving;
      square += entering * entering - leaving * leaving;
      if (x >= side - 1) {
        sums[y * width + x - radius] = sum;
        squares[y * width + x - radius] = square;
      }
    }
  }
  const mean = new Float32Array(data.length);
  const energy = new Float32Array(data.length);
  for (let x = radius; x < width - radius; x++) {
    let sum = 0;
    let square = 0;
    for (let y = 0; y < height; y++) {
      const entering = y * width + x;
      const leaving = (y - side) * width + x;
      sum += (sums[entering] as number) - (y >= side ? (sums[leaving] as number) : 0);
      square += (squares[entering] as number) - (y >= side ? (squares[leaving] as number) : 0);
      if (y < side - 1) continue;
      const at = (y - radius) * width + x;
      mean[at] = sum / count;
      energy[at] = Math.sqrt(Math.max(0, square - (sum * sum) / count));
    }
  }
  return { width, height, data, radius, mean, energy };
}

/**
 * Zero-mean normalised cross-correlation of the patches around cell `a` of one field and cell `b` of another, −1 to 1.
 * Blind to brightness and contrast; 0 where a patch is flat. Both cells must be `radius` off the border.
 */
export function correlation(first: PatchField, a: number, second: PatchField, b: number): number {
  const { radius, width } = first;
  const [left, right] = [first.data, second.data];
  let sum = 0;
  for (let v = -radius; v <= radius; v++) {
    const rowA = a + v * width;
    const rowB = b + v * width;
    for (let u = -radius; u <= radius; u++) sum += (left[rowA + u] as number) * (right[rowB + u] as number);
  }
  const side = 2 * radius + 1;
  const covariance = sum - side * side * (first.mean[a] as number) * (second.mean[b] as number);
  const energies = (first.energy[a] as number) * (second.energy[b] as number);
  return energies > 0 ? covariance / energies : 0;
}
