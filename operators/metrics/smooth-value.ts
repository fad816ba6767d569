import type { DepthMap } from '../../frames/index.ts';

/** A place where values differ by more than this within a few pixels belongs to two surfaces. */
const JUMP = 1.5;

/** The map's value at a place in pixels; NaN where it is unknown, within 3 pixels of the border, or at a jump. */
export function smoothValue(map: DepthMap, x: number, y: number): number {
  const { width, height, data } = map;
  const column = Math.round(x);
  const row = Math.round(y);
  if (column < 3 || row < 3 || column >= width - 3 || row >= height - 3) return Number.NaN;
  const at = row * width + column;
  const a = data[at - 3] as number;
  const b = data[at + 3] as number;
  const c = data[at - 3 * width] as number;
  const d = data[at + 3 * width] as number;
  const low = Math.min(a, b, c, d);
  return Math.max(a, b, c, d) > JUMP * Math.max(low, 0) ? Number.NaN : (data[at] as number);
}
