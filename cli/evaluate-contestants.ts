import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { listCards } from '../models/registry.ts';

/** What is evaluated: a model, or what another program predicted. */
export interface Contestant {
  readonly name: string;
  readonly kind: 'model' | 'predictions';
  /** Id or path of the model; folder or file of the predictions. */
  readonly place: string;
}

/**
 * The id of a known model is that model, whatever folder is called so; another folder or an array file is a set of
 * predictions; everything else names a model.
 */
export async function contestantOf(place: string): Promise<Contestant> {
  if ((await listCards()).some(({ card }) => card.id === place)) return { name: place, kind: 'model', place };
  const isFolder = await stat(place).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const kind = isFolder || /\.(npz|npy)$/i.test(place) ? 'predictions' : 'model';
  return { name: basename(resolve(place)).replace(/\.(onnx|json|npz|npy)$/i, ''), kind, place };
}

/** Two of one name get numbers, so that each has a column and a folder of its own, on file systems without case too. */
export function named(contestants: readonly Contestant[]): Contestant[] {
  const taken = new Set(contestants.map(({ name }) => name.toLowerCase()));
  const seen = new Set<string>();
  return contestants.map((contestant) => {
    let { name } = contestant;
    for (let n = 2; seen.has(name.toLowerCase()); n++) {
      const candidate = `${contestant.name}-${n}`;
      if (!taken.has(candidate.toLowerCase())) name = candidate;
    }
    seen.add(name.toLowerCase());
    taken.add(name.toLowerCase());
    return { ...contestant, name };
  });
}
