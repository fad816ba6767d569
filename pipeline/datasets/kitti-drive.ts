import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type CameraPose, DepthcastError } from '../../frames/index.ts';
import { filesByFrame, KITTI_DEPTH } from './depth-folder.ts';
import { readDepthPng } from './depth-png.ts';
import type { FrameName, GroundTruth, TrueDepth } from './ground-truth.ts';
import { cameraAt, readKittiDay } from './kitti-day.ts';
import { readOxtsByNumber, worldFromImu } from './oxts.ts';
import { compose } from './rigid-transform.ts';
import { readScan, scanDepth } from './velodyne-scan.ts';

/** Name of a drive's folder, `2011_09_26_drive_0002_sync`, and the day in it. */
const DRIVE = /^(\d{4}_\d\d_\d\d)_drive_\d{4}_(?:sync|extract)$/;

/** The day of a drive by its folder's name; `undefined` where it is none. */
export function dayOf(drive: string): string | undefined {
  return DRIVE.exec(drive)?.[1];
}

/** What is known of the frames of a drive by their numbers. */
export interface DriveTruth extends GroundTruth {
  /** By the number of a frame. */
  depthAt(number: number): Promise<TrueDepth | undefined>;
  poseAt(number: number): CameraPose | undefined;
}

/** Poses of a drive's camera by frame number, from `oxts/data`; none where packets or the IMU's calibration are missing. */
export async function drivePoses(drive: string, day: string, camera: string): Promise<ReadonlyMap<number, CameraPose>> {
  const { imuFromCamera } = await readKittiDay(day, camera);
  const packets = imuFromCamera ? await readOxtsByNumber(path.join(drive, 'oxts', 'data')) : undefined;
  if (!packets || !imuFromCamera) return new Map();
  const poses = worldFromImu([...packets.values()]);
  return new Map(
    [...packets.keys()].map((number, i) => [number, { worldFromCamera: compose(poses[i]!, imuFromCamera) }]),
  );
}

/**
 * Depth of a KITTI raw drive from its own scans, `velodyne_points/data/NNNNNNNNNN.bin`, as the Eigen protocol projects
 * them (see `scanDepth`); joined by the number of the frame, since some drives lack scans. Poses come from OXTS. Throws
 * `input-not-found` where there are no scans, `calibration-invalid`.
 */
export async function velodyneDepth(drive: string, day: string, camera: string): Promise<DriveTruth> {
  const scans = await filesByFrame(path.join(drive, 'velodyne_points', 'data'), ['.bin']);
  const { pictureFromScanner, size, camera: intrinsics } = await readKittiDay(day, camera);
  const poses = await drivePoses(drive, day, camera);
  const depthAt = async (number: number): Promise<TrueDepth | undefined> => {
    const file = scans.get(String(number));
    return file === undefined ? undefined : scanDepth(await readScan(file), pictureFromScanner, size);
  };
  return {
    summary: `${scans.size} laser scans of ${path.basename(drive)}, projected as in the Eigen protocol`,
    depthAt,
    poseAt: (number) => poses.get(number),
    depthOf: ({ name, index }: FrameName) => depthAt(numberOf(name, index)),
    poseOf: async ({ name, index }: FrameName) => poses.get(numberOf(name, index)),
    intrinsics: (to) => cameraAt(intrinsics, to),
  };
}

/**
 * Folder of a drive in the annotated depth of KITTI (`data_depth_annotated`), which has no folder a day:
 * `[train|val/]DRIVE/proj_depth/groundtruth/image_02`. `undefined` where the drive is not in it.
 *
 * Uhrig et al., "Sparsity Invariant CNNs" (3DV 2017): scans of ±5 frames together, checked against stereo; the first and
 * last five frames of a drive have none.
 */
export async function annotatedFolder(root: string, drive: string, camera: string): Promise<string | undefined> {
  for (const part of [
    '',
    'val',
    'train',
    'data_depth_annotated',
    'data_depth_annotated/val',
    'data_depth_annotated/train',
  ]) {
    const folder = path.join(root, part, drive, 'proj_depth', 'groundtruth', `image_${camera}`);
    const isFolder = await stat(folder).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (isFolder) return folder;
  }
  return undefined;
}

/** Annotated depth of one drive by frame number. Throws `input-not-found` where `root` does not have the drive. */
export async function annotatedDepth(
  root: string,
  drive: string,
  camera: string,
): Promise<{ readonly count: number; depthAt(number: number): Promise<TrueDepth | undefined> }> {
  const folder = await annotatedFolder(root, drive, camera);
  if (folder === undefined) {
    throw new DepthcastError('input-not-found', `"${root}" has no annotated depth of ${drive}.`, {
      advice: 'Name the folder that holds train/ and val/ of data_depth_annotated.',
      facts: { root, drive },
    });
  }
  const files = await filesByFrame(folder, ['.png']);
  return {
    count: files.size,
    async depthAt(number) {
      const file = files.get(String(number));
      return file === undefined ? undefined : readDepthPng(file, KITTI_DEPTH);
    },
  };
}

/** Frame numbers of a drive's camera by its pictures: number → absolute path. Empty where the camera is not there. */
export async function drivePictures(drive: string, camera: string): Promise<ReadonlyMap<number, string>> {
  const folder = path.join(drive, `image_${camera}`, 'data');
  const names = await readdir(folder).catch(() => []);
  const found = new Map<number, string>();
  for (const name of names.sort()) {
    const match = /^(\d+)\.(?:png|jpe?g)$/i.exec(name);
    if (match) found.set(Number(match[1]), path.join(folder, name));
  }
  return found;
}

function numberOf(name: string, index: number): number {
  return /^\d+$/.test(name) ? Number(name) : index;
}
