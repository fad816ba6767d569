import { rmSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DepthcastError } from '../../frames/index.ts';

/** Says who writes into the folder of a run: process id, and when that process began where the system tells. */
const LOCK = '.running';

/**
 * Takes a folder for this process, since two runs that write into one folder would destroy each other's files; answers
 * how to let it go. Between processes of one machine only. What a killed run leaves behind holds nobody up.
 *
 * Throws `output-exists` where a living process holds it. A folder that cannot be written to is not held: its first
 * output tells why.
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, LOCK);
  const draft = `${path}.${process.pid}`;
  const own = `${process.pid} ${await beginOf(process.pid)}`;
  try {
    await writeFile(draft, own);
    await take(dir, path, draft, own);
  } catch (error) {
    if (error instanceof DepthcastError) throw error;
    return async () => {};
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
  const atExit = (): void => rmSync(path, { force: true });
  process.once('exit', atExit);
  return async () => {
    process.off('exit', atExit);
    await rm(path, { force: true });
  };
}

/** Takes the folder. Throws `output-exists` where somebody has it. */
async function take(dir: string, path: string, draft: string, own: string): Promise<void> {
  for (;;) {
    const holder = await claim(draft, path);
    if (holder === undefined || holder === own) return;
    if (await isAlive(holder)) throw held(dir, holder);
    // One at a time takes the lock of a dead run away: else a second one would take away the new one of the first.
    const guard = `${path}.taking`;
    const taker = await claim(draft, guard);
    if (taker !== undefined && (await isAlive(taker))) throw held(dir, taker);
    try {
      if (taker === undefined && (await textOf(path)) === holder) await rm(path, { force: true });
    } finally {
      await rm(guard, { force: true });
    }
  }
}

/** Puts the draft under a name that nobody has: `undefined` where that went well, else what stands there. */
async function claim(draft: string, path: string): Promise<string | undefined> {
  for (;;) {
    try {
      // Unlike a file that is created and then written, a link appears with its content.
      await link(draft, path);
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const text = await textOf(path);
    if (text !== undefined) return text;
  }
}

/** What a file says; `undefined` where there is none. */
async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
}

async function isAlive(holder: string): Promise<boolean> {
  const [, id, begin] = /^(\d+) (\d*)$/.exec(holder) ?? [];
  if (id === undefined) return false;
  // A process id is used again some day; with its begin it is not.
  if (begin !== '') return (await beginOf(Number(id))) === begin;
  try {
    return process.kill(Number(id), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process began, in the ticks of /proc (proc(5), field 22 of stat); empty where there is none such. */
async function beginOf(id: number): Promise<string> {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in brackets and may hold blanks.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function held(dir: string, holder: string): DepthcastError {
  return new DepthcastError('output-exists', `Another run (process ${holder.split(' ')[0]}) is writing into ${dir}.`, {
    advice: 'Wait for its end, or choose another folder.',
    facts: { dir },
  });
}
