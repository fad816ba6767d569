import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Size } from '../frames/index.ts';
import { DepthcastError } from '../frames/index.ts';
import { type CardPart, cardParts, contextOffsetsOf, type ModelCard, parseCard } from './card.ts';
import type { FoundModel } from './found-model.ts';
import { guessCard } from './guess-card.ts';
import { importedFolder, pulledFolder } from './hub/folders.ts';
import { readPins, withPins } from './hub/pins.ts';
import { stateOf } from './hub/state.ts';
import { InferenceClient } from './inference-client.ts';
import type { LoadOrder } from './inference-messages.ts';
import { inputSize } from './input-size.ts';
import { readModelFile } from './model-file.ts';
import { onProbation } from './probation.ts';

/** How a model is opened. */
export interface OpenModelOptions {
  /** Threads inside one operator; default: one fewer than the cores of this machine, from 1 to 4. */
  readonly threads?: number | undefined;
  /** Only the CPU so far; `auto` takes it. */
  readonly device?: 'cpu' | 'auto' | undefined;
  /** Context frames other than the card's, e.g. `[-2, -1]` for no look-ahead; as many as the card has. */
  readonly contextOffsets?: readonly number[] | undefined;
  /** Size of the footage to come; the trial run then uses the network's size for it. */
  readonly source?: Size | undefined;
  /** Milliseconds that loading and one run may take; default 3500, and a second more for each 20 MB. */
  readonly deadlineMs?: number | undefined;
}

const fromSource = import.meta.url.endsWith('.ts');
const shelf = fileURLToPath(new URL(fromSource ? './cards/' : '../../models/cards/', import.meta.url));
const largestCard = 1_000_000;

/**
 * Every card that ships with depthcast, and the user's own, by id. A broken card of the user's is left out; `onBroken`
 * hears of it.
 */
export async function listCards(onBroken: (cause: unknown) => void = () => {}): Promise<readonly FoundModel[]> {
  const names = (await readdir(shelf)).filter((name) => name.endsWith('.json'));
  const shipped = await Promise.all(names.map((name) => readCard(resolve(shelf, name), true)));
  const own = await Promise.all(
    (await namesIn(importedFolder())).map((id) => ownCard(id).catch((cause: unknown) => onBroken(cause))),
  );
  const cards = new Map<string, FoundModel>();
  for (const model of shipped) cards.set(model.card.id, model);
  for (const model of own) if (model && mayReplace(cards.get(model.card.id))) cards.set(model.card.id, model);
  return [...cards.values()].sort((one, other) => (one.card.id < other.card.id ? -1 : 1));
}

/** The card of an id as it ships, whether or not the user brought weights for it; `undefined` where none does. */
export async function shippedCard(id: string): Promise<FoundModel | undefined> {
  return (await readdir(shelf)).includes(`${id}.json`) ? readCard(resolve(shelf, `${id}.json`), true) : undefined;
}

/**
 * The model of a card's id, of a path to a card (`.json`), or of a path to an ONNX file (card guessed, see guessCard).
 *
 * Throws `model-not-found` (and says what there is), `model-invalid` or `model-shape`.
 */
export async function findModel(idOrPath: string): Promise<FoundModel> {
  if (/\.json$/i.test(idOrPath)) return readCard(resolve(idOrPath), false);
  if (/\.onnx$/i.test(idOrPath)) {
    const path = resolve(idOrPath);
    return { card: guessCard(await readModelFile(path)), files: { graph: path }, shipped: false };
  }
  const shipped = await shippedCard(idOrPath);
  const found = (mayReplace(shipped) ? await ownCard(idOrPath) : undefined) ?? shipped;
  if (found) return found;
  const known = (await listCards()).map(({ card }) => card.id).join(', ');
  throw new DepthcastError('model-not-found', `There is no model ${JSON.stringify(idOrPath.slice(0, 80))}.`, {
    advice: `Models: ${known}. A path to a card (.json) or to an ONNX file (.onnx) works too.`,
    facts: { known },
  });
}

/** A user's card may stand for a shipped one only where that leaves the weights to the user. */
function mayReplace(shipped: FoundModel | undefined): boolean {
  return shipped === undefined || shipped.card.obtain !== undefined || shipped.card.convert !== undefined;
}

/** The user's own model of an id; `undefined` where there is none. Throws `model-invalid` where its card is broken. */
async function ownCard(id: string): Promise<FoundModel | undefined> {
  if (!/^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*$/.test(id)) return undefined;
  const folder = join(importedFolder(), id);
  if (!(await namesIn(folder)).includes('card.json')) return undefined;
  const found = await readCard(join(folder, 'card.json'), false);
  if (found.card.id === id) return found;
  throw new DepthcastError('model-invalid', `The card in ${folder} has another id than its folder.`, {
    advice: `Set its id to ${JSON.stringify(id)}, or rename the folder.`,
    facts: { folder, id: found.card.id },
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

/**
 * Opens a model: loads it into a worker thread of its own and runs it once.
 *
 * Rejects with `model-not-found`, `model-hash`, `model-invalid`, `model-shape`, `option-invalid`. Close it when done:
 * its thread keeps the process alive.
 */
export async function openModel(model: string | FoundModel, options: OpenModelOptions = {}): Promise<InferenceClient> {
  const found = typeof model === 'string' ? await findModel(model) : model;
  const { card, files } = found;
  await checkHere(found);
  checkDevice(options.device);
  const order: LoadOrder = {
    card,
    files,
    contextOffsets: checkedOffsets(card, options.contextOffsets),
    threads: checkedThreads(options.threads),
    trial: inputSize(card.input.size, options.source ?? { width: 1242, height: 375 }),
  };
  const bytes = cardParts(card).reduce((sum, [, part]) => sum + (part.bytes ?? 0), 0);
  const deadlineMs = options.deadlineMs ?? 3500 + bytes / 20_000;
  if (found.shipped) return InferenceClient.open(order, 10 * deadlineMs);
  await onProbation(order, deadlineMs);
  return InferenceClient.open(order, 10 * deadlineMs);
}

async function checkHere(found: FoundModel): Promise<void> {
  const { card } = found;
  const state = await stateOf(found);
  if (state !== 'pull' && state !== 'import') return;
  throw new DepthcastError('model-not-found', `The weights of ${card.id} are not here.`, {
    advice: state === 'pull' ? `Get them: depthcast models pull ${card.id}` : (card.obtain ?? ''),
    facts: { model: card.id, state },
  });
}

function checkDevice(device: string | undefined): void {
  if (device === undefined || device === 'cpu' || device === 'auto') return;
  throw new DepthcastError('option-invalid', `There is no device ${JSON.stringify(device)} for models here.`, {
    advice: 'Use cpu or auto.',
  });
}

/** The threads a model runs on: what was asked for, else the default. Throws `option-invalid`. */
export function checkedThreads(threads: number | undefined): number {
  // One core is left to decoding, JPEG and the main thread: as many frames a second, and the rest never waits.
  if (threads === undefined) return Math.min(Math.max(1, availableParallelism() - 1), 4);
  if (Number.isInteger(threads) && threads >= 1 && threads <= 256) return threads;
  throw new DepthcastError('option-invalid', `A model cannot run on ${threads} threads.`, {
    advice: 'Give a whole number from 1 to 256.',
  });
}

function checkedOffsets(card: ModelCard, wished: readonly number[] | undefined): readonly number[] {
  const own = contextOffsetsOf(card);
  if (wished === undefined || own.length === 0) return own;
  const sound = wished.every((offset) => Number.isInteger(offset) && offset !== 0 && Math.abs(offset) <= 64);
  if (sound && wished.length === own.length && new Set(wished).size === wished.length) return [...wished];
  throw new DepthcastError('option-invalid', `${card.id} cannot look at the context frames [${wished.join(', ')}].`, {
    advice: `Give ${own.length} different offsets other than 0, for example ${own.join(',')}.`,
    facts: { model: card.id, offsets: wished },
  });
}

async function readCard(path: string, shipped: boolean): Promise<FoundModel> {
  let json: unknown;
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > largestCard) throw new RangeError('it is larger than a card can be');
    json = JSON.parse(text);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code !== undefined;
    const fault = missing ? `cannot be opened (${(cause as NodeJS.ErrnoException).code})` : 'is not JSON';
    throw new DepthcastError(missing ? 'model-not-found' : 'model-invalid', `The card ${path} ${fault}.`, {
      advice: missing ? 'Check the path.' : 'A card is a JSON file; models/cards/tc-depth-lite.json is an example.',
      cause,
    });
  }
  const card = parseCard(json, path);
  const beside = (part: CardPart): string => resolve(dirname(path), part.file);
  if (cardParts(card).every(([, part]) => part.url === undefined)) {
    const files = cardParts(card).map(([name, part]) => [name, beside(part)]);
    return { card, files: Object.fromEntries(files), shipped: shipped && card.obtain === undefined };
  }
  const folder = pulledFolder(card.id);
  const files = cardParts(card).map(([name, part]) => [
    name,
    part.url === undefined ? beside(part) : join(folder, part.file),
  ]);
  return { card: withPins(card, await readPins(folder)), files: Object.fromEntries(files), shipped: false };
}
