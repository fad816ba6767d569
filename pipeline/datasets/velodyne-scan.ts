import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError, type Size } from '../../frames/index.ts';
import type { TrueDepth } from './ground-truth.ts';

/** Bytes of a point: x forward, y left, z up in metres, and reflectance, float32 each. */
const POINT = 16;

/** Points of a KITTI `velodyne_points/data/*.bin`, four numbers each. Throws `input-format`, `input-not-found`. */
export async function readScan(file: string): Promise<Float32Array> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DepthcastError('input-not-found', `"${path.basename(file)}" could not be read.`, {
      advice: `Check that ${file} exists and may be read.`,
      facts: { file },
      cause,
    });
  });
  if (bytes.length === 0 || bytes.length % POINT !== 0) {
    throw new DepthcastError('input-format', `"${path.basename(file)}" is no scan: ${bytes.length} bytes.`, {
      advice: `A scan has 16 bytes a point; take ${file} from the data set again.`,
      facts: { file, bytes: bytes.length },
    });
  }
  const points = new Float32Array(bytes.length / 4);
  new Uint8Array(points.buffer).set(bytes);
  return points;
}

/**
 * A scan as a depth picture, to the last pixel as the Eigen protocol has it: `generate_depth_map` with `vel_depth` of
 * Monodepth2 (Godard et al., ICCV 2019), after Eigen, Puhrsch and Fergus (NIPS 2014).
 *
 * Points behind the scanner (x < 0) go; pixel = rounded coordinate (halves to even) − 1, as KITTI's Matlab kit counts
 * from 1; the value is the scanner's x, metres forward, not the camera's z (they differ by the 0.27 m between the two);
 * of several points in a pixel the nearest one counts. Points are looked up by row·(width − 1) + column − 1, as there,
 * where the last pixel of a row and the first of the next share a number: the nearer of the two is written to whichever
 * came first. 0 = not measured.
 *
 * What it cannot see: points that lie behind a nearer surface as the camera sees it are kept, since scanner and camera
 * do not stand in one place.
 *
 * @param points four numbers each
 * @param pictureFromScanner row-major 3×4
 */
export function scanDepth(points: Float32Array, pictureFromScanner: readonly number[], size: Size): TrueDepth {
  const { width, height } = size;
  const p = pictureFromScanner;
  const data = new Float32Array(width * height);
  const cells = height * (width - 1) + 1;
  const firstPixel = new Int32Array(cells).fill(-1);
  const nearest = new Float64Array(cells);
  const shared = new Uint8Array(cells);
  for (let i = 0; i + 3 < points.length; i += 4) {
    const [x, y, z] = [points[i]!, points[i + 1]!, points[i + 2]!];
    if (!(x >= 0)) continue;
    const depth = p[8]! * x + p[9]! * y + p[10]! * z + p[11]!;
    const u = halfToEven((p[0]! * x + p[1]! * y + p[2]! * z + p[3]!) / depth) - 1;
    const v = halfToEven((p[4]! * x + p[5]! * y + p[6]! * z + p[7]!) / depth) - 1;
    if (!(u >= 0 && v >= 0 && u < width && v < height)) continue;
    const pixel = v * width + u;
    data[pixel] = x;
    // One more than there, since it begins at −1.
    const cell = v * (width - 1) + u;
    if (firstPixel[cell]! < 0) {
      firstPixel[cell] = pixel;
      nearest[cell] = x;
    } else {
      shared[cell] = 1;
      nearest[cell] = Math.min(nearest[cell]!, x);
    }
  }
  for (let cell = 0; cell < cells; cell++) if (shared[cell]) data[firstPixel[cell]!] = nearest[cell]!;
  return { width, height, data };
}

/** Halves go to the even neighbour, as `numpy.round` has it. */
function halfToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest < 0.5 ? low : rest > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
}
