import { type FileHandle, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError, type Size } from '../../frames/index.ts';
import type { ScaleShiftState } from '../../operators/metrics/scale-shift-fit.ts';
import { outputFailed, writeAtomically } from '../files/atomic-file.ts';
import { lockFolder } from '../files/folder-lock.ts';
import type { HistogramState } from './depth-error-histogram.ts';
import type { ClipFrame } from './evaluated-frame.ts';
import { SPOOL_FILE, spooledBytes } from './frame-spool.ts';

/** A frame that was dealt with: measured, or skipped for want of a prediction. */
export type JournalEntry =
  | {
      readonly clip: ClipFrame;
      readonly withoutTruth: boolean;
      /** What the whole evaluation remembers after this frame. */
      readonly fit: ScaleShiftState;
      readonly histogram: HistogramState;
    }
  | { readonly skipped: { readonly name: string; readonly index: number } };

/** What an evaluation is of and with; one that differs in any of it does not go on where this one stopped. */
export type EvaluationIdentity = Readonly<Record<string, unknown>>;

/** How a journal is opened. */
export interface JournalOptions {
  readonly folder: string;
  readonly identity: EvaluationIdentity;
  /** Size of what waits in the folder's spool. */
  readonly size: Size;
  /** Frames that a window looks ahead: the last ones before an end in order had none after them. */
  readonly lookAhead: number;
  /** Which frames are to be dealt with, by index; default all. */
  readonly isWanted?: ((index: number) => boolean) | undefined;
}

/**
 * What an evaluation knows of its frames so far, a line a frame, beside the spool with their depth and pictures: after
 * a kill the next run goes on behind the last frame that both hold. Its folder is locked until {@link close}.
 */
export class EvaluationJournal {
  readonly folder: string;
  /** Size of the depth that waits. */
  readonly size: Size;
  /** Frames of earlier runs, in order. */
  readonly entries: readonly JournalEntry[];
  /** First frame that is still to be done. */
  readonly from: number;
  readonly #file: FileHandle;
  readonly #unlock: () => Promise<void>;

  private constructor(
    { folder, size }: JournalOptions,
    entries: readonly JournalEntry[],
    from: number,
    file: FileHandle,
    unlock: () => Promise<void>,
  ) {
    this.folder = folder;
    this.size = size;
    this.entries = entries;
    this.from = from;
    this.#file = file;
    this.#unlock = unlock;
  }

  /** Throws `output-exists` for a folder of another evaluation or one in use, `output-failed`. */
  static async open(options: JournalOptions): Promise<EvaluationJournal> {
    const { folder, identity } = options;
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw outputFailed(folder, cause);
    });
    const unlock = await lockFolder(folder);
    try {
      const name = path.join(folder, 'journal.jsonl');
      const found = await entriesIn(name, identity, folder);
      const entries = await usable(found, options);
      let from = 0;
      for (const entry of entries) from = Math.max(from, indexOf(entry) + 1);
      const lines = [{ identity }, ...entries].map((line) => `${JSON.stringify(line)}\n`);
      await writeAtomically(name, lines.join(''));
      const file = await open(name, 'a').catch((cause: unknown) => {
        throw outputFailed(name, cause);
      });
      return new EvaluationJournal(options, entries, from, file, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Frames of earlier runs that wait in the spool. */
  get spooled(): number {
    return this.entries.filter((entry) => 'clip' in entry).length;
  }

  async add(entry: JournalEntry): Promise<void> {
    await this.#write(entry);
  }

  /** States that the run ended in order before its time, so that its last frames are done again. */
  async endEarly(): Promise<void> {
    await this.#write({ ended: true });
  }

  /** Lets others in; `done` removes all that waits for a run to go on. */
  async close(done: boolean): Promise<void> {
    await this.#file.close().catch(() => {});
    await this.#unlock();
    if (done) await rm(this.folder, { recursive: true, force: true }).catch(() => {});
  }

  async #write(line: object): Promise<void> {
    await this.#file.write(`${JSON.stringify(line)}\n`).catch((cause: unknown) => {
      throw outputFailed(path.join(this.folder, 'journal.jsonl'), cause);
    });
  }
}

function indexOf(entry: JournalEntry): number {
  return 'clip' in entry ? entry.clip.frame.index : entry.skipped.index;
}

type Line = JournalEntry | { readonly ended: true };

async function entriesIn(name: string, identity: EvaluationIdentity, folder: string): Promise<Line[]> {
  const text = await readFile(name, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw outputFailed(name, error);
  });
  const lines: unknown[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    try {
      lines.push(JSON.parse(line));
    } catch {
      // A kill in the middle of a line.
      break;
    }
  }
  const there = (lines[0] as { identity?: EvaluationIdentity } | undefined)?.identity;
  if (!there) return [];
  for (const key of new Set([...Object.keys(there), ...Object.keys(identity)])) {
    const [old, now] = [JSON.stringify(there[key]), JSON.stringify(identity[key])];
    if (old === now) continue;
    throw new DepthcastError('output-exists', `${folder} holds an unfinished evaluation of another ${key}.`, {
      advice: 'Choose another folder with --out, or delete that one.',
      facts: { folder, key, there: there[key], here: identity[key] },
    });
  }
  return lines.slice(1) as Line[];
}

/** The entries in order of their frames, without holes, that the spool has the depth of. */
async function usable(lines: readonly Line[], options: JournalOptions): Promise<JournalEntry[]> {
  const { folder, size, lookAhead, isWanted = () => true } = options;
  const found = await stat(path.join(folder, SPOOL_FILE)).catch(() => undefined);
  let left = Math.floor((found?.size ?? 0) / spooledBytes(size));
  const ended = lines.some((line) => 'ended' in line);
  const all = lines.filter((line): line is JournalEntry => !('ended' in line));
  // What is skipped is known at once, what is measured waits its turn, so lines may stand out of order.
  const last = Math.max(-1, ...all.map(indexOf)) - (ended ? lookAhead : 0);
  const measured = all.filter((entry) => 'clip' in entry && indexOf(entry) <= last && left-- > 0);
  const skipped = all.filter((entry) => !('clip' in entry) && indexOf(entry) <= last);
  const kept = [...measured, ...skipped].sort((a, b) => indexOf(a) - indexOf(b));
  const holds = new Set(kept.map(indexOf));
  let whole = 0;
  while (whole <= last && (holds.has(whole) || !isWanted(whole))) whole++;
  return kept.filter((entry) => indexOf(entry) < whole);
}
