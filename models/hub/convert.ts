import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DepthcastError } from '../../frames/index.ts';
import { type ModelCard, parseCard } from '../card.ts';
import { onDisk } from './disk-fault.ts';
import { importedFolder } from './folders.ts';
import type { Imported } from './import.ts';
import { writeWhole } from './write-whole.ts';

/** A checkpoint that is to become a model. */
export interface CheckpointOrder {
  /** The shipped card of the model; it has to have a `convert` rule. */
  readonly card: ModelCard;
  /** Path of the checkpoint: a folder or a file, as `convert.takes` says. */
  readonly checkpoint: string;
  /**
   * Folder of pictures like those to come: graphs with 8-bit kernels are made then, with ranges from these pictures,
   * under the id `ID-int8`. The card's `convert.int8` has to allow it.
   */
  readonly int8?: string | undefined;
  /** Hears a line at a time of what is being done. */
  readonly onNote?: ((line: string) => void) | undefined;
  /** Ends the conversion; nothing of it is left then. */
  readonly signal?: AbortSignal | undefined;
  /** Python to run; default `DEPTHCAST_PYTHON`, else `python3`. */
  readonly python?: string | undefined;
}

const fromSource = import.meta.url.endsWith('.ts');
const training = fileURLToPath(new URL(fromSource ? '../training/' : '../../../models/training/', import.meta.url));

/** Lines of stderr that are kept to explain a failure. */
const KEPT_LINES = 40;

/**
 * Makes the graphs of an authors' checkpoint by the Python module that the card names, which checks the checkpoint,
 * exports, compares with PyTorch and writes a card; then puts them into the user's model folder.
 *
 * Rejects with `option-invalid` (no such rule, or no 8-bit form), `output-exists`, `input-not-found`, `python-missing` (Python or packages
 * that it needs are not there; the advice says how to get them), `model-invalid` (not such a checkpoint, or the graphs do
 * not answer what PyTorch does), `output-failed`; and with the signal's reason.
 */
export async function convertCheckpoint(order: CheckpointOrder): Promise<Imported> {
  const { card, checkpoint } = order;
  if (!card.convert) {
    throw new DepthcastError('option-invalid', `${card.id} is not made from a checkpoint.`, {
      advice: 'For an ONNX file: depthcast models import FILE --as NAME.',
    });
  }
  const path = resolve(checkpoint);
  if (!(await stat(path).catch(() => undefined))) {
    throw new DepthcastError('input-not-found', `There is no checkpoint ${path}.`, {
      advice: `Give ${card.convert.takes}.`,
    });
  }
  if (order.int8 !== undefined) await checkPictures(card, order.int8);
  const id = order.int8 === undefined ? card.id : `${card.id}-int8`;
  const folder = join(importedFolder(), id);
  await refuseTaken(id, folder);
  return onDisk(folder, async () => {
    // Beside the others, under a name that is none of a model.
    const beside = join(importedFolder(), `.${randomUUID()}`);
    await mkdir(beside, { recursive: true });
    try {
      await run(order, path, id, beside);
      const written = join(beside, `${id}.json`);
      const made = parseCard(JSON.parse(await readFile(written, 'utf8')), written);
      await writeWhole(join(beside, 'card.json'), `${JSON.stringify(made, undefined, 2)}\n`);
      await rm(written);
      await rename(beside, folder);
      return { card: made, path: join(folder, 'card.json'), missing: [] };
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
  });
}

async function checkPictures(card: ModelCard, pictures: string): Promise<void> {
  if (card.convert?.int8 !== true) {
    throw new DepthcastError('option-invalid', `${card.id} cannot be made with 8-bit kernels.`, {
      advice: 'Leave --int8 out.',
    });
  }
  if ((await stat(resolve(pictures)).catch(() => undefined))?.isDirectory()) return;
  throw new DepthcastError('input-not-found', `There is no folder ${resolve(pictures)}.`, {
    advice: '--int8 takes a folder of JPEG or PNG pictures like those to come.',
  });
}

async function refuseTaken(id: string, folder: string): Promise<void> {
  const there = await readdir(folder).catch(() => []);
  if (there.length === 0) return;
  throw new DepthcastError('output-exists', `Weights of ${id} are there already.`, {
    advice: `Remove them first: depthcast models remove ${id}.`,
    facts: { folder },
  });
}

/** Runs the module; its exit codes are those of models/training/README.md. */
async function run(order: CheckpointOrder, checkpoint: string, id: string, out: string): Promise<void> {
  const { card, int8, onNote, signal } = order;
  const { module, takes } = card.convert!;
  const python = order.python ?? (process.env['DEPTHCAST_PYTHON'] || 'python3');
  signal?.throwIfAborted();
  const eightBits = int8 === undefined ? [] : ['--int8', resolve(int8)];
  const child = spawn(python, ['-m', module, checkpoint, '--out', out, '--id', id, ...eightBits], {
    cwd: training,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its byte code would lie in a folder that may be read-only, or be taken for a change of the checkout.
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    signal,
  });
  const lines: string[] = [];
  const reading = createInterface({ input: child.stderr });
  reading.on('line', (line) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    onNote?.(line);
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  }).catch((cause: NodeJS.ErrnoException) => {
    signal?.throwIfAborted();
    throw new DepthcastError('python-missing', `Python cannot be started (${python}: ${cause.code}).`, {
      advice: 'Install Python 3.10 or newer, or name one in DEPTHCAST_PYTHON.',
      cause,
    });
  });
  if (code === 0) return;
  const said = lines.findLastIndex((line) => line.startsWith('error: '));
  const message = lines[said]?.slice('error: '.length) ?? `the conversion ended with code ${code}`;
  const advice = said >= 0 ? lines[said + 1]?.trim() : undefined;
  const sentence = `${card.id}: ${message}.`;
  const facts = { python, module, code, stderr: lines.join('\n') };
  if (code === 3) {
    const venv = 'in a virtual environment: python3 -m venv venv, then DEPTHCAST_PYTHON=venv/bin/python';
    throw new DepthcastError('python-missing', sentence, { advice: `${advice}; ${venv}.`, facts });
  }
  throw new DepthcastError('model-invalid', sentence, { advice: advice || `Give ${takes}.`, facts });
}
