import path from 'node:path';
import { type CameraPose, type Size, scaleIntrinsics } from '../../frames/index.ts';
import { numbersOf, readDatasetText } from './dataset-text.ts';
import { filesByFrame } from './depth-folder.ts';
import { readDepthPng } from './depth-png.ts';
import type { FrameName, GroundTruth } from './ground-truth.ts';
import { rotationError } from './rigid-transform.ts';

/** Millimetres; 65535 is the sensor's own word for "nothing". */
const MILLIMETRES = { perMetre: 1000, unknown: 65535 };
/** Kinect of the data set, at 640×480, without the colour camera's own calibration, as its authors advise. */
const CAMERA = { width: 640, height: 480, fx: 585, fy: 585, cx: 320, cy: 240 };

/**
 * Depth and poses of a 7-Scenes sequence: `frame-NNNNNN.depth.png` (millimetres, 0 and 65535 = unknown) and
 * `frame-NNNNNN.pose.txt` (4×4, camera to world) beside `frame-NNNNNN.color.png` or `.jpg`.
 *
 * Shotton et al., "Scene Coordinate Regression Forests for Camera Relocalization in RGB-D Images" (CVPR 2013). Depth is
 * the Kinect's own, not registered to the colour picture: surfaces are off by a few pixels at their edges. Throws
 * `calibration-invalid` for a pose that is none.
 */
export async function sevenScenes(directory: string): Promise<GroundTruth> {
  const pictures = await filesByFrame(directory, ['.png']);
  const poses = await filesByFrame(directory, ['.txt']);
  const stem = (frame: FrameName): string => frame.name.replace(/\.color$/, '');
  return {
    summary: '7-Scenes, Kinect depth in millimetres',
    async depthOf(frame: FrameName) {
      const file = pictures.get(`${stem(frame)}.depth`);
      return file === undefined ? undefined : readDepthPng(file, MILLIMETRES);
    },
    async poseOf(frame: FrameName): Promise<CameraPose | undefined> {
      const file = poses.get(`${stem(frame)}.pose`);
      if (file === undefined) return undefined;
      const source = await readDatasetText(path.resolve(file), 'calibration-invalid');
      const pose = numbersOf(source, 0, source.lines.join(' '), 16);
      if (rotationError(pose) > 1e-3) throw source.fault(0, 'does not hold a rotation');
      return { worldFromCamera: pose.slice(0, 12) };
    },
    intrinsics: (size: Size) => scaleIntrinsics(CAMERA, size),
  };
}
