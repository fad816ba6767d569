import { lstat } from 'node:fs/promises';
import path from 'node:path';
import {
  type CameraIntrinsics,
  type CameraPose,
  DepthcastError,
  type Size,
  scaleIntrinsics,
} from '../../frames/index.ts';
import { type DatasetText, numbersOf, readDatasetText } from './dataset-text.ts';
import { refuseEscape } from './depth-folder.ts';
import { readDepthPng } from './depth-png.ts';
import type { FrameName, GroundTruth } from './ground-truth.ts';

/** Seconds that a colour picture and its depth or pose may lie apart, as the data set's `associate.py` has it. */
const APART = 0.02;

/** Cameras of the three recordings, at 640×480; others are the driver's default. */
const CAMERAS: readonly (readonly [RegExp, number, number, number, number])[] = [
  [/freiburg1|fr1/, 517.3, 516.5, 318.6, 255.3],
  [/freiburg2|fr2/, 520.9, 521.0, 325.1, 249.7],
  [/freiburg3|fr3/, 535.4, 539.2, 320.1, 247.6],
  [/./, 525, 525, 319.5, 239.5],
];

/**
 * Depth and poses of a TUM RGB-D sequence: `depth.txt` (time, file; 16-bit PNG, 5000 steps a metre) and
 * `groundtruth.txt` (time, tx ty tz qx qy qz qw), joined with the pictures of `rgb/`, which are named by their time, where
 * they lie at most 0.02 s apart.
 *
 * Sturm et al., "A Benchmark for the Evaluation of RGB-D SLAM Systems" (IROS 2012). Throws `timestamps-invalid` for a
 * list that is missing, unsorted or no list, `calibration-invalid` for poses that are none, `input-refused` for depth that
 * is not in the sequence. A file of the list that is not there is depth that is missing.
 */
export async function tumRgbd(directory: string): Promise<GroundTruth> {
  const depths = await timed(await readDatasetText(path.join(directory, 'depth.txt'), 'timestamps-invalid'), 1);
  const text = await readDatasetText(path.join(directory, 'groundtruth.txt'), 'calibration-invalid').catch(
    () => undefined,
  );
  const poses = text && timed(text, 7).map((entry) => ({ ...entry, values: numbersIn(text, entry) }));
  for (const { words, line } of depths) {
    const file = words[0]!;
    if (!path.isAbsolute(file) && !file.split(/[\\/]/).includes('..')) continue;
    throw new DepthcastError('input-refused', `Line ${line} of "depth.txt" leads out of the sequence.`, {
      advice: 'Take the list from the data set again.',
      facts: { directory, line },
    });
  }
  const [, fx, fy, cx, cy] = CAMERAS.find(([name]) => name.test(path.basename(path.resolve(directory))))!;
  const camera: CameraIntrinsics = { width: 640, height: 480, fx, fy, cx, cy };
  return {
    summary: `TUM RGB-D, ${depths.length} depth pictures, ${poses?.length ?? 0} poses`,
    async depthOf(frame: FrameName) {
      const file = nearest(depths, timeOf(frame))?.words[0];
      // A list that leads elsewhere is no part of the data set.
      if (file === undefined || !(await lstat(path.join(directory, file)).catch(() => undefined))) return undefined;
      await refuseEscape(directory, file);
      return readDepthPng(path.join(directory, file), { perMetre: 5000 });
    },
    async poseOf(frame: FrameName): Promise<CameraPose | undefined> {
      const entry = poses && nearest(poses, timeOf(frame));
      return entry && { worldFromCamera: poseOf(entry.values) };
    },
    intrinsics: (size: Size) => scaleIntrinsics(camera, size),
  };
}

interface Timed {
  readonly time: number;
  readonly line: number;
  readonly words: readonly string[];
}

function timed(source: DatasetText, words: number): Timed[] {
  const entries: Timed[] = [];
  source.lines.forEach((text, i) => {
    if (text.trim() === '' || text.startsWith('#')) return;
    const parts = text.trim().split(/\s+/);
    const time = Number(parts[0]);
    if (!Number.isFinite(time) || parts.length !== words + 1) throw source.fault(i + 1, 'is not a time with its entry');
    if (time <= (entries.at(-1)?.time ?? Number.NEGATIVE_INFINITY)) {
      throw source.fault(i + 1, 'is not later than the line before it');
    }
    entries.push({ time, line: i + 1, words: parts.slice(1) });
  });
  if (entries.length === 0) throw source.fault(0, 'holds no entries');
  return entries;
}

function timeOf({ name, timestamp }: FrameName): number {
  return /^\d+\.\d+$/.test(name) ? Number(name) : timestamp;
}

function nearest<Entry extends Timed>(entries: readonly Entry[], time: number): Entry | undefined {
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.time < time) low = middle + 1;
    else high = middle;
  }
  const candidates = [entries[low - 1], entries[low]].filter((entry) => entry !== undefined);
  candidates.sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time));
  const best = candidates[0];
  return best && Math.abs(best.time - time) <= APART ? best : undefined;
}

/** Files have four digits; a quaternion further off than this is something else. */
const OFF_UNIT = 0.01;

function numbersIn(source: DatasetText, { line, words }: Timed): number[] {
  const values = numbersOf(source, line, words.join(' '), 7);
  if (Math.abs(Math.hypot(...values.slice(3)) - 1) > OFF_UNIT) throw source.fault(line, 'does not hold a rotation');
  return values;
}

/** A place and a unit quaternion (x, y, z, w) as `worldFromCamera`. */
function poseOf(values: readonly number[]): number[] {
  const [tx, ty, tz, qx, qy, qz, qw] = values as [number, number, number, number, number, number, number];
  const length = Math.hypot(qx, qy, qz, qw);
  const [x, y, z, w] = [qx / length, qy / length, qz / length, qw / length];
  return [
    ...[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), tx],
    ...[2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), ty],
    ...[2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), tz],
  ];
}
