import type { Size } from '../../frames/index.ts';
import type { CropRectangle } from './crop.ts';

/** Measured and predicted depth at the same pixels, in metres: what every accuracy metric looks at. */
export interface DepthPairs {
  /** First `count` entries: ground truth, above 0. */
  readonly truth: Float64Array;
  /** First `count` entries: prediction, above 0. */
  readonly predicted: Float64Array;
  readonly count: number;
}

/** Which pixels of a ground truth are looked at. */
export interface DepthMask {
  /** Only truth strictly between these two takes part, in metres. */
  readonly minDepth: number;
  readonly maxDepth: number;
  /** Only pixels inside take part; the whole picture without it. */
  readonly crop?: CropRectangle | undefined;
}

/**
 * Pairs at the pixels where truth is known, inside the mask, and the prediction is a positive number. Both arrays are
 * row-major at `size`, 0 or NaN = unknown. The answer owns its memory. `unanswered` counts the pixels with truth that
 * the prediction leaves open: they are in no metric, so a prediction with holes must state them.
 */
export function depthPairs(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  { width, height }: Size,
  { minDepth, maxDepth, crop }: DepthMask,
): DepthPairs & { readonly unanswered: number } {
  const { top, bottom, left, right } = crop ?? { top: 0, bottom: height, left: 0, right: width };
  let most = 0;
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left; i < y * width + right; i++) {
      if (truth[i]! > minDepth && truth[i]! < maxDepth) most++;
    }
  }
  const a = new Float64Array(most);
  const b = new Float64Array(most);
  let count = 0;
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left; i < y * width + right; i++) {
      const z = truth[i]!;
      if (!(z > minDepth && z < maxDepth)) continue;
      const guess = predicted[i]!;
      if (!(guess > 0 && guess < Number.POSITIVE_INFINITY)) continue;
      a[count] = z;
      b[count++] = guess;
    }
  }
  return { truth: a, predicted: b, count, unanswered: most - count };
}

/** The same pairs with the prediction times `scale`, held inside [`low`, `high`]; new memory for the prediction alone. */
export function scaledPairs(
  { truth, predicted, count }: DepthPairs,
  scale: number,
  low: number,
  high: number,
): DepthPairs {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = Math.min(Math.max(predicted[i]! * scale, low), high);
  return { truth, predicted: out, count };
}
