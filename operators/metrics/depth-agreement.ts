import type { CameraIntrinsics, Consistency, DepthMap } from '../../frames/index.ts';
import { median } from './median.ts';
import type { PictureMatches } from './picture-matches.ts';
import { robustFit } from './robust-fit.ts';
import { smoothValue } from './smooth-value.ts';

/** Fewer comparable places than this say nothing. */
const FEWEST = 24;
const TOLERANCE = 0.1;
/** Residual flow that counts as exact, in focal lengths (about half a pixel at 640 × 192). */
const FLOW_FLOOR = 1.5e-3;

/**
 * Agreement of a depth map with the one before it, with neither pose nor ground truth: the camera's motion comes from
 * the matches of the pictures and the present depth alone, and predicts the previous depth.
 *
 * For a place x, y (in focal lengths from the principal point) of depth Z, found again at x', y', a small rotation ω
 * and a translation τ from the present camera to the previous one give, linear in both:
 * `x' − x = τx/Z − x'·τz/Z − x'y·ωx + (1 + x'x)·ωy − y·ωz`,
 * `y' − y = τy/Z − y'·τz/Z − (1 + y'y)·ωx + y'x·ωy + x·ωz`
 * (Longuet-Higgins & Prazdny 1980, made exact in the forward motion by x', y' on the right). Predicted previous depth:
 * `P = Z·(1 + ωx·y − ωy·x) + τz`, compared with the previous map at x', y'. score = share with |P / D − 1| ≤ 10 %;
 * flicker = 100 · (median(P / D) − 1).
 *
 * `undefined` with fewer than 24 comparable places. It cannot see an error both maps share, such as a wrong scale or
 * a flattened scene, nor anything where the picture has no texture; what moves by itself counts as disagreeing.
 * Where the intrinsics are not known, a focal length of 0.75 widths stands in.
 */
export function depthAgreement(
  present: DepthMap,
  previous: DepthMap,
  matches: PictureMatches,
  camera?: CameraIntrinsics,
): Consistency | undefined {
  const { width, height } = present;
  const focal = camera?.fx ?? 0.75 * width;
  const tall = camera?.fy ?? focal;
  const cx = camera?.cx ?? (width - 1) / 2;
  const cy = camera?.cy ?? (height - 1) / 2;
  const kept: number[] = [];
  const depths: number[] = [];
  const found: number[] = [];
  for (let i = 0; i < matches.count; i++) {
    const z = smoothValue(present, matches.x[i] as number, matches.y[i] as number);
    const d = smoothValue(previous, matches.previousX[i] as number, matches.previousY[i] as number);
    if (!(z > 0) || !(d > 0)) continue;
    kept.push(i);
    depths.push(z);
    found.push(d);
  }
  const count = kept.length;
  if (count < FEWEST) return undefined;

  // Translation in units of the middle depth keeps the unknowns of one size.
  const unit = median(Float64Array.from(depths));
  const rows = new Float64Array(count * 12);
  const flow = new Float64Array(count * 2);
  for (let k = 0; k < count; k++) {
    const i = kept[k] as number;
    const x = ((matches.x[i] as number) - cx) / focal;
    const y = ((matches.y[i] as number) - cy) / tall;
    const toX = ((matches.previousX[i] as number) - cx) / focal;
    const toY = ((matches.previousY[i] as number) - cy) / tall;
    const near = unit / (depths[k] as number);
    rows.set([near, 0, -toX * near, -toX * y, 1 + toX * x, -y], k * 12);
    rows.set([0, near, -toY * near, -1 - toY * y, toY * x, x], k * 12 + 6);
    flow[2 * k] = toX - x;
    flow[2 * k + 1] = toY - y;
  }
  const motion = robustFit(rows, flow, 6, FLOW_FLOOR);
  const [forward, pitch, yaw] = [unit * (motion[2] as number), motion[3] as number, motion[4] as number];

  const ratios = new Float64Array(count);
  let agreeing = 0;
  for (let k = 0; k < count; k++) {
    const i = kept[k] as number;
    const x = ((matches.x[i] as number) - cx) / focal;
    const y = ((matches.y[i] as number) - cy) / tall;
    const predicted = (depths[k] as number) * (1 + pitch * y - yaw * x) + forward;
    const ratio = predicted / (found[k] as number);
    ratios[k] = ratio;
    if (Math.abs(ratio - 1) <= TOLERANCE) agreeing++;
  }
  return { score: agreeing / count, flicker: 100 * (median(ratios) - 1) };
}
