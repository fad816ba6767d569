import { stat } from 'node:fs/promises';
import { cardParts } from '../card.ts';
import type { FoundModel } from '../found-model.ts';

/**
 * Where the files of a model are: `ready` to use; `pull`, they can be had by `models pull`; `import`, the user brings
 * them; `damaged`, one is not as long as it has to be; `missing`, one should lie beside its card and does not.
 */
export type ModelState = 'ready' | 'pull' | 'import' | 'damaged' | 'missing';

/** The state of a model by the names and lengths of its files; `models verify` reads them through. */
export async function stateOf({ card, files }: FoundModel): Promise<ModelState> {
  let state: ModelState = 'ready';
  for (const [name, part] of cardParts(card)) {
    const length = (await stat(files[name]!).catch(() => undefined))?.size;
    if (length !== undefined && length !== (part.bytes ?? length)) return 'damaged';
    // A file whose bytes nobody vouches for was not put there by a pull.
    if (length !== undefined && part.sha256 !== undefined) continue;
    state = part.url !== undefined ? 'pull' : card.obtain !== undefined ? 'import' : 'missing';
  }
  return state;
}
