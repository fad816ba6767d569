import { readdir } from 'node:fs/promises';
import { DepthcastError } from '../../../frames/index.ts';
import type { DepthSink } from '../../../operators/depth-sink.ts';
import { makeFolder } from '../../files/atomic-file.ts';
import { lockFolder } from '../../files/folder-lock.ts';
import type { FolderSink } from './folder-sink.ts';
import { MetaFile, type RunEnd, type RunIdentity } from './meta-file.ts';

/** What {@link openResults} needs to know. */
export interface ResultsOptions {
  readonly dir: string;
  readonly sinks: readonly FolderSink[];
  /** All sinks there are: another run may have written other outputs into the same folder. */
  readonly shelf: readonly FolderSink[];
  readonly identity: RunIdentity;
  readonly versions: Readonly<Record<string, string>>;
  /** Frames that the footage has, where that is known. */
  readonly frameCount?: number | undefined;
  /** Names of those frames, where they are known. */
  readonly names?: readonly string[] | undefined;
  /** Frames that this run is to reach, where the user limits them. */
  readonly maxFrames?: number | undefined;
}

/** The folder of a run, looked at but not touched yet. */
export interface ResultsFolder {
  /** First frame that is still to be done, from 0. */
  readonly from: number;
  /** `true` where nothing is left to do: the same run ended here before. */
  readonly complete: boolean;
  /** Writes meta.json, with the device that the model runs on, and opens the sinks, in the order they were asked for. */
  open(device?: string): Promise<readonly DepthSink[]>;
  /** States in meta.json how the run ended. */
  end(how: RunEnd['how']): Promise<void>;
  /** Lets other runs in; to be called last, whatever happened. */
  close(): Promise<void>;
}

/**
 * Opens the folder of a run and finds out what is finished in it: the frames that every wanted output has.
 *
 * A folder of another model, size, source or camera is refused with `output-exists`, and so is one that has results
 * but no meta.json, and one that another process is writing into. The last frames before an end that was not the footage's own (`--max-frames`, Ctrl-C, a fault) had
 * none after them to look at; they are done anew, so that the results equal those of a run that was never stopped.
 * After a kill there are no such frames.
 */
export async function openResults(options: ResultsOptions): Promise<ResultsFolder> {
  await makeFolder(options.dir);
  const close = await lockFolder(options.dir);
  try {
    return { ...(await look(options)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function look(options: ResultsOptions): Promise<Omit<ResultsFolder, 'close'>> {
  const { dir, sinks, identity, versions, maxFrames, frameCount, names } = options;
  const finishedIn = (): Promise<number[]> => Promise.all(sinks.map((sink) => sink.finished(dir, names)));
  const finished = await finishedIn();
  if (Math.max(...finished) > 0 && !(await readdir(dir)).includes('meta.json')) {
    throw new DepthcastError('output-exists', `${dir} holds results, but no meta.json says what they were made with.`, {
      advice: 'Choose another folder with --out, or delete that one.',
      facts: { dir },
    });
  }
  // A run that ended before its first frame leaves a meta.json behind that binds nobody.
  const anew = Math.max(...(await Promise.all(options.shelf.map((sink) => sink.finished(dir, names))))) === 0;
  const meta = await MetaFile.open(dir, identity, versions, anew);
  const { ended } = meta.meta;
  let from = Math.min(...finished);
  const wanted = Math.min(maxFrames ?? Number.POSITIVE_INFINITY, frameCount ?? Number.POSITIVE_INFINITY);
  // Footage of unknown length that was read to its end is taken to be no longer today.
  const reached = ended?.how === 'end-of-source' && frameCount === undefined ? true : from >= wanted;
  const complete = ended !== undefined && from >= ended.frames && reached;
  if (!complete && ended) from = Math.min(from, Math.max(0, ended.frames - Math.max(0, ...identity.window)));
  return {
    from,
    complete,
    async open(device): Promise<readonly DepthSink[]> {
      await meta.begin(device);
      const opened: DepthSink[] = [];
      for (const sink of sinks) opened.push(await sink.open({ dir, from, networkSize: identity.networkSize, meta }));
      return opened;
    },
    async end(how): Promise<void> {
      await meta.end({ how, frames: Math.min(...(await finishedIn())) });
    },
  };
}

/** Frames of an earlier stretch that the search for cuts and pauses remembers, and a few to spare. */
const MEMORY = 20;

/**
 * Where a run that goes on at frame `from` begins, so that its results equal those of a run that was never stopped:
 * frames are read from `read` on, for the memory of the search for cuts; depth is made from `estimate` on, one frame
 * early, since the consistency of frame `from` looks at the answer before it.
 */
export function leadIn(from: number, window: readonly number[]): { readonly read: number; readonly estimate: number } {
  const estimate = Math.max(0, from - 1);
  return { estimate, read: Math.max(0, estimate + Math.min(0, ...window) - MEMORY) };
}
