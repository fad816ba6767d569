import type { DepthMap, Size } from '../../frames/index.ts';
import { resizeDepth } from '../../frames/resize-depth.ts';
import { type ScaleShift, ScaleShiftFit } from '../../operators/metrics/scale-shift-fit.ts';
import type { TrueDepth } from '../datasets/ground-truth.ts';
import type { Preset, Scaling } from './presets.ts';

/** What is added to a zero before it is divided by; inverse depth below it is farther than a kilometre. */
const LEAST = 1e-3;

/** A new map with 1 / value; unknown stays unknown. */
export function inverted(map: DepthMap): DepthMap {
  const data = new Float32Array(map.data.length);
  for (let i = 0; i < data.length; i++) data[i] = 1 / map.data[i]!;
  return { ...map, data };
}

/** Inverse depth of a map of any kind, as far as it has one; held above 1e-3 where it is only known up to a shift. */
export function disparityOf(map: DepthMap): DepthMap {
  if (map.kind !== 'inverse') return inverted(map);
  const data = map.data.map((value) => Math.max(value, LEAST));
  return { ...map, data };
}

/**
 * Depth of a map at another size, up to the scale that its kind leaves open; `line` brings inverse depth, that of an
 * `inverse` map or one over that of another, to inverse metres.
 */
export function depthAt(map: DepthMap, size: Size, resize: Preset['resize'], line?: ScaleShift): DepthMap {
  const isDepth = map.kind !== 'inverse';
  if (isDepth && resize === 'depth' && !line) return resizeDepth(map, size);
  // What is interpolated: depth itself where the preset says so and it is depth, else its inverse.
  const wide =
    isDepth && resize === 'depth' ? inverted(resizeDepth(map, size)) : resizeDepth(isDepth ? inverted(map) : map, size);
  if (!line) return inverted(isDepth ? wide : disparityOf(wide));
  const data = wide.data.map((value) => 1 / Math.max(line.scale * value + line.shift, LEAST));
  return { ...wide, data };
}

/** Scale and shift of one inverse map against truth between two depths; `undefined` where it cannot be told. */
export function fitDisparity(
  disparity: DepthMap,
  truth: TrueDepth,
  { minDepth, maxDepth }: Pick<Preset, 'minDepth' | 'maxDepth'>,
  ...fits: ScaleShiftFit[]
): ScaleShift | undefined {
  const fit = new ScaleShiftFit();
  for (let i = 0; i < truth.data.length; i++) {
    const z = truth.data[i]!;
    const d = disparity.data[i]!;
    if (!(z > minDepth && z < maxDepth) || !Number.isFinite(d)) continue;
    // As the evaluation of Video Depth Anything has both: 1e-8 under the truth, no disparity below 1e-3.
    const [x, y] = [Math.max(d, LEAST), 1 / (z + 1e-8)];
    fit.add(x, y);
    for (const other of fits) other.add(x, y);
  }
  return fit.solve();
}

/** What brings the depth of a whole clip to metres. */
export interface ClipScale {
  readonly mode: Scaling;
  /** Times depth; 1 for `none`. */
  readonly factor: number;
  /** Of inverse depth to inverse metres, for `scale-shift`. */
  readonly line?: ScaleShift | undefined;
}
