import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../frames/index.ts';
import { MetaFile } from '../../pipeline/sinks/folder/meta-file.ts';
import { SINKS } from '../../pipeline/sinks/registry.ts';
import { depthFrame } from '../pipeline/sinks/depth-frames.ts';
import { emptyFolder, IDENTITY, writeAll } from '../pipeline/sinks/folder.ts';

const CAMERA = { width: 64, height: 32, fx: 64, fy: 64, cx: 31.5, cy: 15.5 };
const RUN = { identity: { intrinsics: CAMERA } } as const;
const frames = (from: number, to: number): DepthFrame[] =>
  Array.from({ length: to - from }, (_, i) => depthFrame(from + i));

/** All files below a folder. */
async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}

it('every sink has a name of its own', () => {
  expect(new Set(SINKS.map(({ name }) => name)).size).toBe(SINKS.length);
});

describe.each(SINKS)('the sink $name', (sink) => {
  it('has nothing finished in an empty folder, and in none', async () => {
    const dir = await emptyFolder();
    expect(await sink.finished(dir)).toBe(0);
    expect(await sink.finished(join(dir, 'not there'))).toBe(0);
  });

  it('counts what it finished, says in meta.json what it is, and leaves nothing half-written', async () => {
    const dir = await emptyFolder();
    const meta = await writeAll(sink, dir, frames(0, 3), RUN);
    expect(await sink.finished(dir)).toBe(3);
    expect(Object.keys(meta.meta.outputs)).toEqual([sink.name]);
    expect((await filesIn(dir)).filter((file) => file.endsWith('.part'))).toEqual([]);
    expect((await filesIn(dir)).length).toBeGreaterThan(1);
  });

  it('goes on where it stopped, the last frames done anew or kept', async () => {
    const dir = await emptyFolder();
    await writeAll(sink, dir, frames(0, 3), RUN);
    await writeAll(sink, dir, frames(2, 5), RUN);
    expect(await sink.finished(dir)).toBe(5);
  });

  it('counts nothing of the others', async () => {
    const dir = await emptyFolder();
    await writeAll(sink, dir, frames(0, 2), RUN);
    for (const other of SINKS) if (other !== sink) expect(await other.finished(dir)).toBe(0);
  });

  it('is closed without a frame', async () => {
    const dir = await emptyFolder();
    await writeAll(sink, dir, [], RUN);
    expect(await sink.finished(dir)).toBe(0);
  });

  it('fails with output-failed where its folder is gone', async () => {
    const dir = join(await emptyFolder(), 'run');
    await mkdir(dir);
    const meta = await MetaFile.open(dir, { ...IDENTITY, ...RUN.identity }, {});
    await rm(dir, { recursive: true });
    await writeFile(dir, 'a file where the folder was');
    const writing = async (): Promise<void> => {
      const open = await sink.open({ dir, from: 0, networkSize: IDENTITY.networkSize, meta });
      try {
        for (const frame of frames(0, 3)) await open.write(frame);
      } finally {
        await open.close();
      }
    };
    await expect(writing()).rejects.toMatchObject({ code: 'output-failed' });
  });
});
