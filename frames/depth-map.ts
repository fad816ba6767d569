import type { Size } from './camera.ts';

/**
 * What the numbers of a depth map mean: `metric` = metres along the optical axis; `relative` = the same up to one
 * unknown scale; `inverse` = inverse depth up to scale and shift. Kinds never mix silently.
 */
export type DepthKind = 'metric' | 'relative' | 'inverse';

/** Row-major float32 z-depth **along the optical axis** (not along the ray); NaN = unknown. */
export interface DepthMap extends Size {
  readonly kind: DepthKind;
  /** `width * height` values. Owned by whoever holds the map; nobody writes to it after it was emitted. */
  readonly data: Float32Array;
}
