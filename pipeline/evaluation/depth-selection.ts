import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type CameraIntrinsics, DepthcastError, type Size } from '../../frames/index.ts';
import { numbersOf, readDatasetText } from '../datasets/dataset-text.ts';
import { filesByFrame, frameKey, KITTI_DEPTH } from '../datasets/depth-folder.ts';
import { readDepthPng } from '../datasets/depth-png.ts';
import type { FrameName } from '../datasets/ground-truth.ts';
import type { Dataset } from './open-dataset.ts';
import { pickedPictures } from './picked-pictures.ts';

/** Parts of `depth_selection`, the one with depth first. */
const PARTS = ['', 'val_selection_cropped', 'test_depth_prediction_anonymous'];

/**
 * KITTI's depth selection (Uhrig et al., "Sparsity Invariant CNNs", 3DV 2017): `val_selection_cropped` with 1,000 frames
 * of 1216×352 — `image/DRIVE_image_NNNNNNNNNN_image_02.png`, `groundtruth_depth/DRIVE_groundtruth_depth_….png`,
 * `intrinsics/….txt` with nine numbers — or `test_depth_prediction_anonymous`, which has no depth to measure against.
 *
 * No frame follows another one, so each is a stretch of its own: a multi-frame model has no context in any of them, and
 * its fallback answers. Throws `input-no-pictures`, and `calibration-invalid` for a camera that is none.
 */
export async function depthSelection(place: string): Promise<Dataset> {
  for (const part of PARTS) {
    const root = path.join(place, part);
    const names = await readdir(path.join(root, 'image')).catch(() => []);
    if (names.some((name) => name.endsWith('.png'))) return open(root);
  }
  throw new DepthcastError('input-no-pictures', `"${path.basename(place)}" has no folder image with PNGs.`, {
    advice: 'Name depth_selection, or val_selection_cropped in it.',
    facts: { place },
  });
}

async function open(root: string): Promise<Dataset> {
  const pictures = await filesByFrame(path.join(root, 'image'), ['.png']);
  const ifThere = (folder: string, ending: string): Promise<ReadonlyMap<string, string>> =>
    filesByFrame(path.join(root, folder), [ending]).catch((error: unknown) => {
      if (error instanceof DepthcastError && error.code === 'input-not-found') return new Map();
      throw error;
    });
  const depths = await ifThere('groundtruth_depth', '.png');
  const cameras = await ifThere('intrinsics', '.txt');
  const names = [...pictures.values()].map((file) => path.basename(file, '.png')).sort();
  const matrices = new Map<string, CameraIntrinsics>();
  for (const name of names) {
    const file = cameras.get(frameKey(name));
    if (file !== undefined) matrices.set(name, await cameraIn(file));
  }
  const source = await pickedPictures(
    names.map((name, i) => ({
      name,
      file: pictures.get(frameKey(name))!,
      timestamp: i,
      starts: true,
      camera: (size: Size) => {
        const camera = matrices.get(name);
        // The file does not state the size, which is that of the cropped picture.
        return camera && { ...camera, ...size };
      },
    })),
  );
  return {
    source,
    layout: 'kitti-depth-selection',
    planes: names.length,
    planeOf: ({ index }) => index,
    truth: {
      summary: `${names.length} single frames of ${path.basename(root)}, ${depths.size} with annotated depth`,
      async depthOf({ name }: FrameName) {
        const file = depths.get(frameKey(name.replace('_image_', '_groundtruth_depth_')));
        return file === undefined ? undefined : readDepthPng(file, KITTI_DEPTH);
      },
      poseOf: async () => undefined,
      intrinsics: () => undefined,
    },
  };
}

/** Nine numbers, row-major 3×3. */
async function cameraIn(file: string): Promise<CameraIntrinsics> {
  const source = await readDatasetText(file, 'calibration-invalid');
  const k = numbersOf(source, 0, source.lines.join(' '), 9);
  const [fx, skew, cx, below, fy, cy] = k as [number, number, number, number, number, number];
  const plain = skew === 0 && below === 0 && k[6] === 0 && k[7] === 0 && k[8] === 1;
  if (!plain || !(fx > 0) || !(fy > 0)) throw source.fault(0, 'is not a pinhole camera of nine numbers');
  return { width: 0, height: 0, fx, fy, cx, cy };
}
