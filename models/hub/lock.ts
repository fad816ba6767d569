import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A holder says this often that it is alive … */
const BEAT_MS = 2000;
/** … and after this long without a sign its lock is void: it was killed, or its machine went away. */
const STALE_MS = 20_000;
const POLL_MS = 150;

/** How to wait for a lock. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once where somebody else holds it. */
  readonly onWait?: (() => void) | undefined;
}

/** A lock held. */
export interface HeldLock {
  /** Whether it is still ours; not, where another process took us for dead (a laptop that slept). */
  held(): Promise<boolean>;
}

/**
 * Runs `work` while no other process on this folder does: a lock file that its holder touches every two seconds.
 *
 * A lock whose process is gone (same machine) or that was not touched for twenty seconds is taken over. Because that can
 * go wrong after a sleep, `work` asks `held()` before it makes anything final. Rejects with the signal's reason.
 */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  await mkdir(dirname(path), { recursive: true });
  await take(path, JSON.stringify({ pid: process.pid, host: hostname(), token }), options);
  const held = async (): Promise<boolean> => (await readFile(path, 'utf8').catch(() => '')).includes(token);
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, BEAT_MS);
  try {
    return await work({ held });
  } finally {
    clearInterval(beat);
    if (await held()) await rm(path, { force: true });
  }
}

async function take(path: string, content: string, { signal, onWait }: LockOptions): Promise<void> {
  for (let round = 0; ; round++) {
    signal?.throwIfAborted();
    try {
      const file = await open(path, 'wx');
      try {
        await file.writeFile(content);
      } finally {
        await file.close();
      }
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    }
    if (await clearStale(path)) continue;
    if (round === 0) onWait?.();
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** Takes a void lock out of the way; `true` where it is worth trying again at once. */
async function clearStale(path: string): Promise<boolean> {
  const [text, about] = await Promise.all([
    readFile(path, 'utf8').catch(() => undefined),
    stat(path).catch(() => undefined),
  ]);
  if (text === undefined || about === undefined) return true;
  if (Date.now() - about.mtimeMs < STALE_MS && !holderIsGone(text)) return false;
  // By renaming, of two processes that see the same stale lock one alone takes it; the other may take the new one of
  // the first, which is why that is put back where it turns out to be another than the one looked at.
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return true;
  }
  if ((await readFile(aside, 'utf8').catch(() => text)) === text) await rm(aside, { force: true });
  else await rename(aside, path);
  return true;
}

function holderIsGone(text: string): boolean {
  try {
    const { pid, host } = JSON.parse(text) as { pid?: unknown; host?: unknown };
    if (host !== hostname() || typeof pid !== 'number') return false;
    process.kill(pid, 0);
    return false;
  } catch (cause) {
    // A lock just being written is empty, and belongs to somebody.
    return (cause as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
