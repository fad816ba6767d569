import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type CameraPose, DepthcastError } from '../../frames/index.ts';
import { filesByFrame } from '../datasets/depth-folder.ts';
import type { FrameName, GroundTruth, TrueDepth } from '../datasets/ground-truth.ts';
import { cameraAt, readKittiDay } from '../datasets/kitti-day.ts';
import { annotatedDepth, drivePictures, drivePoses, velodyneDepth } from '../datasets/kitti-drive.ts';
import { readKittiTimes } from '../datasets/kitti-times.ts';
import { readSplitList, type SplitFrame } from '../datasets/split-list.ts';
import type { Dataset, DatasetOptions } from './open-dataset.ts';
import { type PickedPicture, pickedPictures } from './picked-pictures.ts';

/** Folders below the one that is named in which KITTI raw may lie. */
const ROOTS = ['', 'raw_data', 'kitti_raw', 'raw'];

/** A frame of a drive that is read: named by the split, or context of one that is. */
interface ReadFrame {
  readonly drive: Drive;
  readonly number: number;
  /** Its entry in the list; `undefined` for context. */
  readonly listed?: SplitFrame | undefined;
}

interface Drive {
  readonly name: string;
  readonly camera: string;
  readonly pictures: ReadonlyMap<number, string>;
  readonly picture: (number: number) => Omit<PickedPicture, 'file' | 'starts'>;
  readonly depthAt: (number: number) => Promise<TrueDepth | undefined>;
  readonly poseAt: (number: number) => CameraPose | undefined;
}

/**
 * The frames of a split of KITTI raw (`readSplitList`), with the pictures around them that a model looks at. Depth is
 * annotated depth where the list or `gt` says so, else the scan of the same number as the Eigen protocol projects it.
 *
 * Frames are named as KITTI's depth selection names them, `DRIVE_image_NNNNNNNNNN_image_02`, and read drive by drive in
 * order; arrays of predictions are in the order of the list. A frame without picture is reported, not guessed.
 */
export async function splitDataset(
  place: string,
  options: DatasetOptions & { readonly split: string },
): Promise<Dataset> {
  const { split, gt, offsets = [], maxFrames } = options;
  const all = await readSplitList(split);
  const listed = maxFrames === undefined ? all : all.slice(0, maxFrames);
  const annotated = gt === undefined ? listed.some(({ truth }) => truth === 'annotated') : gt !== 'velodyne';
  const depthRoot = annotated ? await depthRootOf(place, gt) : undefined;
  const drives = new Map<string, Promise<Drive>>();
  const missingPictures: string[] = [];
  const wanted = new Map<string, ReadFrame>();
  for (const entry of [...listed].sort(inOrder)) {
    const key = `${entry.drive} ${entry.camera}`;
    const opening = drives.get(key) ?? openDrive(place, entry, depthRoot);
    drives.set(key, opening);
    const drive = await opening;
    if (!drive.pictures.has(entry.number)) missingPictures.push(nameOf(entry));
    else {
      const read = { drive, number: entry.number, listed: entry };
      wanted.set(`${key} ${entry.number}`, read);
    }
  }
  const read = new Map<string, ReadFrame>();
  for (const { drive, number } of wanted.values()) {
    for (const at of [...offsets, 0].map((offset) => number + offset).sort((a, b) => a - b)) {
      const key = `${drive.name} ${drive.camera} ${at}`;
      if (drive.pictures.has(at)) read.set(key, wanted.get(key) ?? { drive, number: at });
    }
  }
  const frames = [...read.values()].sort((a, b) => inOrder(keyOf(a), keyOf(b)));
  if (frames.length === 0) {
    throw new DepthcastError('input-not-found', `None of the ${listed.length} frames of the list has a picture.`, {
      advice: `Name the folder in which the days of KITTI raw lie, such as 2011_09_26: "${place}" has none of them.`,
      facts: { place, split },
    });
  }
  const byName = new Map(frames.map((frame) => [nameOf(keyOf(frame)), frame]));
  const source = await pickedPictures(
    frames.map(({ drive, number }, i) => ({
      ...drive.picture(number),
      file: drive.pictures.get(number)!,
      starts: frames[i - 1]?.drive !== drive || frames[i - 1]!.number + 1 !== number,
    })),
  );
  const truth: GroundTruth = {
    summary: `${listed.length} frames of ${path.basename(split)}, ${annotated ? 'annotated depth' : 'laser scans projected as in the Eigen protocol'}`,
    async depthOf({ name }: FrameName) {
      const frame = byName.get(name);
      return frame && frame.listed?.truth !== 'none' ? frame.drive.depthAt(frame.number) : undefined;
    },
    async poseOf({ name }: FrameName) {
      const frame = byName.get(name);
      return frame?.drive.poseAt(frame.number);
    },
    intrinsics: () => undefined,
  };
  return {
    source,
    truth,
    layout: 'kitti-split',
    isWanted: (index) => frames[index]?.listed !== undefined,
    wantedCount: wanted.size,
    planes: all.length,
    planeOf: ({ name }) => byName.get(name)?.listed?.position,
    missingPictures,
  };
}

async function openDrive(place: string, entry: SplitFrame, depthRoot: string | undefined): Promise<Drive> {
  const { day, drive: name, camera } = entry;
  let folder = path.join(place, day, name);
  for (const root of ROOTS) {
    const candidate = path.join(place, root, day, name);
    if (await isFolder(candidate)) {
      folder = candidate;
      break;
    }
  }
  const pictures = await drivePictures(folder, camera);
  const naming = { drive: name, camera };
  if (pictures.size === 0) {
    const none = { depthAt: async () => undefined, poseAt: () => undefined };
    return {
      name,
      camera,
      pictures,
      ...none,
      picture: (number) => ({ name: nameOf({ ...naming, number }), timestamp: 0 }),
    };
  }
  const dayFolder = path.dirname(folder);
  const { camera: stated } = await readKittiDay(dayFolder, camera);
  const timesFile = path.join(folder, `image_${camera}`, 'timestamps.txt');
  const times = (await stat(timesFile).catch(() => undefined)) ? await readKittiTimes(timesFile) : undefined;
  const poses = await drivePoses(folder, dayFolder, camera);
  return {
    name,
    camera,
    pictures,
    picture: (number) => ({
      name: nameOf({ ...naming, number }),
      // Ten a second, as all of KITTI, where no file says more.
      timestamp: times?.[number] ?? number / 10,
      camera: (size) => cameraAt(stated, size),
    }),
    depthAt: (await depthOf(folder, dayFolder, entry, depthRoot)) ?? (async () => undefined),
    poseAt: (number) => poses.get(number),
  };
}

/** Depth of a drive; `undefined` where it has none at all, which its frames then report one by one. */
async function depthOf(
  folder: string,
  dayFolder: string,
  { drive, camera }: SplitFrame,
  depthRoot: string | undefined,
): Promise<Drive['depthAt'] | undefined> {
  if (depthRoot !== undefined) {
    return (await annotatedDepth(depthRoot, drive, camera).catch(ifNotFound))?.depthAt;
  }
  const scans = await filesByFrame(path.join(folder, 'velodyne_points', 'data'), ['.bin']).catch(ifNotFound);
  return scans && (await velodyneDepth(folder, dayFolder, camera)).depthAt;
}

function ifNotFound(error: unknown): undefined {
  if (error instanceof DepthcastError && error.code === 'input-not-found') return undefined;
  throw error;
}

async function depthRootOf(place: string, gt: string | undefined): Promise<string> {
  if (gt === undefined) return place;
  const inside = path.join(place, gt);
  const found = [inside, gt];
  for (const candidate of found) if (await isFolder(candidate)) return candidate;
  throw new DepthcastError('input-not-found', `The folder "${gt}" was not found.`, {
    advice: 'Name the folder that holds train/ and val/ of data_depth_annotated, or say velodyne.',
    facts: { gt },
  });
}

async function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

type Key = Pick<SplitFrame, 'drive' | 'camera' | 'number'>;

function keyOf({ drive, number }: ReadFrame): Key {
  return { drive: drive.name, camera: drive.camera, number };
}

function nameOf({ drive, camera, number }: Key): string {
  return `${drive}_image_${String(number).padStart(10, '0')}_image_${camera}`;
}

function inOrder(a: Key, b: Key): number {
  if (a.drive !== b.drive) return a.drive < b.drive ? -1 : 1;
  if (a.camera !== b.camera) return a.camera < b.camera ? -1 : 1;
  return a.number - b.number;
}
