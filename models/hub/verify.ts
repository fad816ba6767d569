import { DepthcastError } from '../../frames/index.ts';
import { cardParts, type ModelCard } from '../card.ts';
import { contentOf } from './content.ts';

/** A part whose file was read through and compared. */
export interface VerifiedPart {
  readonly part: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Whether these are the bytes of the card, or those pinned. */
  readonly right: boolean;
}

/** Reads every file of a model through and compares it with its card. Rejects with `model-not-found` where one is missing. */
export async function verifyModel(card: ModelCard, files: Readonly<Record<string, string>>): Promise<VerifiedPart[]> {
  const verified: VerifiedPart[] = [];
  for (const [name, part] of cardParts(card)) {
    const file = files[name]!;
    const found = await contentOf(file).catch((cause: NodeJS.ErrnoException) => {
      throw new DepthcastError('model-not-found', `The ${name} file of ${card.id} is not here (${cause.code}).`, {
        advice:
          part.url === undefined ? (card.obtain ?? 'Check the card.') : `Get it: depthcast models pull ${card.id}`,
        facts: { file },
        cause,
      });
    });
    const right = part.sha256 === found.sha256 && (part.bytes ?? found.bytes) === found.bytes;
    verified.push({ part: name, file, ...found, right });
  }
  return verified;
}
