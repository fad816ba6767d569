import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError, type DepthKind, type DepthMap, type Size } from '../../frames/index.ts';
import { filesByFrame, frameKey, KITTI_DEPTH } from '../datasets/depth-folder.ts';
import { readDepthPng } from '../datasets/depth-png.ts';
import { readFrameArray } from '../datasets/frame-array.ts';
import type { FrameName } from '../datasets/ground-truth.ts';
import { readNpy } from '../datasets/npy-file.ts';

/** Depth that another program, or an earlier run, wrote. */
export interface GivenPredictions {
  /** Size of the first file; the others may differ. */
  readonly size: Size;
  /**
   * Depth of a frame at its own size, NaN = unknown; `undefined` where there is no file. Of an array it is the plane
   * `plane`, by default that of the frame's index.
   */
  depthOf(frame: FrameName, plane?: number): Promise<DepthMap | undefined>;
}

/**
 * Predictions from a folder with a file a frame, named like the frames: `.npy` (float32, float64), else `.png` (16 bits,
 * metres × 256, 0 = unknown). The folder of a `run --out` is understood too: its `npy/`, else its `depth/`. Or from one
 * array file of all frames in their order (`readFrameArray`).
 *
 * Throws `input-not-found`, `input-empty`, at a broken file `input-format`, and `input-dimensions` for an array that has
 * not as many planes as there are frames.
 *
 * @param frames how many frames an array must have, where that is known
 */
export async function givenPredictions(place: string, kind: DepthKind, frames?: number): Promise<GivenPredictions> {
  return /\.np[yz]$/i.test(place) ? fromArray(place, kind, frames) : fromFolder(place, kind);
}

async function fromArray(file: string, kind: DepthKind, frames: number | undefined): Promise<GivenPredictions> {
  const array = await readFrameArray(file);
  const { width, height } = array;
  if (frames !== undefined && array.frames !== frames) {
    throw new DepthcastError(
      'input-dimensions',
      `"${path.basename(file)}" has ${array.frames} frames, not ${frames}.`,
      {
        advice: 'Its frames are those of the data set in their order, or of the list of --split, none left out.',
        facts: { file, has: array.frames, frames },
      },
    );
  }
  return {
    size: { width, height },
    async depthOf({ index }, plane = index) {
      if (plane >= array.frames) return undefined;
      return { kind, width, height, data: await array.plane(plane) };
    },
  };
}

async function fromFolder(directory: string, kind: DepthKind): Promise<GivenPredictions> {
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
