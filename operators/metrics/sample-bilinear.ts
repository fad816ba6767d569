import type { Size } from '../../frames/index.ts';

/**
 * Value of a row-major grid at (x, y), pixel centres at whole numbers, by bilinear interpolation; what lies outside the
 * grid counts as 0, as `grid_sample` with zero padding has it. NaN where one of the four values is.
 */
export function sampleBilinear(data: ArrayLike<number>, { width, height }: Size, x: number, y: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const wx = x - left;
  const wy = y - top;
  let sum = 0;
  for (let dy = 0; dy < 2; dy++) {
    const row = top + dy;
    if (row < 0 || row >= height) continue;
    const share = dy === 0 ? 1 - wy : wy;
    if (share === 0) continue;
    const at = row * width + left;
    if (left >= 0 && left < width && wx < 1) sum += share * (1 - wx) * data[at]!;
    if (left + 1 >= 0 && left + 1 < width && wx > 0) sum += share * wx * data[at + 1]!;
  }
  return sum;
}
