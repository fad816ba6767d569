import { open, rename, rm } from 'node:fs/promises';

/** Writes a small file so that whoever reads it sees the old content or the new one, never a part of either. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.${Math.random().toString(36).slice(2, 8)}`;
  try {
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    throw cause;
  }
}
