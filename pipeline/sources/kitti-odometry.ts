import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { centreOf, intrinsicsOf, readKittiCalibration } from '../datasets/kitti-calibration.ts';
import { readKittiPoses } from '../datasets/kitti-poses.ts';
import { readKittiTimes } from '../datasets/kitti-times.ts';
import { compose, shift } from '../datasets/rigid-transform.ts';
import type { FrameSource } from './frame-source.ts';
import { openPictures } from './reading/picture-footage.ts';
import { isPicture, sequenceOf } from './reading/picture-names.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/** Cameras in the order of preference: colour before grey, left before right. */
const CAMERAS = ['image_2', 'image_3', 'image_0', 'image_1'];

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
    place.kind === 'directory' && place.names.includes('calib.txt') && camera(place.names) !== undefined,
  open,
};

function camera(names: readonly string[]): string | undefined {
  return CAMERAS.find((name) => names.includes(name));
}

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  const chosen = place.kind === 'directory' ? camera(place.names) : undefined;
  if (place.kind !== 'directory' || chosen === undefined) {
    throw new DepthcastError('input-no-pictures', 'This is no KITTI odometry folder: it has no image_2 or image_0.', {
      advice: 'Name a folder such as sequences/04.',
    });
  }
  const root = place.path;
  const directory = path.join(root, chosen);
  const names = (await readdir(directory)).filter(isPicture);
  if (names.length === 0) {
    throw new DepthcastError('input-no-pictures', `"${path.join(path.basename(root), chosen)}" has no pictures.`, {
      advice: 'Unpack the pictures of the sequence there.',
      facts: { directory },
    });
  }
  const sequence = sequenceOf(names);
  const calibration = await readKittiCalibration(path.join(root, 'calib.txt'));
  const projection = calibration.numbers(`P${chosen.at(-1)}`, 12);
  const times = place.names.includes('times.txt') ? await readKittiTimes(path.join(root, 'times.txt')) : undefined;
  const posesFile = await firstFile([
    path.join(root, '..', '..', 'poses', `${path.basename(root)}.txt`),
    path.join(root, 'poses.txt'),
  ]);
  const camera0FromCamera = shift(centreOf(projection));
  const ofCamera0 = posesFile === undefined ? undefined : await readKittiPoses(posesFile);
  const poses = ofCamera0?.map((pose) => ({ worldFromCamera: compose(pose, camera0FromCamera) }));
  // With a hole in the numbers the hole is the news, and lines of what lies behind it are expected.
  if (sequence.gaps.size === 0) {
    enough(times?.length, names.length, 'timestamps-invalid', 'times.txt');
    enough(poses?.length, names.length, 'calibration-invalid', posesFile ?? '');
  }
  options.signal?.throwIfAborted();
  return openPictures({
    directory,
    sequence,
    onGap: 'fail',
    times,
    poses,
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
