import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type CameraIntrinsics,
  type CameraPose,
  DepthcastError,
  type Size,
  scaleIntrinsics,
} from '../../frames/index.ts';
import { centreOf, intrinsicsOf, type KittiCalibration, readKittiCalibration } from '../datasets/kitti-calibration.ts';
import { readKittiTimes } from '../datasets/kitti-times.ts';
import { readOxts, worldFromImu } from '../datasets/oxts.ts';
import { compose, invert, type RigidTransform, rigid, shift } from '../datasets/rigid-transform.ts';
import type { FrameSource } from './frame-source.ts';
import { type CameraFolders, cameraPictures, gapOptions, preferredCamera } from './reading/camera-folder.ts';
import { openPictures } from './reading/picture-footage.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/** Cameras: colour before grey, left before right. */
const FOLDERS: CameraFolders = {
  cameras: ['image_02', 'image_03', 'image_00', 'image_01'],
  inside: 'data',
  what: 'KITTI raw',
  such: '2011_09_26_drive_0001_sync',
};

/**
 * A drive folder of KITTI raw (`2011_09_26_drive_0001_sync`): `image_02/data`, `image_02/timestamps.txt` where it is
 * there (else 10 frames a second), the day's `calib_cam_to_cam.txt` beside the drive or in it. Poses come from `oxts`
 * where a drive has it, with the day's calibrations of the IMU.
 */
export const kittiRaw: SourceKind = {
  layouts: ['kitti-raw'],
  summary: "a KITTI raw drive folder (image_02/data, timestamps, the day's calibration, oxts)",
  recognises: (place) => place.kind === 'directory' && preferredCamera(place.names, FOLDERS.cameras) !== undefined,
  open,
};

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  const { root, entries, camera, directory, sequence, count } = await cameraPictures(place, FOLDERS);
  const calibration = await calibrationOf(root, 'calib_cam_to_cam.txt');
  const which = camera.slice(-2);
  const projection = calibration?.numbers(`P_rect_${which}`, 12);
  const stated = calibration?.numbers(`S_rect_${which}`, 2);
  const timesFile = path.join(root, camera, 'timestamps.txt');
  const times = (await isFile(timesFile)) ? await readKittiTimes(timesFile) : undefined;
  const poses = calibration && entries.includes('oxts') ? await posesOf(root, calibration, projection!) : undefined;
  for (const [lines, file] of [
    [times?.length, timesFile],
    [poses?.length, 'oxts/data'],
  ] as const) {
    if (lines === undefined || lines >= count || sequence.gaps.size > 0) continue;
    throw new DepthcastError(
      'timestamps-invalid',
      `"${path.basename(file)}" has ${lines} entries for ${count} pictures.`,
      {
        advice: 'Take the drive from the data set again.',
        facts: { file, lines, pictures: count },
      },
    );
  }
  options.signal?.throwIfAborted();
  return openPictures({
    directory,
    sequence,
    ...gapOptions(options, sequence, times, poses),
    intrinsics:
      projection && ((size) => fitted(intrinsicsOf(projection, { width: stated![0]!, height: stated![1]! }), size)),
  });
}

/** A calibration of the day, beside the drive as the data set has it, or in the drive. */
async function calibrationOf(root: string, name: string): Promise<KittiCalibration | undefined> {
  for (const file of [path.join(root, '..', name), path.join(root, name)]) {
    if (await isFile(file)) return readKittiCalibration(file);
  }
  return undefined;
}

/** Camera poses by way of the IMU: world ← IMU ← laser scanner ← camera 0 ← rectified camera 0 ← this camera. */
async function posesOf(
  root: string,
  cameras: KittiCalibration,
  projection: readonly number[],
): Promise<CameraPose[] | undefined> {
  const packets = await readOxts(path.join(root, 'oxts', 'data')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const scanner = await calibrationOf(root, 'calib_velo_to_cam.txt');
  const imu = await calibrationOf(root, 'calib_imu_to_velo.txt');
  if (packets.length === 0 || !scanner || !imu) return undefined;
  const of = (file: KittiCalibration): RigidTransform => rigid(file.numbers('R', 9), file.numbers('T', 3));
  const rectified = rigid(cameras.numbers('R_rect_00', 9), [0, 0, 0]);
  const camera0FromImu = compose(rectified, compose(of(scanner), of(imu)));
  const imuFromCamera = compose(invert(camera0FromImu), shift(centreOf(projection)));
  return worldFromImu(packets).map((pose) => ({ worldFromCamera: compose(pose, imuFromCamera) }));
}

/** The calibration states its size; pictures that were resized as a whole get the camera of their own size. */
function fitted(camera: CameraIntrinsics, size: Size): CameraIntrinsics {
  const ratio = (camera.width / camera.height) * (size.height / size.width);
  if (Math.abs(ratio - 1) <= 0.02) return scaleIntrinsics(camera, size);
  throw new DepthcastError(
    'calibration-invalid',
    `The calibration is for pictures of ${camera.width}x${camera.height}, these have ${size.width}x${size.height}.`,
    { advice: 'Put the drive beside the calibration of its own day.', facts: { camera, size } },
  );
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
