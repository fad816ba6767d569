import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../../frames/index.ts';
import { isPicture, type PictureSequence, sequenceOf } from './picture-names.ts';
import type { OpenOptions, Place } from './source-kind.ts';

/** How a data set with one folder a camera names things. */
export interface CameraFolders {
  /** Folders of the cameras, in the order of preference. */
  readonly cameras: readonly string[];
  /** Folder of the pictures inside that of a camera; `''` = that one itself. */
  readonly inside: string;
  /** What the data set is called, for errors. */
  readonly what: string;
  /** A folder one would name, for errors. */
  readonly such: string;
}

/** The pictures of one camera of a data set. */
export interface CameraPictures {
  /** The data set's own folder. */
  readonly root: string;
  /** What lies in it. */
  readonly entries: readonly string[];
  /** Folder name of the camera that was chosen. */
  readonly camera: string;
  /** Absolute path of the folder the pictures lie in. */
  readonly directory: string;
  readonly sequence: PictureSequence;
  /** How many pictures there are. */
  readonly count: number;
}

/** The preferred camera among the entries of a folder. */
export function preferredCamera(names: readonly string[], cameras: readonly string[]): string | undefined {
  return cameras.find((name) => names.includes(name));
}

/** The pictures of the preferred camera, in order. Throws `input-no-pictures`, and what `sequenceOf` throws. */
export async function cameraPictures(place: Place, folders: CameraFolders): Promise<CameraPictures> {
  const { cameras, inside, what, such } = folders;
  const camera = place.kind === 'directory' ? preferredCamera(place.names, cameras) : undefined;
  if (place.kind !== 'directory' || camera === undefined) {
    throw new DepthcastError('input-no-pictures', `This is no ${what} folder: it has no ${cameras[0]}.`, {
      advice: `Name a folder such as ${such}.`,
    });
  }
  const root = place.path;
  const directory = path.join(root, camera, inside);
  const names = (await readdir(directory).catch(() => [])).filter(isPicture);
  if (names.length > 0) {
    return { root, entries: place.names, camera, directory, sequence: sequenceOf(names), count: names.length };
  }
  const missing = path.join(path.basename(root), camera, inside);
  throw new DepthcastError('input-no-pictures', `"${missing}" has no pictures.`, {
    advice: 'Unpack the pictures of the data set there.',
    facts: { directory },
  });
}

/**
 * What a hole in the numbers does to the pictures of a data set and to what is known of each: with `time-gap` times and
 * poses are those of the numbers. Throws `timestamps-invalid` where one of the lists is too short for them.
 */
export function gapOptions<Pose>(
  { onGap = 'fail' }: OpenOptions,
  sequence: PictureSequence,
  times: readonly number[] | undefined,
  poses: readonly Pose[] | undefined,
): {
  readonly onGap: 'fail' | 'time-gap';
  readonly times: readonly number[] | undefined;
  readonly poses: readonly Pose[] | undefined;
} {
  if (onGap === 'fail') return { onGap, times, poses };
  const found = { times: entriesByNumber(times, sequence), poses: entriesByNumber(poses, sequence) };
  if (!found.times !== !times || !found.poses !== !poses) {
    const last = sequence.pictures.at(-1)!.stem;
    throw new DepthcastError('timestamps-invalid', `Times or poses end before picture ${last}.`, {
      advice: 'Take the sequence from the data set again.',
      facts: { times: times?.length, poses: poses?.length, last },
    });
  }
  return { onGap, ...found };
}

/**
 * Entries of a list, a line a frame number, for the pictures that are there. A list too short for the last number belongs
 * to a cut sequence and begins with the first picture. `undefined` where pictures are missing and it is too short for that
 * as well.
 */
function entriesByNumber<Entry>(
  entries: readonly Entry[] | undefined,
  { pictures, gaps }: PictureSequence,
): readonly Entry[] | undefined {
  const [first, last] = [pictures[0]!.number, pictures.at(-1)!.number];
  if (!entries || first === undefined || last === undefined) return entries;
  if (gaps.size === 0 && entries.length <= last) return entries;
  const offset = entries.length > last ? 0 : first;
  return entries.length > last - offset ? pictures.map(({ number }) => entries[number! - offset]!) : undefined;
}
