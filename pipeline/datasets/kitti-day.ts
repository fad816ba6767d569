import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type CameraIntrinsics, DepthcastError, type Size, scaleIntrinsics } from '../../frames/index.ts';
import { centreOf, intrinsicsOf, type KittiCalibration, readKittiCalibration } from './kitti-calibration.ts';
import { compose, invert, type RigidTransform, rigid, shift } from './rigid-transform.ts';

/** Calibration of one camera of a KITTI raw day. */
export interface KittiDay {
  /** Size of the rectified pictures (`S_rect`). */
  readonly size: Size;
  /** Camera at `size`. */
  readonly camera: CameraIntrinsics;
  /** Row-major 3×4: carries homogeneous points of the laser scanner to pixels of the picture, times their z. */
  readonly pictureFromScanner: readonly number[];
  /** `imuFromCamera`, where the day's file of the IMU is there. */
  readonly imuFromCamera: RigidTransform | undefined;
}

/**
 * Reads the calibration of a day of KITTI raw: `calib_cam_to_cam.txt`, `calib_velo_to_cam.txt` and, where it is there,
 * `calib_imu_to_velo.txt`. Throws `calibration-invalid`, also where a file is missing.
 *
 * @param camera `00` to `03`
 */
export async function readKittiDay(directory: string, camera: string): Promise<KittiDay> {
  const cameras = await readKittiCalibration(path.join(directory, 'calib_cam_to_cam.txt'));
  const scanner = await readKittiCalibration(path.join(directory, 'calib_velo_to_cam.txt'));
  const imuFile = path.join(directory, 'calib_imu_to_velo.txt');
  const hasImu = await stat(imuFile).then(
    (entry) => entry.isFile(),
    () => false,
  );
  const projection = cameras.numbers(`P_rect_${camera}`, 12);
  // The protocol takes the size of camera 2 whatever the camera; all four have the same.
  const [width, height] = cameras.numbers('S_rect_02', 2) as [number, number];
  const rectified = rigid(cameras.numbers('R_rect_00', 9), [0, 0, 0]);
  const of = (file: KittiCalibration): RigidTransform => rigid(file.numbers('R', 9), file.numbers('T', 3));
  const camera0FromScanner = compose(rectified, of(scanner));
  const imu = hasImu ? of(await readKittiCalibration(imuFile)) : undefined;
  return {
    size: { width, height },
    camera: intrinsicsOf(projection, { width, height }),
    pictureFromScanner: compose(projection, camera0FromScanner),
    imuFromCamera: imu && compose(invert(compose(camera0FromScanner, imu)), shift(centreOf(projection))),
  };
}

/** The camera of a day at the size of its pictures; those of another shape belong to another day. */
export function cameraAt(camera: CameraIntrinsics, size: Size): CameraIntrinsics {
  const ratio = (camera.width / camera.height) * (size.height / size.width);
  if (Math.abs(ratio - 1) <= 0.02) return scaleIntrinsics(camera, size);
  throw new DepthcastError(
    'calibration-invalid',
    `The calibration is for pictures of ${camera.width}x${camera.height}, these have ${size.width}x${size.height}.`,
    { advice: 'Put the drive beside the calibration of its own day.', facts: { camera, size } },
  );
}
