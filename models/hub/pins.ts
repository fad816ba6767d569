import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cardParts, type ModelCard } from '../card.ts';
import type { OnnxFile } from '../onnx-file.ts';
import { writeWhole } from './write-whole.ts';

const pin = z.strictObject({
  url: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().positive(),
});
const pinsSchema = z.strictObject({
  version: z.literal(1),
  parts: z.record(z.string(), pin),
  /** Names of the tensors that the card leaves to the graph. */
  tensors: z.strictObject({ input: z.string().optional(), output: z.string().optional() }),
});

/** What came at the first pull of a model: from then on it is what has to come. Lies beside the files as `pins.json`. */
export type Pins = z.infer<typeof pinsSchema>;

/** The pins of a model's folder; none where nothing was pulled yet or the file is not sound. */
export async function readPins(folder: string): Promise<Pins> {
  const text = await readFile(join(folder, 'pins.json'), 'utf8').catch(() => '');
  try {
    return pinsSchema.parse(JSON.parse(text));
  } catch {
    return { version: 1, parts: {}, tensors: {} };
  }
}

/** Writes the pins of a model's folder at once. */
export async function writePins(folder: string, pins: Pins): Promise<void> {
  const path = join(folder, 'pins.json');
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, `${JSON.stringify(pins, undefined, 2)}\n`);
}

/**
 * A card with what its pins know: sha256 and bytes where the card has none, and the names of its tensors. A pin for
 * another URL than the card's does not count.
 */
export function withPins(card: ModelCard, pins: Pins): ModelCard {
  const parts = cardParts(card).map(([name, part]) => {
    const known = pins.parts[name];
    if (!known || known.url !== part.url) return [name, part];
    return [name, { ...part, sha256: part.sha256 ?? known.sha256, bytes: part.bytes ?? known.bytes }];
  });
  return {
    ...card,
    parts: Object.fromEntries(parts),
    input: { ...card.input, tensor: pins.tensors.input ?? card.input.tensor },
    output: { ...card.output, tensor: pins.tensors.output ?? card.output.tensor },
  } as ModelCard;
}

/** The names that stand in a graph where a card says `?N`; `undefined` where the card names its tensor or N is too high. */
export function namedTensors(card: ModelCard, graph: OnnxFile): Pins['tensors'] {
  const nameOf = (tensor: string, values: OnnxFile['inputs']): string | undefined => {
    const [, place] = /^\?(\d)$/.exec(tensor) ?? [];
    return place === undefined ? undefined : values[Number(place)]?.name;
  };
  return { input: nameOf(card.input.tensor, graph.inputs), output: nameOf(card.output.tensor, graph.outputs) };
}
