import type { QuantisedDepth } from '../../../frames/packed-depth.ts';
import { type CloudGeometry, inverseOfCode } from './cloud-geometry.ts';

/**
 * The codes of a depth map with flying pixels made unknown: those that lie in the air between something near and
 * something far, where a network or a resize mixed the two.
 *
 * A flying pixel steps away in depth on both sides, left and right or above and below; one beside a clean edge steps on
 * one side only and stays. `edge` = largest step from column to column, as a share of the nearer depth; twice that from
 * row to row, because a road seen flat steps from row to row more than anything steps from column to column.
 */
export function withoutFlyingPixels(
  { codes, width, height }: QuantisedDepth,
  geometry: CloudGeometry,
  edge: number,
): Uint16Array<ArrayBuffer> {
  const inverse = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) inverse[i] = inverseOfCode(codes[i]!, geometry);
  const kept = new Uint16Array(codes.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const here = inverse[i]!;
      const across = x > 0 && x < width - 1 && stepsAway(inverse[i - 1]!, here, inverse[i + 1]!, edge);
      const along = y > 0 && y < height - 1 && stepsAway(inverse[i - width]!, here, inverse[i + width]!, 2 * edge);
      if (!across && !along) kept[i] = codes[i]!;
    }
  }
  return kept;
}

function stepsAway(before: number, here: number, after: number, edge: number): boolean {
  return isStep(before, here, edge) && isStep(here, after, edge);
}

// A step to what is unknown (0) tells nothing.
function isStep(a: number, b: number, edge: number): boolean {
  return a > 0 && b > 0 && Math.abs(a - b) > edge * Math.min(a, b);
}
