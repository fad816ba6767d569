import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import { type CardPart, cardParts, type ModelCard } from '../card.ts';
import { readModelFile } from '../model-file.ts';
import { onDisk } from './disk-fault.ts';
import { type DownloadOptions, download } from './download.ts';
import { pulledFolder } from './folders.ts';
import { mirrored } from './http.ts';
import { type HeldLock, withLock } from './lock.ts';
import { namedTensors, readPins, withPins, writePins } from './pins.ts';

/** How a model is pulled; `onNote` hears everything a user should know, the licence first. */
export interface PullOptions extends DownloadOptions {
  /** Do not touch the network. */
  readonly offline?: boolean | undefined;
  /** Told which file comes next. */
  readonly onFile?: ((file: string) => void) | undefined;
}

/** One file of a model still to come. */
interface Missing {
  readonly name: string;
  readonly part: CardPart & { readonly url: string };
}

/**
 * Brings the files of a card into the cache folder; `here` where they were there already.
 *
 * A file is put in its place only when its bytes are checked: against the card's sha256, else against what came the first
 * time, which is pinned. Of several processes one pulls and the others wait for it. Rejects with `model-not-found` (no
 * URL to pull from), `model-offline`, `model-download`, `model-hash`, `model-invalid` (no ONNX file), `output-failed`, or
 * the signal's reason.
 */
export async function pullModel(card: ModelCard, options: PullOptions = {}): Promise<'pulled' | 'here'> {
  const folder = pulledFolder(card.id, options.environment);
  if ((await missingParts(card, folder)).length === 0) return 'here';
  if (options.offline) {
    throw new DepthcastError(
      'model-offline',
      `The files of ${card.id} are not here, and --offline forbids to get them.`,
      {
        advice: 'Leave --offline out, or copy the cache folder of a machine that has them.',
        facts: { model: card.id, folder },
      },
    );
  }
  tellLicence(card, options);
  const waiting = (): void => options.onNote?.('another depthcast is pulling this model; waiting for it');
  return onDisk(folder, () =>
    withLock(join(folder, '.lock'), { signal: options.signal, onWait: waiting }, async (lock) => {
      const missing = await missingParts(card, folder);
      for (const each of missing) await pullPart(card, each, folder, lock, options);
      return missing.length === 0 ? 'here' : 'pulled';
    }),
  );
}

async function missingParts(card: ModelCard, folder: string): Promise<readonly Missing[]> {
  const pins = await readPins(folder);
  const known = withPins(card, pins);
  const missing: Missing[] = [];
  for (const [name, part] of cardParts(known)) {
    const { url } = part;
    if (url === undefined) {
      throw new DepthcastError('model-not-found', `${card.id} cannot be pulled.`, {
        advice: card.obtain ?? 'Its card names no url; its files lie beside the card.',
        facts: { model: card.id, part: name },
      });
    }
    const length = (await stat(join(folder, part.file)).catch(() => undefined))?.size;
    const wanted = part.sha256 !== undefined && (pins.parts[name]?.sha256 ?? part.sha256) === part.sha256;
    if (length === undefined || !wanted || (part.bytes ?? length) !== length) {
      missing.push({ name, part: { ...part, url } });
    }
  }
  return missing;
}

async function pullPart(
  card: ModelCard,
  { name, part }: Missing,
  folder: string,
  lock: HeldLock,
  options: PullOptions,
): Promise<void> {
  const path = join(folder, part.file);
  const order = {
    url: mirrored(new URL(part.url), options.environment),
    path: join(folder, `.${part.file}.part`),
    sha256: part.sha256,
    bytes: part.bytes,
  };
  options.onFile?.(part.file);
  const found = await download(order, options);
  const { graph } = await readModelFile(order.path).catch(async (cause: unknown) => {
    await rm(order.path, { force: true });
    throw cause instanceof DepthcastError ? noModel(order.url, part.file, cause) : cause;
  });
  const pins = await readPins(folder);
  if (!(await lock.held())) {
    throw new DepthcastError('model-download', `Another process took over pulling ${card.id}.`, {
      advice: 'Run the command again.',
      facts: { model: card.id },
    });
  }
  if (part.sha256 === undefined) {
    options.onNote?.(
      `no sha256 of ${part.file} is known yet; from now on it has to be ${found.sha256} (pinned on first use)`,
    );
  }
  const before = Object.fromEntries(Object.entries(pins.parts).filter(([key]) => key in card.parts));
  const tensors = { ...pins.tensors, ...dropUndefined(namedTensors(card, graph)) };
  await writePins(folder, { version: 1, parts: { ...before, [name]: { url: part.url, ...found } }, tensors });
  await rename(order.path, path);
}

/** The error for a file that came as it should, and is none that can be used. */
function noModel(url: URL, file: string, cause: DepthcastError): DepthcastError {
  return new DepthcastError(cause.code, `What ${url.host} sent as ${file} cannot be used. ${cause.message}`, {
    advice: 'Nothing of it was kept. Check the url in the card, and DEPTHCAST_MIRROR.',
    facts: cause.facts,
    cause,
  });
}

function tellLicence({ id, licence }: ModelCard, { onNote }: PullOptions): void {
  if (licence.commercial) return;
  const note = licence.note === undefined ? '' : ` ${licence.note}`;
  onNote?.(`${id}: its licence (${licence.name}) does not allow commercial use, or does not say so.${note}`);
}

function dropUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
