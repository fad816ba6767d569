import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { type CardPart, cardParts, type ModelCard, parseCard } from '../card.ts';
import { expectAnswer, expectPicture } from '../graph-check.ts';
import { guessCard } from '../guess-card.ts';
import { type ModelFile, readModelFile } from '../model-file.ts';
import { onDisk } from './disk-fault.ts';
import { importedFolder } from './folders.ts';
import { namedTensors } from './pins.ts';
import { writeWhole } from './write-whole.ts';

/** What is to be imported. */
export interface ImportOrder {
  /** Path of the ONNX file; it is copied. */
  readonly file: string;
  /** Id of the model from now on; that of a shipped card without a URL brings that card's weights. */
  readonly name: string;
  /** Which graph of that card it is; needed where it has several. */
  readonly part?: string | undefined;
  /** The shipped card of that name. */
  readonly shipped?: ModelCard | undefined;
}

/** A model of the user's own, as it lies in their folder. */
export interface Imported {
  readonly card: ModelCard;
  /** Path of its card, for editing. */
  readonly path: string;
  /** Graphs of the card that are still to be imported. */
  readonly missing: readonly string[];
}

/**
 * Copies an ONNX file into the user's model folder and writes a card beside it: guessed from the graph, or that of the
 * shipped card whose weights it brings, with the names of the graph's tensors.
 *
 * Rejects with `option-invalid` (a name that is none, or taken by a model that ships), `output-exists`,
 * `output-failed`, and what readModelFile and guessCard reject with.
 */
export async function importModel(order: ImportOrder): Promise<Imported> {
  const { name, shipped } = order;
  if (!isName(name)) {
    throw wrong(
      `${JSON.stringify(name.slice(0, 80))} cannot be the name of a model.`,
      'Use 1 to 64 of a-z, 0-9, dash, underscore, and single dots between them, without .onnx or .json at the end.',
    );
  }
  if (shipped && shipped.obtain === undefined) {
    throw wrong(`${name} is a model that ships with depthcast.`, 'Choose another name.');
  }
  const file = await readModelFile(order.file);
  const folder = join(importedFolder(), name);
  return onDisk(folder, () =>
    shipped ? importPart(shipped, order.part, file, folder) : importNew(name, order.part, file, folder),
  );
}

/** Whether a model can be found again under a name: `findModel` takes what ends in .onnx or .json for a path. */
function isName(name: string): boolean {
  return name.length <= 64 && /^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*$/.test(name) && !/\.(onnx|json)$/.test(name);
}

async function importNew(name: string, part: string | undefined, file: ModelFile, folder: string): Promise<Imported> {
  if (part !== undefined && part !== 'graph') {
    throw wrong(`A card of one graph has no part ${JSON.stringify(part)}.`, 'Leave --part out.');
  }
  const guessed = guessCard(file);
  const card = parseCard({ ...guessed, id: name, parts: { graph: described(file, 'graph') } }, name);
  // Beside the others, under a name that is none of a model.
  const beside = join(dirname(folder), `.${randomUUID()}`);
  await mkdir(beside, { recursive: true });
  try {
    await writeFile(join(beside, 'graph.onnx'), file.bytes);
    await writeFile(join(beside, 'card.json'), asText(card));
    await rename(beside, folder);
  } catch (cause) {
    await rm(beside, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((cause as NodeJS.ErrnoException).code ?? ''))
      throw taken(name, folder);
    throw cause;
  }
  return { card, path: join(folder, 'card.json'), missing: [] };
}

async function importPart(
  shipped: ModelCard,
  wished: string | undefined,
  file: ModelFile,
  folder: string,
): Promise<Imported> {
  const names = cardParts(shipped).map(([name]) => name);
  const part = wished ?? (names.length === 1 ? names[0]! : undefined);
  if (part === undefined || !names.includes(part)) {
    throw wrong(
      `${shipped.id} is made of the graphs ${names.join(' and ')}.`,
      `Say which: --part ${names.join(' | ')}.`,
    );
  }
  const path = join(folder, 'card.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const before = text === undefined ? shipped : parseCard(jsonOf(text), path);
  if (before !== shipped && partOf(before, part)?.sha256 !== undefined) throw taken(shipped.id, folder);
  const card = parseCard(
    { ...before, ...fitted(before, part, file), parts: { ...before.parts, [part]: described(file, part) } },
    path,
  );
  if (card.family === 'single-graph') {
    expectPicture(card, part, file.graph);
    expectAnswer(card, part, file.graph);
  }
  await mkdir(folder, { recursive: true });
  const graph = join(folder, `${part}.onnx`);
  const beside = `${graph}.${randomUUID()}`;
  try {
    const copy = await open(beside, 'wx');
    await copy.writeFile(file.bytes).finally(() => copy.close());
    await rename(beside, graph);
  } catch (cause) {
    await rm(beside, { force: true });
    throw cause;
  }
  await writeWhole(path, asText(card));
  return { card, path, missing: names.filter((name) => partOf(card, name)?.sha256 === undefined) };
}

/** The card's rules with what the graph decides: the names of its tensors, and its size where it takes one only. */
function fitted(card: ModelCard, part: string, file: ModelFile): Pick<ModelCard, 'input' | 'output'> {
  const named = namedTensors(card, file.graph);
  const guessed = part === 'graph' && !knows(card, file) ? guessCard(file) : undefined;
  const input = { ...card.input };
  const output = { ...card.output };
  if (part === 'graph' || part === 'frame') input.tensor = named.input ?? guessed?.input.tensor ?? input.tensor;
  if (part !== 'frame') output.tensor = named.output ?? guessed?.output.tensor ?? output.tensor;
  const [height, width] = file.graph.inputs.find(({ name }) => name === input.tensor)?.shape?.slice(-2) ?? [];
  const single = typeof height === 'number' && typeof width === 'number';
  if (single && input.layout === 'nchw-float32') input.size = { rule: 'fixed', width, height };
  return { input, output };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function knows({ input, output }: ModelCard, { graph }: ModelFile): boolean {
  const has = (values: typeof graph.inputs, name: string): boolean =>
    name.startsWith('?') || values.some((value) => value.name === name);
  return has(graph.inputs, input.tensor) && has(graph.outputs, output.tensor);
}

function described({ sha256, bytes }: ModelFile, part: string): CardPart {
  return { file: `${part}.onnx`, sha256, bytes: bytes.length };
}

function partOf(card: ModelCard, name: string): CardPart | undefined {
  return cardParts(card).find(([own]) => own === name)?.[1];
}

function asText(card: ModelCard): string {
  return `${JSON.stringify(card, undefined, 2)}\n`;
}

function wrong(message: string, advice: string): DepthcastError {
  return new DepthcastError('option-invalid', message, { advice });
}

function taken(name: string, folder: string): DepthcastError {
  return new DepthcastError('output-exists', `A model ${name} is there already.`, {
    advice: `Remove it first (depthcast models remove ${name}), or choose another name.`,
    facts: { folder },
  });
}
