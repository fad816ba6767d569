import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { lockFolder } from '../../../pipeline/files/folder-lock.ts';
import { emptyFolder } from '../sinks/folder.ts';

const FOLDERS = 40;
/** No process has such an id. */
const DEAD = '999999999 ';

/** A process that locks all folders once it is told to, says which it got, and keeps them until the test ends. */
async function rival(script: string) {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return async (): Promise<number[]> => {
    child.stdin.write('go\n');
    return JSON.parse(String((await lines.next()).value)) as number[];
  };
}

it('of several runs that find the lock of a dead one at the same moment, one alone takes the folder', async () => {
  const root = await emptyFolder();
  const script = join(root, 'rival.mjs');
  const module = new URL('../../../dist/pipeline/files/folder-lock.js', import.meta.url).href;
  await writeFile(
    script,
    `import { once } from 'node:events';
    import { lockFolder } from ${JSON.stringify(module)};
    process.setMaxListeners(0);
    console.log('ready');
    await once(process.stdin, 'data');
    const got = [];
    for (let i = 0; i < ${FOLDERS}; i++) {
      const mine = await lockFolder(${JSON.stringify(root)} + '/' + i).catch((error) => {
        if (error.code !== 'output-exists') throw error;
      });
      if (mine) got.push(i);
    }
    console.log(JSON.stringify(got));`,
  );
  for (let i = 0; i < FOLDERS; i++) {
    await mkdir(join(root, String(i)));
    await writeFile(join(root, String(i), '.running'), DEAD);
  }
  const rivals = [await rival(script), await rival(script), await rival(script)];
  const got = await Promise.all(rivals.map((go) => go()));
  expect(got.flat().sort((one, other) => one - other)).toEqual(Array.from({ length: FOLDERS }, (_, i) => i));
  for (let i = 0; i < FOLDERS; i++) expect(await readdir(join(root, String(i)))).toEqual(['.running']);
});

it('a process that has the folder already may take it again, and lets it go', async () => {
  const dir = await emptyFolder();
  await lockFolder(dir);
  const unlock = await lockFolder(dir);
  await unlock();
  expect(await readdir(dir)).toEqual([]);
});

it('a folder whose lock is no file is not held, and nothing hangs', async () => {
  const dir = await emptyFolder();
  await mkdir(join(dir, '.running'));
  const unlock = await lockFolder(dir);
  await unlock().catch(() => {});
  expect(await readdir(dir)).toEqual(['.running']);
});
