import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { depthFolder, posesByFrame } from '../datasets/depth-folder.ts';
import type { FrameName, GroundTruth } from '../datasets/ground-truth.ts';
import { annotatedFolder, velodyneDepth } from '../datasets/kitti-drive.ts';
import { refusePacked } from '../datasets/packed-data.ts';
import { sevenScenes } from '../datasets/seven-scenes.ts';
import { tumRgbd } from '../datasets/tum-rgbd.ts';
import type { Footage } from '../sources/frame-source.ts';
import { openFootage } from '../sources/registry.ts';
import { depthSelection } from './depth-selection.ts';
import { splitDataset } from './split-dataset.ts';

/** Footage with what was measured beside it. */
export interface Dataset {
  readonly source: Footage;
  readonly truth: GroundTruth;
  readonly layout: EvaluationLayout;
  /** By the index of a frame, whether its depth is wanted; the others are context. All of them without it. */
  readonly isWanted?: ((index: number) => boolean) | undefined;
  readonly wantedCount?: number | undefined;
  /** Planes that an array of predictions for this data set has, where frames do not number them. */
  readonly planes?: number | undefined;
  /** The plane of a frame in such an array. */
  readonly planeOf?: ((frame: FrameName) => number | undefined) | undefined;
  /** Frames that are asked for, but have no picture. */
  readonly missingPictures?: readonly string[] | undefined;
}

/** Words that `evaluate --layout` takes. */
export const EVALUATION_LAYOUTS = [
  'kitti-odometry',
  'kitti-raw',
  'kitti-split',
  'kitti-depth-selection',
  'pairs',
  'tum',
  '7-scenes',
] as const;
export type EvaluationLayout = (typeof EVALUATION_LAYOUTS)[number];

/** How a data set is opened. */
export interface DatasetOptions {
  readonly layout?: EvaluationLayout | undefined;
  /**
   * Folder of 16-bit depth pictures, inside the data set or anywhere; for KITTI raw also the folder of the annotated
   * depth, or `velodyne` for the drive's own scans.
   */
  readonly gt?: string | undefined;
  /** KITTI poses, a line a frame, for layouts that bring none. */
  readonly poses?: string | undefined;
  /** List of the frames that are wanted; the place is then the folder in which its lines begin. */
  readonly split?: string | undefined;
  /** Offsets of the frames that a model looks at beside its target. */
  readonly offsets?: readonly number[] | undefined;
  /** Frames of the list that are wanted, from its beginning. */
  readonly maxFrames?: number | undefined;
}

/**
 * Opens a data set; without a layout, what its files look like. Throws what its source and reader throw, and
 * `input-format` for one that is still packed.
 */
export async function openDataset(place: string, options: DatasetOptions): Promise<Dataset> {
  const { layout, gt, poses, split } = options;
  await refusePacked(place);
  if (gt !== undefined) for (const packed of [path.join(place, gt), gt]) await refusePacked(packed);
  if (split !== undefined) {
    if (layout === undefined || layout === 'kitti-split') return splitDataset(place, { ...options, split });
    throw new DepthcastError('option-invalid', `--split lists frames of KITTI raw, not of ${layout}.`, {
      advice: 'Leave --layout out.',
    });
  }
  const kind = layout ?? (await layoutOf(place));
  switch (kind) {
    case 'kitti-split':
      throw new DepthcastError('option-invalid', 'It is not said which frames are wanted.', {
        advice: 'Name their list with --split.',
      });
    case 'kitti-depth-selection':
      return depthSelection(place);
    case 'tum':
      return {
        source: await openFootage(path.join(place, 'rgb'), { layout: 'pictures', onGap: 'time-gap' }),
        truth: await tumRgbd(place),
        layout: kind,
      };
    case '7-scenes':
      return withHoles({
        source: await openFootage(path.join(place, 'frame-*.color.*'), { layout: 'pictures', onGap: 'time-gap' }),
        truth: await sevenScenes(place),
        layout: kind,
      });
    case 'pairs':
      return withHoles({
        source: await openFootage(place, { onGap: 'time-gap' }),
        truth: await folderTruth(place, gt, poses),
        layout: kind,
      });
    default:
      return withHoles({
        source: await openFootage(place, { layout: kind, onGap: 'time-gap' }),
        truth: await (kind === 'kitti-raw' ? driveTruth : sequenceTruth)(place, gt, poses),
        layout: kind,
      });
  }
}

/** Names of pictures that are not told beyond this many. */
const MANY = 10_000;

/** The same with the names of the pictures that are missing between others, by their numbers. */
function withHoles(dataset: Dataset): Dataset {
  const numbers = (dataset.source.info.names ?? []).map((name) => /^(.*?)(\d+)(\D*)$/s.exec(name));
  const steps = numbers.slice(1).map((found, i) => Number(found?.[2]) - Number(numbers[i]?.[2]));
  const step = Math.min(...steps.filter((difference) => difference > 0));
  const missing: string[] = [];
  numbers.forEach((found, i) => {
    const before = numbers[i - 1];
    if (!found || !before || found[1] !== before[1] || found[3] !== before[3] || step > 100) return;
    for (let n = Number(before[2]) + step; n < Number(found[2]) && missing.length < MANY; n += step) {
      missing.push(`${found[1]}${String(n).padStart(found[2]!.length, '0')}${found[3]}`);
    }
  });
  return { ...dataset, missingPictures: missing };
}

/** Depth of a KITTI odometry sequence; most have poses alone. */
async function sequenceTruth(place: string, gt: string | undefined, poses: string | undefined): Promise<GroundTruth> {
  const usual = 'gt_depth_cam2';
  if (gt === undefined && !(await isFolder(path.join(place, usual)))) return withoutDepth(poses);
  return folderTruth(place, gt ?? usual, poses);
}

/** What can be measured by poses alone. */
async function withoutDepth(poses: string | undefined): Promise<GroundTruth> {
  return {
    summary: 'no measured depth',
    depthOf: async () => undefined,
    poseOf: await posesByFrame(poses),
    intrinsics: () => undefined,
  };
}

async function folderTruth(place: string, gt: string | undefined, poses: string | undefined): Promise<GroundTruth> {
  if (gt === undefined) {
    if (poses !== undefined) return withoutDepth(poses);
    throw new DepthcastError('option-invalid', 'It is not said where the measured depth is.', {
      advice: 'Name its folder with --gt.',
    });
  }
  const inside = path.join(place, gt);
  return depthFolder((await isFolder(inside)) ? inside : gt, undefined, poses);
}

/** Depth of a KITTI raw drive: a folder of pictures, the annotated depth, or its own scans. */
async function driveTruth(place: string, gt: string | undefined, poses: string | undefined): Promise<GroundTruth> {
  const root = path.resolve(place);
  const [drive, camera] = [path.basename(root), '02'];
  if (gt !== undefined && gt !== 'velodyne') {
    const annotated = await annotatedFolder(gt, drive, camera);
    return annotated === undefined ? folderTruth(place, gt, poses) : depthFolder(annotated, undefined, poses);
  }
  const usual = path.join(root, 'gt_depth_cam2');
  if (gt === undefined && (await isFolder(usual))) return depthFolder(usual, undefined, poses);
  const beside = path.join(root, '..');
  const day = (await isFile(path.join(beside, 'calib_velo_to_cam.txt'))) ? beside : root;
  const scans = await velodyneDepth(root, day, camera).catch((error: unknown) => {
    const areNone = error instanceof DepthcastError && error.code === 'input-not-found';
    if (gt === undefined && areNone) return undefined;
    throw error;
  });
  if (scans === undefined || poses !== undefined) {
    const without = await withoutDepth(poses);
    return scans ? { ...scans, poseOf: without.poseOf, intrinsics: () => undefined } : without;
  }
  // The source reads the poses itself, for the frames that it gives out.
  return { ...scans, poseOf: async () => undefined, intrinsics: () => undefined };
}

async function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

async function isFile(place: string): Promise<boolean> {
  return stat(place).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

async function layoutOf(place: string): Promise<EvaluationLayout> {
  const has = async (name: string): Promise<boolean> =>
    stat(path.join(place, name)).then(
      () => true,
      () => false,
    );
  if ((await has('rgb')) && (await has('depth.txt'))) return 'tum';
  if (await has('frame-000000.pose.txt')) return '7-scenes';
  if ((await has('calib.txt')) && ((await has('image_2')) || (await has('image_0')))) return 'kitti-odometry';
  if ((await has('image_02')) || (await has('oxts'))) return 'kitti-raw';
  if ((await has('val_selection_cropped')) || ((await has('image')) && (await has('intrinsics')))) {
    return 'kitti-depth-selection';
  }
  return 'pairs';
}
