import type { CameraIntrinsics } from '../../../frames/camera.ts';
import type { DepthMap } from '../../../frames/depth-map.ts';
import { unproject } from '../views/measure.ts';

/** Colours of the points: RGBA bytes of a picture of any size that covers the same view. */
export interface PointColours {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

const STRIDE = 15;

/**
 * The known points of a depth map as a binary PLY (little-endian x, y, z as float, red, green, blue): x right, y down, z
 * forward, in metres for `metric` depth. Points beyond `farthest` are left out.
 */
export function ply(depth: DepthMap, camera: CameraIntrinsics, colours: PointColours, farthest: number): Blob {
  const { width, height, data } = depth;
  const body = new Uint8Array(STRIDE * data.length);
  const view = new DataView(body.buffer);
  let count = 0;
  for (let v = 0, i = 0; v < height; v++) {
    const row = Math.floor(((v + 0.5) * colours.height) / height) * colours.width;
    for (let u = 0; u < width; u++, i++) {
      const z = data[i]!;
      if (!(z > 0 && z <= farthest)) continue;
      const at = STRIDE * count++;
      const point = unproject(u, v, z, camera);
      for (let k = 0; k < 3; k++) view.setFloat32(at + 4 * k, point[k as 0 | 1 | 2], true);
      const from = 4 * (row + Math.floor(((u + 0.5) * colours.width) / width));
      body.set(colours.data.subarray(from, from + 3), at + 12);
    }
  }
  const axes = ['x', 'y', 'z'].map((name) => `property float ${name}`);
  const paints = ['red', 'green', 'blue'].map((name) => `property uchar ${name}`);
  const unit = depth.kind === 'metric' ? 'metres' : 'no unit';
  const header = ['ply', 'format binary_little_endian 1.0', `comment depthcast, camera space, ${unit}`];
  const lines = [...header, `element vertex ${count}`, ...axes, ...paints, 'end_header', ''];
  return new Blob([lines.join('\n'), body.subarray(0, STRIDE * count)], { type: 'application/octet-stream' });
}
