import { stat } from 'node:fs/promises';
import path from 'node:path';
import { centreOf, intrinsicsOf, readKittiCalibration } from '../datasets/kitti-calibration.ts';
import { readKittiPoses } from '../datasets/kitti-poses.ts';
import { readKittiTimes } from '../datasets/kitti-times.ts';
import { compose, shift } from '../datasets/rigid-transform.ts';
import type { FrameSource } from './frame-source.ts';
import { byNumber } from './reading/by-number.ts';
import { type CameraFolders, cameraPictures, preferredCamera } from './reading/camera-folder.ts';
import { openPictures } from './reading/picture-footage.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/** Cameras: colour before grey, left before right. */
const FOLDERS: CameraFolders = {
  cameras: ['image_2', 'image_3', 'image_0', 'image_1'],
  inside: '',
  what: 'KITTI odometry',
  such: 'sequences/04',
};

/**
 * A sequence folder of the KITTI odometry benchmark: `image_2` (else another camera's), `calib.txt`, and where they are
 * there `times.txt` and the poses `../../poses/NN.txt` or `poses.txt`.
 *
 * Poses of the benchmark are those of camera 0; they are carried over to the camera that is read. Line N of times and
 * poses, counted from 0, is that of the picture with number N; a picture without its line is an error.
 */
export const kittiOdometry: SourceKind = {
  layouts: ['kitti-odometry'],
  summary: 'a KITTI odometry sequence folder (image_2, calib.txt, times.txt, poses)',
  recognises: (place) =>
    place.kind === 'directory' &&
    place.names.includes('calib.txt') &&
    preferredCamera(place.names, FOLDERS.cameras) !== undefined,
  open,
};

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  const { root, entries, camera, directory, sequence } = await cameraPictures(place, FOLDERS);
  const { onGap = 'fail' } = options;
  const calibration = await readKittiCalibration(path.join(root, 'calib.txt'));
  const projection = calibration.numbers(`P${camera.at(-1)}`, 12);
  const lines = entries.includes('times.txt') ? await readKittiTimes(path.join(root, 'times.txt')) : undefined;
  const times =
    lines && byNumber(sequence, { entryOf: (n) => lines[n], file: 'times.txt', code: 'timestamps-invalid' }, onGap);
  const posesFile = await firstFile([
    path.join(root, '..', '..', 'poses', `${path.basename(root)}.txt`),
    path.join(root, 'poses.txt'),
  ]);
  const camera0FromCamera = shift(centreOf(projection));
  const ofCamera0 = posesFile === undefined ? undefined : await readKittiPoses(posesFile);
  const poses =
    ofCamera0 &&
    byNumber(
      sequence,
      {
        entryOf: (n) => ofCamera0[n] && { worldFromCamera: compose(ofCamera0[n], camera0FromCamera) },
        file: path.basename(posesFile!),
        code: 'calibration-invalid',
      },
      onGap,
    );
  options.signal?.throwIfAborted();
  return openPictures({
    directory,
    sequence,
    onGap,
    times,
    poses,
    intrinsics: (size) => intrinsicsOf(projection, size),
  });
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates) {
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return file;
  }
  return undefined;
}
