import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { centreOf, intrinsicsOf, readKittiCalibration } from '../datasets/kitti-calibration.ts';
import { readKittiPoses } from '../datasets/kitti-poses.ts';
import { readKittiTimes } from '../datasets/kitti-times.ts';
import { compose, shift } from '../datasets/rigid-transform.ts';
import type { FrameSource } from './frame-source.ts';
import { type CameraFolders, cameraPictures, gapOptions, preferredCamera } from './reading/camera-folder.ts';
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
 * Poses of the benchmark are those of camera 0; they are carried over to the camera that is read. More times or poses
 * than pictures are those of pictures left out at the end; fewer are an error.
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
  const { root, entries, camera, directory, sequence, count } = await cameraPictures(place, FOLDERS);
  const calibration = await readKittiCalibration(path.join(root, 'calib.txt'));
  const projection = calibration.numbers(`P${camera.at(-1)}`, 12);
  const times = entries.includes('times.txt') ? await readKittiTimes(path.join(root, 'times.txt')) : undefined;
  const posesFile = await firstFile([
    path.join(root, '..', '..', 'poses', `${path.basename(root)}.txt`),
    path.join(root, 'poses.txt'),
  ]);
  const camera0FromCamera = shift(centreOf(projection));
  const ofCamera0 = posesFile === undefined ? undefined : await readKittiPoses(posesFile);
  const poses = ofCamera0?.map((pose) => ({ worldFromCamera: compose(pose, camera0FromCamera) }));
  // With a hole in the numbers the hole is the news, and lines of what lies behind it are expected.
  if (sequence.gaps.size === 0) {
    enough(times?.length, count, 'timestamps-invalid', 'times.txt');
    enough(poses?.length, count, 'calibration-invalid', posesFile ?? '');
  }
  options.signal?.throwIfAborted();
  return openPictures({
    directory,
    sequence,
    ...gapOptions(options, sequence, times, poses),
    intrinsics: (size) => intrinsicsOf(projection, size),
  });
}

function enough(
  lines: number | undefined,
  pictures: number,
  code: 'timestamps-invalid' | 'calibration-invalid',
  file: string,
): void {
  if (lines === undefined || lines >= pictures) return;
  throw new DepthcastError(code, `"${path.basename(file)}" has ${lines} lines for ${pictures} pictures.`, {
    advice: 'Take the file from the data set again.',
    facts: { file, lines, pictures },
  });
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates) {
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return file;
  }
  return undefined;
}
