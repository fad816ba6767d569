import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError, type DepthKind, type DepthMap, type Size } from '../../frames/index.ts';
import { filesByFrame, frameKey, KITTI_DEPTH } from '../datasets/depth-folder.ts';
import { readDepthPng } from '../datasets/depth-png.ts';
import type { FrameName } from '../datasets/ground-truth.ts';
import { readNpy } from '../datasets/npy-file.ts';

/** Depth that another program, or an earlier run, wrote. */
export interface GivenPredictions {
  /** Size of the first file; the others may differ. */
  readonly size: Size;
  /** Depth of a frame at its own size, NaN = unknown; `undefined` where there is no file. */
  depthOf(frame: FrameName): Promise<DepthMap | undefined>;
}

/**
 * Predictions from a folder with a file a frame, named like the frames: `.npy` (float32, float64), else `.png` (16 bits,
 * metres × 256, 0 = unknown). The folder of a `run --out` is understood too: its `npy/`, else its `depth/`.
 *
 * Throws `input-not-found`, `input-empty`, and at a broken file `input-format`.
 */
export async function givenPredictions(directory: string, kind: DepthKind): Promise<GivenPredictions> {
  const candidates = [directory, path.join(directory, 'npy'), path.join(directory, 'depth')];
  let files = new Map<string, string>();
  for (const folder of candidates) {
    const found = await stat(folder).catch(() => undefined);
    if (folder !== directory && !found?.isDirectory()) continue;
    const npy = await filesByFrame(folder, ['.npy']);
    files = npy.size > 0 ? npy : await filesByFrame(folder, ['.png']);
    if (files.size > 0) break;
  }
  const first = [...files.values()].sort()[0];
  if (first === undefined) {
    throw new DepthcastError('input-empty', `"${directory}" has no predictions: no .npy and no .png.`, {
      advice: 'Name a folder with one file a frame, or the folder of depthcast run --out.',
      facts: { directory },
    });
  }
  const read = async (file: string): Promise<DepthMap> => {
    if (file.endsWith('.npy')) return { kind, ...(await readNpy(file)) };
    const { width, height, data } = await readDepthPng(file, KITTI_DEPTH);
    for (let i = 0; i < data.length; i++) if (data[i] === 0) data[i] = Number.NaN;
    return { kind, width, height, data };
  };
  const { width, height } = await read(first);
  return {
    size: { width, height },
    async depthOf({ name, index }) {
      const file = files.get(frameKey(name)) ?? files.get(String(index));
      return file === undefined ? undefined : read(file);
    },
  };
}
