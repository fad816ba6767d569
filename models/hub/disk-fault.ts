import { DepthcastError } from '../../frames/index.ts';

/** Runs `work`; a disk that is full, or a folder that may not be written, becomes a DepthcastError `output-failed`. */
export async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (cause instanceof DepthcastError || code === undefined || syscall === undefined) throw cause;
    throw new DepthcastError('output-failed', `The folder ${folder} cannot be written (${code}).`, {
      advice:
        'Make room or give the right to write there, or set DEPTHCAST_CACHE or DEPTHCAST_MODELS to another folder.',
      facts: { folder, code, syscall },
      cause,
    });
  }
}
