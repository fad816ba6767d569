import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DepthcastError } from '../../frames/index.ts';

/** How the half-written files of a killed run end; they are swept away when the folder is opened again. */
export const UNFINISHED = '.part';

/**
 * Writes a whole file or none: into `PATH.part` first, then renamed, so that a file under its real name is finished
 * whatever kills the program. Throws `output-failed`.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const part = path + UNFINISHED;
  try {
    const file = await open(part, 'w');
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw outputFailed(path, error);
  }
}

/** Makes a folder and all above it. Throws `output-failed`. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw outputFailed(path, error);
  }
}

/** The typed error for anything that cannot be written. */
export function outputFailed(path: string, cause: unknown): DepthcastError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const advice =
    code === 'ENOSPC'
      ? 'Make room on the disk and run the same command again: it goes on where it stopped.'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? `Make ${dirname(path)} writable, or choose another folder with --out.`
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'A file stands where a folder is needed; choose another folder with --out.'
          : 'Check that the folder of --out exists and can be written to.';
  return new DepthcastError('output-failed', `${path} cannot be written (${code ?? String(cause)}).`, {
    advice,
    facts: { path, code },
    cause,
  });
}
