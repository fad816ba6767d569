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
import { readOxtsByNumber, worldFromImu } from '../datasets/oxts.ts';
import { compose, invert, type RigidTransform, rigid, shift } from '../datasets/rigid-transform.ts';
import type { FrameSource } from './frame-source.ts';
import { byNumber } from './reading/by-number.ts';
import { type CameraFolders, cameraPictures, preferredCamera } from './reading/camera-folder.ts';
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
 * where a drive has it, with the day's calibrations of the IMU. Times and poses are those of the picture's number.
 */
export const kittiRaw: SourceKind = {
  layouts: ['kitti-raw'],
  summary: "a KITTI raw drive folder (image_02/data, timestamps, the day's calibration, oxts)",
  recognises: (place) => place.kind === 'directory' && preferredCamera(place.names, FOLDERS.cameras) !== undefined,
  open,
};

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  const { root, entries, camera, directory, sequence } = await cameraPictures(place, FOLDERS);
  const { onGap = 'fail' } = options;
  const calibration = await calibrationOf(root, 'calib_cam_to_cam.txt');
  const which = camera.slice(-2);
  const projection = calibration?.numbers(`P_rect_${which}`, 12);
  const stated = calibration?.numbers(`S_rect_${which}`, 2);
  const timesFile = path.join(root, camera, 'timestamps.txt');
  const stamps = (await isFile(timesFile)) ? await readKittiTimes(timesFile) : undefined;
  const known = calibration && entries.includes('oxts') ? await posesOf(root, calibration, projection!) : undefined;
  const times =
    stamps &&
    byNumber(sequence, { entryOf: (n) => stamps[n], file: 'timestamps.txt', code: 'timestamps-invalid' }, onGap);
  const poses =
    known &&
    byNumber(sequence, { entryOf: (n) => known.get(n), file: 'oxts/data', code: 'calibration-invalid' }, onGap);
  options.signal?.throwIfAborted();
  return openPictures({
    directory,
    sequence,
    onGap,
    times,
    poses,
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

/** Camera poses by the number of the frame, by way of the IMU: world ← IMU ← laser scanner ← camera 0 ← rectified camera 0 ← this camera. */
async function posesOf(
  root: string,
  cameras: KittiCalibration,
  projection: readonly number[],
): Promise<ReadonlyMap<number, CameraPose> | undefined> {
  const packets = await readOxtsByNumber(path.join(root, 'oxts', 'data'));
  const scanner = await calibrationOf(root, 'calib_velo_to_cam.txt');
  const imu = await calibrationOf(root, 'calib_imu_to_velo.txt');
  if (!packets || !scanner || !imu) return undefined;
  const of = (file: KittiCalibration): RigidTransform => rigid(file.numbers('R', 9), file.numbers('T', 3));
  const rectified = rigid(cameras.numbers('R_rect_00', 9), [0, 0, 0]);
  const camera0FromImu = compose(rectified, compose(of(scanner), of(imu)));
  const imuFromCamera = compose(invert(camera0FromImu), shift(centreOf(projection)));
  const poses = worldFromImu([...packets.values()]);
  return new Map([...packets.keys()].map((n, i) => [n, { worldFromCamera: compose(poses[i]!, imuFromCamera) }]));
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
