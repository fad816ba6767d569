import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { frameKey, refuseEscape } from '../datasets/depth-folder.ts';
import type { FrameName } from '../datasets/ground-truth.ts';

/** `2011_09_26_drive_0002_sync`. */
const DRIVE = '\\d{4}_\\d\\d_\\d\\d_drive_\\d{4}_(?:sync|extract)';
/** As KITTI's depth selection names a frame. */
const FULL = new RegExp(`^(${DRIVE})_image_(\\d+)_image_(\\d\\d)$`);
/** As BTS saves a prediction; it knows the left colour camera alone. */
const SHORT = new RegExp(`^(${DRIVE})_(\\d+)$`);
const FOLDER = new RegExp(`^${DRIVE}$`);
const DIGITS = /^\d+$/;

/** Files of predictions by the frames of a list. */
export interface ListedFiles {
  /** One of them, the first by its path. */
  readonly first: string | undefined;
  /** The file of a frame whose place in the list is `plane`; `undefined` where there is none. */
  fileOf(frame: FrameName, plane: number | undefined): string | undefined;
}

/**
 * Predictions for frames of many drives, in a folder and those inside it. A file is a frame's where it is called by the
 * frame's full name (`DRIVE_image_N_image_02`), by `DRIVE_N`, or `N` somewhere below a folder `DRIVE`.
 *
 * Numbers alone say nothing of a drive. They are taken for places in the list, from 0, where there is one for each of the
 * `planes` frames of the list and no other file; else for no frame. Throws `input-not-found`, `input-refused` for a link
 * that leads out of the folder, `input-format` for two files of one frame.
 */
export async function listedFiles(directory: string, extension: string, planes: number): Promise<ListedFiles> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch((cause: unknown) => {
    throw new DepthcastError('input-not-found', `The folder "${directory}" was not found.`, {
      advice: 'Check the path.',
      facts: { directory },
      cause,
    });
  });
  const files = new Map<string, string>();
  for (const entry of entries) {
    if (entry.name.startsWith('.') || path.extname(entry.name).toLowerCase() !== extension) continue;
    const file = path.join(entry.parentPath, entry.name);
    const inside = path.relative(directory, file);
    if (entry.isSymbolicLink()) await refuseEscape(directory, inside);
    else if (!entry.isFile()) continue;
    const key = keyOfFile(inside);
    const twin = files.get(key);
    if (twin !== undefined) {
      throw new DepthcastError('input-format', `"${path.relative(directory, twin)}" and "${inside}" are one frame's.`, {
        advice: 'Leave one file a frame in the folder.',
        facts: { directory, files: [twin, file] },
      });
    }
    files.set(key, file);
  }
  const isList = files.size === planes && Array.from({ length: planes }, (_, i) => files.has(String(i))).every(Boolean);
  return {
    first: [...files.values()].sort()[0],
    fileOf({ name }, plane) {
      const own = files.get(keyOfName(name));
      return own ?? (isList && plane !== undefined ? files.get(String(plane)) : undefined);
    },
  };
}

function keyOfFile(inside: string): string {
  const stem = path.basename(inside).slice(0, -path.extname(inside).length);
  const folders = path.dirname(inside).split(path.sep);
  const drive = folders.findLast((folder) => FOLDER.test(folder));
  if (drive === undefined || !DIGITS.test(stem)) return keyOfName(stem);
  const camera = folders.map((folder) => /^image_(\d\d)$/.exec(folder)?.[1]).findLast((found) => found !== undefined);
  return keyOf(drive, stem, camera ?? '02');
}

function keyOfName(name: string): string {
  const [, drive, number, camera = '02'] = FULL.exec(name) ?? SHORT.exec(name) ?? [];
  return drive === undefined || number === undefined ? frameKey(name) : keyOf(drive, number, camera);
}

function keyOf(drive: string, number: string, camera: string): string {
  return `${drive} ${camera} ${frameKey(number)}`;
}
