import type { DepthMap, Size } from '../../frames/index.ts';
import { benchmarkCrop } from '../../operators/metrics/crop.ts';

/** KITTI's pictures have at most 1242×376; of others nobody takes that crop. */
const KITTI = { width: 1280, height: 400 };

/** Sides whose ratio is further off than this were stretched. */
const STRETCHED = 0.02;

/**
 * A prediction for the 1216×352 crop of a KITTI picture, laid into the whole picture, NaN around it; the map itself where
 * it has another size than that crop. Networks that follow BTS and ZoeDepth look at that crop alone.
 */
export function laidInCrop(map: DepthMap, picture: Size): DepthMap {
  const { top, left, right, bottom } = benchmarkCrop(picture);
  const isCrop = map.width === right - left && map.height === bottom - top;
  if (!isCrop || picture.width > KITTI.width || picture.height > KITTI.height) return map;
  if (map.width === picture.width && map.height === picture.height) return map;
  const data = new Float32Array(picture.width * picture.height).fill(Number.NaN);
  for (let y = 0; y < map.height; y++) {
    data.set(map.data.subarray(y * map.width, (y + 1) * map.width), (top + y) * picture.width + left);
  }
  return { kind: map.kind, width: picture.width, height: picture.height, data };
}

/** Whether a prediction shows its picture in other proportions: by more than 2 % of width over height. */
export function isStretched(map: Size, picture: Size): boolean {
  return Math.abs((map.width * picture.height) / (map.height * picture.width) - 1) > STRETCHED;
}
