import { type DatasetText, numbersOf, readDatasetText } from './dataset-text.ts';
import { type RigidTransform, rotationError } from './rigid-transform.ts';

/**
 * Reads KITTI odometry poses: a line a frame, 12 numbers, row-major 3×4 `worldFromCamera0` in metres. The first one
 * need not be the identity. Throws `calibration-invalid` naming file and line.
 */
export async function readKittiPoses(file: string): Promise<RigidTransform[]> {
  return posesOf(await readDatasetText(file, 'calibration-invalid'));
}

function posesOf(source: DatasetText): RigidTransform[] {
  if (source.lines.length === 0) throw source.fault(0, 'holds no poses');
  return source.lines.map((text, i) => {
    const pose = numbersOf(source, i + 1, text, 12);
    // The files have seven digits; a matrix further off than this is something else.
    if (rotationError(pose) > 1e-3) throw source.fault(i + 1, 'does not hold a rotation');
    return pose;
  });
}
