import type { DepthFrame } from './depth-frame.ts';

/** Points of one depth frame, in the camera's space: x right, y down, z forward. */
export interface PointCloud {
  readonly count: number;
  /** x, y, z of each point, `3 * count` numbers, in the unit of the depth: metres for `metric` maps. */
  readonly positions: Float32Array;
  /** Red, green, blue of each point, `3 * count` bytes. */
  readonly colours: Uint8Array;
}

/**
 * The points that a depth frame shows: every `stride`-th pixel of every `stride`-th row, unknown depth left out.
 *
 * A pixel (u, v) of depth z lies at ((u − cx) · z / fx, (v − cy) · z / fy, z). `undefined` where the camera is not known
 * or the depth is `inverse`, which has no points without its scale and shift. The arrays are the caller's.
 */
export function pointCloud({ frame, depth }: DepthFrame, stride = 1): PointCloud | undefined {
  const camera = frame.intrinsics;
  if (!camera || depth.kind === 'inverse' || camera.width !== depth.width || camera.height !== depth.height) {
    return undefined;
  }
  const { width, height, data } = depth;
  const { fx, fy, cx, cy } = camera;
  const { pixels } = frame;
  const most = Math.ceil(width / stride) * Math.ceil(height / stride);
  const positions = new Float32Array(most * 3);
  const colours = new Uint8Array(most * 3);
  let o = 0;
  for (let v = 0; v < height; v += stride) {
    const y = (v - cy) / fy;
    for (let u = 0; u < width; u += stride) {
      const i = v * width + u;
      const z = data[i]!;
      // NaN fails the first comparison; infinity the second.
      if (!(z > 0 && z < Number.POSITIVE_INFINITY)) continue;
      positions[o] = ((u - cx) / fx) * z;
      positions[o + 1] = y * z;
      positions[o + 2] = z;
      colours[o] = pixels[i * 3]!;
      colours[o + 1] = pixels[i * 3 + 1]!;
      colours[o + 2] = pixels[i * 3 + 2]!;
      o += 3;
    }
  }
  return { count: o / 3, positions: positions.subarray(0, o), colours: colours.subarray(0, o) };
}
