import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { openZip } from './zip-archive.ts';

const PACKED = /\.(?:zip|7z|rar|tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst))$/i;

/**
 * Throws for a file that is a data set still packed, as KITTI, TUM and 7-Scenes hand theirs out: data sets are read
 * unpacked. `input-format` with the folder that will come out, where the archive is a zip; what {@link openZip} throws
 * for one that had better not be unpacked. Anything else passes, places that are not there among it.
 */
export async function refusePacked(place: string): Promise<void> {
  const isFile = await stat(place).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!isFile || !PACKED.test(place)) return;
  const folder = /\.zip$/i.test(place) ? await folderIn(place) : '';
  throw new DepthcastError('input-format', `"${path.basename(place)}" is an archive; data sets are read unpacked.`, {
    advice: `Unpack it, and name the folder that comes out${folder === '' ? '' : `: ${folder}`}.`,
    facts: { place },
  });
}

/** The innermost folder that everything in a zip lies in; empty where there is none. */
async function folderIn(file: string): Promise<string> {
  const zip = await openZip(file);
  zip.close();
  const folders = zip.names.map((name) => name.split('/').slice(0, -1));
  const first = folders[0] ?? [];
  const apart = first.findIndex((folder, i) => folders.some((other) => other[i] !== folder));
  return (apart < 0 ? first : first.slice(0, apart)).join('/');
}
