import type { CameraIntrinsics, Size } from '../../frames/index.ts';
import { type DatasetText, datasetText, numbersOf, readDatasetText } from './dataset-text.ts';

/** A KITTI projection matrix, row-major 3×4, in pixels of the rectified picture. */
export type Projection = readonly number[];

/** `KEY: numbers` lines of a KITTI calibration file, as far as they hold numbers only. */
export interface KittiCalibration {
  /** Throws `calibration-invalid` where `key` is missing or has not exactly `count` numbers. */
  numbers(key: string, count: number): number[];
  has(key: string): boolean;
}

/**
 * Reads a KITTI calibration file: `calib.txt` of odometry (P0…P3, Tr) or `calib_*.txt` of raw (P_rect_02, S_rect_02,
 * R, T…). Throws `calibration-invalid` naming file and line, also for a key that none of them has. Format: readme of the KITTI development kits (Geiger et
 * al., "Vision meets Robotics: The KITTI Dataset", IJRR 2013).
 */
export async function readKittiCalibration(file: string): Promise<KittiCalibration> {
  return calibrationOf(await readDatasetText(file, 'calibration-invalid'));
}

/** The same for a text at hand. */
export function parseKittiCalibration(text: string, file: string): KittiCalibration {
  return calibrationOf(datasetText(text, file, 'calibration-invalid'));
}

/**
 * Keys of the calibration files of odometry, raw, and the object and stereo benchmarks: another one means that the file
 * is something else, whatever numbers it has.
 */
const KEYS =
  /^(P[0-3]|Tr(_velo_to_cam|_velo_cam|_imu_to_velo|_imu_velo|_cam_to_road)?|R0_rect|R_rect|calib_time|corner_dist|([SKDRT]|[SRP]_rect)_\d\d|R|T|delta_[fc])$/;

function calibrationOf(source: DatasetText): KittiCalibration {
  const entries = new Map<string, { line: number; text: string }>();
  source.lines.forEach((text, i) => {
    if (text.trim() === '') return;
    const match = /^\s*([A-Za-z]\w*)\s*:(.*)$/.exec(text);
    if (!match) throw source.fault(i + 1, 'is not of the form "NAME: numbers"');
    if (!KEYS.test(match[1]!)) throw source.fault(i + 1, `has the key ${match[1]}, which no KITTI calibration has`);
    if (entries.has(match[1]!)) throw source.fault(i + 1, `names ${match[1]} a second time`);
    entries.set(match[1]!, { line: i + 1, text: match[2]! });
  });
  return {
    has: (key) => entries.has(key),
    numbers(key, count) {
      const entry = entries.get(key);
      if (!entry) throw source.fault(0, `has no line ${key}`);
      const numbers = numbersOf(source, entry.line, entry.text, count);
      if (/^P(\d|_rect_)/.test(key)) checkProjection(source, entry.line, numbers);
      return numbers;
    },
  };
}

function checkProjection(source: DatasetText, line: number, p: readonly number[]): void {
  const plain = p[1] === 0 && p[4] === 0 && p[8] === 0 && p[9] === 0 && p[10] === 1;
  if (!plain || p[0]! <= 0 || p[5]! <= 0) throw source.fault(line, 'is not a rectified pinhole projection');
}

/** The pinhole part of a projection, for pictures of `size`: odometry's calib.txt does not state the size itself. */
export function intrinsicsOf(projection: Projection, size: Size): CameraIntrinsics {
  const [fx, , cx, , , fy, cy] = projection as readonly [number, number, number, number, number, number, number];
  return { width: size.width, height: size.height, fx, fy, cx, cy };
}

/**
 * Where the camera of a projection stands in the rectified reference camera (camera 0), in metres: the projection is
 * `K·[I | t]`, so the camera's centre is `−t`.
 */
export function centreOf(projection: Projection): readonly [number, number, number] {
  const at = (i: number): number => projection[i]!;
  const tz = at(11);
  const tx = (at(3) - at(2) * tz) / at(0);
  const ty = (at(7) - at(6) * tz) / at(5);
  return [-tx, -ty, -tz];
}
