import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { depthFolder } from '../datasets/depth-folder.ts';
import type { GroundTruth } from '../datasets/ground-truth.ts';
import { sevenScenes } from '../datasets/seven-scenes.ts';
import { tumRgbd } from '../datasets/tum-rgbd.ts';
import type { Footage } from '../sources/frame-source.ts';
import { openFootage } from '../sources/registry.ts';

/** Footage with what was measured beside it. */
export interface Dataset {
  readonly source: Footage;
  readonly truth: GroundTruth;
  readonly layout: EvaluationLayout;
}

/** Words that `evaluate --layout` takes. */
export const EVALUATION_LAYOUTS = ['kitti-odometry', 'kitti-raw', 'pairs', 'tum', '7-scenes'] as const;
export type EvaluationLayout = (typeof EVALUATION_LAYOUTS)[number];

/** How a data set is opened. */
export interface DatasetOptions {
  readonly layout?: EvaluationLayout | undefined;
  /** Folder of 16-bit depth pictures, inside the data set or anywhere. */
  readonly gt?: string | undefined;
  /** KITTI poses, a line a frame, for layouts that bring none. */
  readonly poses?: string | undefined;
}

/** Opens a data set; without a layout, what its files look like. Throws what its source and reader throw. */
export async function openDataset(place: string, { layout, gt, poses }: DatasetOptions): Promise<Dataset> {
  const kind = layout ?? (await layoutOf(place));
  if (kind === 'tum') {
    const source = await openFootage(path.join(place, 'rgb'), { layout: 'pictures' });
    return { source, truth: await tumRgbd(place), layout: kind };
  }
  if (kind === '7-scenes') {
    const source = await openFootage(path.join(place, 'frame-*.color.*'), { layout: 'pictures' });
    return { source, truth: await sevenScenes(place), layout: kind };
  }
  const source = await openFootage(place, kind === 'pairs' ? {} : { layout: kind });
  const folder = gt ?? (kind === 'kitti-odometry' || kind === 'kitti-raw' ? 'gt_depth_cam2' : undefined);
  if (folder === undefined) {
    throw new DepthcastError('option-invalid', 'It is not said where the measured depth is.', {
      advice: 'Name its folder with --gt.',
    });
  }
  const inside = path.join(place, folder);
  const found = await stat(inside).catch(() => undefined);
  return { source, truth: await depthFolder(found?.isDirectory() ? inside : folder, undefined, poses), layout: kind };
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
  return 'pairs';
}
