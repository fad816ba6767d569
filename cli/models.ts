import { basename } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { DepthcastError } from '../frames/index.ts';
import { cardParts, contextOffsetsOf, depthKind } from '../models/card.ts';
import {
  convertCheckpoint,
  importModel,
  type ModelState,
  pullModel,
  removeModel,
  stateOf,
  verifyModel,
} from '../models/hub/index.ts';
import { type FoundModel, findModel, listCards } from '../models/index.ts';
import { shippedCard } from '../models/registry.ts';
import { onInterrupt } from './interrupt.ts';
import { check } from './options.ts';
import { megabytes, PullProgress } from './pull-progress.ts';
import { errorLine } from './report.ts';
import { cardInWords } from './stream-setup.ts';
import { columns } from './table.ts';

/** One model as `models list --json` prints it. Scripts rely on these names. */
export interface ListedModel {
  readonly id: string;
  /** What its depth means: metric, relative or inverse. */
  readonly kind: string;
  /** Frames it looks at, 0 = the frame itself. */
  readonly window: readonly number[];
  readonly licence: string;
  readonly commercial: boolean;
  /** Size of its files together, as published where they are not here; `null` where nobody knows. */
  readonly bytes: number | null;
  readonly state: ModelState;
}

const jsonSchema = z.strictObject({ json: z.boolean().default(false) });
const pullSchema = z.strictObject({ json: z.boolean().default(false), offline: z.boolean().default(false) });
const importSchema = z.strictObject({
  json: z.boolean().default(false),
  as: z.string().optional(),
  part: z.string().min(1).optional(),
  int8: z.string().min(1).optional(),
});

const asJson = ['--json', 'print one JSON object as the last line of stdout'] as const;

/** `depthcast models`: what depth can be estimated with, and getting it. */
export function modelsCommand(done: (exitCode: number) => void): Command {
  const models = new Command('models').description('Depth models: list, show, pull, import, verify, remove.');
  models
    .command('list', { isDefault: true })
    .description('List the models: what ships, and what was imported.')
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  $ depthcast models list\n')
    .action(async (given: object) => done(await list((await check(jsonSchema, { ...given })).json)));
  models
    .command('show')
    .description('Show the card of a model, or what is guessed of an ONNX file.')
    .argument('<model>', 'an id, or the path of a card.json or .onnx file')
    .option('--json', 'print the card as one JSON object in the last line of stdout')
    .addHelpText('after', '\nExample:\n  $ depthcast models show tc-depth-lite\n')
    .action(async (id: string, given: object) => done(await show(id, (await check(jsonSchema, { ...given })).json)));
  models
    .command('pull')
    .description('Get the files of a model into the cache folder, checked; goes on after a cut.')
    .argument('<model>', 'an id, or the path of a card.json')
    .option('--offline', 'do not touch the network: fail where files are missing')
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  $ depthcast models pull depth-anything-v2-small\n')
    .action(async (id: string, given: object) => done(await pull(id, await check(pullSchema, { ...given }))));
  models
    .command('import')
    .description(
      "Bring weights: an ONNX file of your own, or the authors' checkpoint of a model in the state 'import'.",
    )
    .argument('<what>', 'path of an .onnx file; or the id of a model, with its checkpoint behind it')
    .argument('[checkpoint]', "folder or file of the authors' weights (models show ID says which); needs Python")
    .option('--as <name>', 'for a file: id of the model from now on, or that of a shipped card in the state "import"')
    .option('--part <graph>', 'for a file: which graph of that card it is, where it has several')
    .option('--int8 <pictures>', 'for a checkpoint: 8-bit kernels, ranges from a folder of pictures; becomes ID-int8')
    .option(...asJson)
    .addHelpText(
      'after',
      `
A file is copied into your model folder, with a card beside it for editing. A checkpoint is read and checked, exported,
compared with PyTorch, and copied there; Python is that of DEPTHCAST_PYTHON, else python3.

Example:
  $ depthcast models import my-network.onnx --as my-network
  $ depthcast models import tc-depth FullModelDRN26
  $ depthcast models import tc-depth FullModelDRN26 --int8 drive/image_02/data
`,
    )
    .action(async (what: string, checkpoint: string | undefined, given: object) => {
      const options = await check(importSchema, { ...given });
      done(checkpoint === undefined ? await bring(what, options) : await convert(what, checkpoint, options));
    });
  models
    .command('verify')
    .description('Read the files of a model (default: of every model that is here) and compare their sha256.')
    .argument('[model]', 'an id, or the path of a card.json')
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  $ depthcast models verify tc-depth-lite\n')
    .action(async (id: string | undefined, given: object) =>
      done(await verify(id, (await check(jsonSchema, { ...given })).json)),
    );
  models
    .command('remove')
    .description('Delete what was pulled or imported for a model.')
    .argument('<model>', 'an id')
    .option(...asJson)
    .addHelpText('after', '\nExample:\n  $ depthcast models remove depth-anything-v2-small\n')
    .action(async (id: string, given: object) => done(await remove(id, (await check(jsonSchema, { ...given })).json)));
  return models.addHelpText('after', '\nExample:\n  $ depthcast models list --json\n');
}

async function list(json: boolean): Promise<number> {
  const listed = await Promise.all((await listCards((cause) => tell(errorLine(cause)))).map(listedModel));
  if (json) return print({ models: listed });
  const rows = listed.map((model) => [
    model.id,
    model.kind,
    model.window.join(','),
    model.bytes === null ? '?' : megabytes(model.bytes),
    model.licence + (model.commercial ? '' : ' (not for commercial use)'),
    model.state,
  ]);
  for (const line of columns([['model', 'depth', 'window', 'size', 'licence', 'state'], ...rows])) {
    process.stdout.write(`${line}\n`);
  }
  if (listed.some(({ state }) => state === 'pull')) tell('pull: depthcast models pull MODEL gets the files');
  if (listed.some(({ state }) => state === 'import')) tell('import: depthcast models show MODEL says how to get them');
  return 0;
}

async function show(id: string, json: boolean): Promise<number> {
  const { card } = await findModel(id);
  process.stdout.write(`${JSON.stringify(card, undefined, json ? undefined : 2)}\n`);
  return 0;
}

async function pull(id: string, { json, offline }: z.infer<typeof pullSchema>): Promise<number> {
  const { card, shipped } = await findModel(id);
  if (shipped) {
    tell(`${card.id} comes with depthcast: nothing is to be pulled`);
    return json ? print({ model: card.id, outcome: 'here' }) : 0;
  }
  const progress = new PullProgress(process.stderr);
  const stop = new AbortController();
  const deaf = onInterrupt(() => stop.abort(new Error('stopped')));
  try {
    const outcome = await pullModel(card, {
      offline,
      signal: stop.signal,
      onFile: (file) => progress.file(`${card.id}/${file}`),
      onProgress: (bytes, total) => progress.bytes(bytes, total),
      onNote: (text) => {
        progress.end();
        tell(text);
      },
    });
    progress.end();
    tell(outcome === 'here' ? `${card.id} is here already` : `${card.id} is ready`);
    return json ? print({ model: card.id, outcome }) : 0;
  } catch (cause) {
    progress.end();
    if (!stop.signal.aborted) throw cause;
    tell('stopped; the same command goes on from here');
    return 130;
  } finally {
    deaf();
  }
}

async function bring(file: string, { json, as: name, part, int8 }: z.infer<typeof importSchema>): Promise<number> {
  if (int8 !== undefined) {
    throw new DepthcastError('option-invalid', '--int8 is for a checkpoint, which was not given.', {
      advice: 'depthcast models import ID CHECKPOINT --int8 PICTURES.',
    });
  }
  if (name === undefined) {
    const convertible = (await shippedCard(file).catch(() => undefined))?.card.convert;
    throw new DepthcastError(
      'option-invalid',
      `It is not said what ${basename(file)} is to be called: --as is missing.`,
      {
        advice: convertible ? `Give its checkpoint: ${convertible.takes}.` : 'Add --as NAME.',
      },
    );
  }
  const shipped = (await shippedCard(name))?.card;
  const { card, path, missing } = await importModel({ file, name, part, shipped });
  const by = shipped ? 'by its card' : 'guessed';
  tell(`${basename(file)} is ${name} now; ${by}: ${cardInWords(card)}`);
  tell(`its card, for editing: ${path}`);
  if (missing.length > 0) tell(`still to be imported: --part ${missing.join(', --part ')}`);
  return json ? print({ model: name, card: path, missing }) : 0;
}

async function convert(
  id: string,
  checkpoint: string,
  { json, as: name, part, int8 }: z.infer<typeof importSchema>,
): Promise<number> {
  if (name !== undefined || part !== undefined) {
    throw new DepthcastError('option-invalid', 'A checkpoint has no --as and no --part.', {
      advice: `depthcast models import ${id} CHECKPOINT is all.`,
    });
  }
  const card = (await shippedCard(id))?.card;
  if (!card) {
    throw new DepthcastError('model-not-found', `There is no model ${id} that ships with depthcast.`, {
      advice: 'depthcast models list names them.',
    });
  }
  const stop = new AbortController();
  const deaf = onInterrupt(() => stop.abort(new Error('stopped')));
  try {
    const { card: made, path } = await convertCheckpoint({
      card,
      checkpoint,
      int8,
      signal: stop.signal,
      onNote: tell,
    });
    tell(`${made.id} is ready; its card: ${path}`);
    return json ? print({ model: made.id, card: path, missing: [] }) : 0;
  } catch (cause) {
    if (!stop.signal.aborted) throw cause;
    tell('stopped; nothing was imported');
    return 130;
  } finally {
    deaf();
  }
}

async function verify(id: string | undefined, json: boolean): Promise<number> {
  const models = id === undefined ? await listCards() : [await findModel(id)];
  const verified = [];
  for (const model of models) {
    const here = ['ready', 'damaged'].includes(await stateOf(model));
    if (id === undefined && !here) continue;
    for (const part of await verifyModel(model.card, model.files)) {
      verified.push({ model: model.card.id, ...part });
      tell(`${model.card.id} ${part.part}: ${part.right ? 'right' : 'WRONG'} ${part.sha256}`);
    }
  }
  const wrong = [...new Set(verified.filter(({ right }) => !right).map(({ model }) => model))];
  if (wrong.length > 0) {
    throw new DepthcastError('model-hash', `Files are not as their cards say: ${wrong.join(', ')}.`, {
      advice: `Get them again: depthcast models remove ${wrong[0]}, then pull or import.`,
      facts: { verified },
    });
  }
  return json ? print({ verified }) : 0;
}

async function remove(id: string, json: boolean): Promise<number> {
  const folders = await removeModel(id);
  for (const folder of folders) tell(`removed ${folder}`);
  return json ? print({ model: id, removed: folders }) : 0;
}

/** For people: on stderr, so that stdout belongs to data. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function print(data: object): number {
  process.stdout.write(`${JSON.stringify(data)}\n`);
  return 0;
}

async function listedModel(model: FoundModel): Promise<ListedModel> {
  const { card } = model;
  const bytes = cardParts(card).map(([, part]) => part.bytes ?? part.aboutBytes);
  return {
    id: card.id,
    kind: depthKind(card),
    window: [...contextOffsetsOf(card), 0].sort((a, b) => a - b),
    licence: card.licence.name,
    commercial: card.licence.commercial,
    bytes: bytes.some((each) => each === undefined) ? null : bytes.reduce<number>((sum, each) => sum + (each ?? 0), 0),
    state: await stateOf(model),
  };
}
