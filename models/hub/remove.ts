import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { onDisk } from './disk-fault.ts';
import { importedFolder, pulledFolder } from './folders.ts';
import { withLock } from './lock.ts';

/**
 * Deletes what a pull or an import put on this machine for a model, the pins with it; the card of a shipped model stays.
 *
 * Resolves with the folders that went. Rejects with `model-not-found` where there was nothing to delete.
 */
export async function removeModel(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<string[]> {
  const sound = /^[a-z0-9][a-z0-9._-]{0,63}$/.test(id);
  const folders = sound ? [pulledFolder(id), join(importedFolder(), id)] : [];
  const gone: string[] = [];
  for (const folder of folders) {
    if (!(await stat(folder).catch(() => undefined))?.isDirectory()) continue;
    await onDisk(folder, () =>
      withLock(join(folder, '.lock'), options, () => rm(folder, { recursive: true, force: true })),
    );
    gone.push(folder);
  }
  if (gone.length > 0) return gone;
  throw new DepthcastError('model-not-found', `Nothing of ${JSON.stringify(id.slice(0, 80))} was pulled or imported.`, {
    advice: 'See what there is: depthcast models list',
  });
}
