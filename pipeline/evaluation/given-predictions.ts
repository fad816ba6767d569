import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DepthcastError, type DepthKind, type DepthMap, type Size } from '../../frames/index.ts';
import { filesByFrame, frameKey, KITTI_DEPTH } from '../datasets/depth-folder.ts';
import { readDepthPng } from '../datasets/depth-png.ts';
import { readFrameArray } from '../datasets/frame-array.ts';
import type { FrameName } from '../datasets/ground-truth.ts';
import { readNpy } from '../datasets/npy-file.ts';
import { refusePacked } from '../datasets/packed-data.ts';
import { listedFiles } from './listed-files.ts';

/** Depth that another program, or an earlier run, wrote. */
export interface GivenPredictions {
  readonly kind: DepthKind;
  /** Size of the first file; the others may differ. */
  readonly size: Size;
  /**
   * Depth of a frame at its own size, NaN = unknown; `undefined` where there is no file. Of an array it is the plane
   * `plane`, by default that of the frame's index.
   */
  depthOf(frame: FrameName, plane?: number): Promise<DepthMap | undefined>;
}

/** What is known of the frames that predictions are for. */
export interface PredictedFrames {
  /** How many planes an array must have, where that is known. */
  readonly planes?: number | undefined;
  /** True for frames of many drives, which a number alone does not name (see `listedFiles`). */
  readonly isList?: boolean | undefined;
}

/**
 * Predictions from a folder with a file a frame, named like the frames: `.npy` (float32, float64), else `.png` (16 bits,
 * metres × 256, 0 = unknown). The folder of a `run --out` is understood too: its `npy/`, else its `depth/`, and what its
 * `meta.json` says of their kind. Or from one array file of all frames in their order (`readFrameArray`).
 *
 * Throws `input-not-found`, `input-empty`, at a broken file `input-format`, `input-dimensions` for an array that has
 * not as many planes as there are frames, and `option-invalid` where `kind` is not that of the run.
 *
 * @param kind what the numbers mean; by default what the run says, else metres
 */
export async function givenPredictions(
  place: string,
  kind: DepthKind | undefined,
  { planes, isList = false }: PredictedFrames = {},
): Promise<GivenPredictions> {
  if (/\.np[yz]$/i.test(place)) return fromArray(place, kind ?? 'metric', planes);
  await refusePacked(place);
  return fromFolder(place, kind, isList ? (planes ?? 0) : undefined);
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
    kind,
    size: { width, height },
    async depthOf({ index }, plane = index) {
      if (plane >= array.frames) return undefined;
      return { kind, width, height, data: await array.plane(plane) };
    },
  };
}

async function fromFolder(
  directory: string,
  asked: DepthKind | undefined,
  listed: number | undefined,
): Promise<GivenPredictions> {
  const run = await runIn(directory);
  const kind = asked ?? run?.kind ?? 'metric';
  if (run && kind !== run.kind) {
    throw new DepthcastError('option-invalid', `"${directory}" holds ${run.kind} depth, not ${kind}.`, {
      advice: 'Leave --pred-kind out: its meta.json says what the depth is.',
      facts: { directory, kind: run.kind, asked },
    });
  }
  const fileOf = listed === undefined ? await filesOfFootage(directory) : await filesOfList(directory, listed);
  if (fileOf === undefined) {
    throw new DepthcastError('input-empty', `"${directory}" has no predictions: no .npy and no .png.`, {
      advice: 'Name a folder with one file a frame, or the folder of depthcast run --out.',
      facts: { directory },
    });
  }
  const scale = run?.stepsPerUnit === undefined ? KITTI_DEPTH : { perMetre: run.stepsPerUnit };
  const read = async (file: string): Promise<DepthMap> => {
    if (file.endsWith('.npy')) return { kind, ...(await readNpy(file)) };
    const { width, height, data } = await readDepthPng(file, scale);
    for (let i = 0; i < data.length; i++) if (data[i] === 0) data[i] = Number.NaN;
    return { kind, width, height, data };
  };
  const { width, height } = await read(fileOf.first);
  return {
    kind,
    size: { width, height },
    async depthOf(frame, plane) {
      const file = fileOf.of(frame, plane);
      return file === undefined ? undefined : read(file);
    },
  };
}

interface Files {
  readonly first: string;
  readonly of: (frame: FrameName, plane: number | undefined) => string | undefined;
}

/** Files of one footage: by name; by the frame's index where its name is no number that could be another one's. */
async function filesOfFootage(directory: string): Promise<Files | undefined> {
  for (const folder of [directory, path.join(directory, 'npy'), path.join(directory, 'depth')]) {
    const found = await stat(folder).catch(() => undefined);
    if (folder !== directory && !found?.isDirectory()) continue;
    const npy = await filesByFrame(folder, ['.npy']);
    const files = npy.size > 0 ? npy : await filesByFrame(folder, ['.png']);
    const first = [...files.values()].sort()[0];
    if (first === undefined) continue;
    return {
      first,
      of: ({ name, index }) => files.get(frameKey(name)) ?? (/^\d+$/.test(name) ? undefined : files.get(String(index))),
    };
  }
  return undefined;
}

/** Files of frames of many drives. */
async function filesOfList(directory: string, planes: number): Promise<Files | undefined> {
  for (const extension of ['.npy', '.png']) {
    const { first, fileOf } = await listedFiles(directory, extension, planes);
    if (first !== undefined) return { first, of: fileOf };
  }
  return undefined;
}

const RUN = z.looseObject({
  kind: z.enum(['metric', 'relative', 'inverse']),
  outputs: z
    .looseObject({ png16: z.looseObject({ stepsPerUnit: z.number().positive().optional() }).optional() })
    .optional(),
});

/** What a folder of `run --out`, or one of the folders in it, says of its depth; `undefined` for other folders. */
async function runIn(
  directory: string,
): Promise<{ readonly kind: DepthKind; readonly stepsPerUnit: number | undefined } | undefined> {
  const inside = ['npy', 'depth'].includes(path.basename(path.resolve(directory)));
  for (const folder of inside ? [directory, path.join(directory, '..')] : [directory]) {
    const text = await readFile(path.join(folder, 'meta.json'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    try {
      const { kind, outputs } = RUN.parse(JSON.parse(text));
      return { kind, stepsPerUnit: outputs?.png16?.stepsPerUnit };
    } catch {
      // Another program's file of that name.
    }
  }
  return undefined;
}
