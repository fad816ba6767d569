import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UNFINISHED } from '../../files/atomic-file.ts';

/**
 * How many frames from the first one on have their finished file in a folder; 0 where there is no folder. Sweeps away
 * what a killed run left half-written.
 *
 * The count stops at the first missing file, so that one somebody deleted is made again. `names` are those of the
 * footage's frames; without them frames are named by their index.
 */
export async function finishedFiles(
  folder: string,
  extension: string,
  names: readonly string[] | undefined,
): Promise<number> {
  const files = new Set(await readdir(folder).catch(() => []));
  for (const file of files) if (file.endsWith(UNFINISHED)) await rm(join(folder, file), { force: true });
  let count = 0;
  for (;;) {
    const name = names === undefined ? String(count).padStart(6, '0') : names[count];
    if (name === undefined || !files.has(name + extension)) return count;
    count++;
  }
}
