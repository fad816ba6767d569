import type { Consistency, DepthMap } from '../../frames/index.ts';
import { median } from './median.ts';
import type { PictureMatches } from './picture-matches.ts';
import { robustFit } from './robust-fit.ts';
import { smoothValue } from './smooth-value.ts';

const FEWEST = 24;
const TOLERANCE = 0.1;
/** Scale, shift and motion look alike where depth has little range; what is not determined is taken as no change. */
const RIDGE = 0.01;

/**
 * Agreement of an inverse depth map (up to scale and shift) with the one before it, at matched places.
 *
 * Fits `d′ = (1 + b)·d + c + g·d²` robustly; `g·d²` is what a forward motion of −g does to inverse depth d = 1/Z, to
 * first order. score = share of places where d′ differs from d + g·d² by at most 10 % of d above the far end (its 5th
 * percentile; at least of half the middle value above it); flicker = −100·b/(1 + b), the change of scale of the
 * present map, understated as b, c and g are hard to tell apart. `undefined` with fewer than 24 comparable places. It cannot see turns (they stay in the residual) nor
 * what `depthAgreement` cannot see either.
 */
export function inverseAgreement(
  present: DepthMap,
  previous: DepthMap,
  matches: PictureMatches,
): Consistency | undefined {
  const now: number[] = [];
  const then: number[] = [];
  for (let i = 0; i < matches.count; i++) {
    const d = smoothValue(present, matches.x[i] as number, matches.y[i] as number);
    const before = smoothValue(previous, matches.previousX[i] as number, matches.previousY[i] as number);
    if (!Number.isFinite(d) || !Number.isFinite(before)) continue;
    now.push(d);
    then.push(before);
  }
  const count = now.length;
  if (count < FEWEST) return undefined;

  const far = Float64Array.from(now).sort()[Math.floor(count / 20)] as number;
  const middle = median(Float64Array.from(now, (d) => d - far));
  const unit = Math.max(middle, 1e-12);
  const rows = new Float64Array(count * 3);
  const change = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const d = (now[k] as number) / unit;
    rows.set([d, 1, d * d], 3 * k);
    change[k] = ((then[k] as number) - (now[k] as number)) / unit;
  }
  const [b, , g] = robustFit(rows, change, 3, 0.01, RIDGE) as unknown as [number, number, number];

  let agreeing = 0;
  for (let k = 0; k < count; k++) {
    const d = now[k] as number;
    const off = Math.abs((then[k] as number) - d - (g * d * d) / unit);
    if (off <= TOLERANCE * Math.max(d - far, middle / 2)) agreeing++;
  }
  return { score: agreeing / count, flicker: (-100 * b) / (1 + b) };
}
