import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UNFINISHED } from './atomic-file.ts';

/**
 * How many frames from the first one on have their finished file in a folder; 0 where there is no folder. Sweeps away
 * what a killed run left half-written.
 *
 * Frames are written in order, so counting is enough; where files are named by index (`000000` is there) the count
 * stops at the first missing one, so that a file somebody deleted is made again.
 */
export async function finishedFiles(folder: string, extension: string): Promise<number> {
  const files = await readdir(folder).catch(() => []);
  const stems: string[] = [];
  for (const file of files) {
    if (file.endsWith(UNFINISHED)) await rm(join(folder, file), { force: true });
    else if (file.endsWith(extension)) stems.push(file.slice(0, -extension.length));
  }
  stems.sort();
  const first = stems[0];
  if (first === undefined || !/^0+$/.test(first) || stems.some((stem) => stem.length !== first.length)) {
    return stems.length;
  }
  let count = 0;
  while (count < stems.length && Number(stems[count]) === count) count++;
  return count;
}
