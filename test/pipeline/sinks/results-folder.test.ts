import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { csv } from '../../../pipeline/sinks/csv.ts';
import { MetaFile, type RunIdentity } from '../../../pipeline/sinks/folder/meta-file.ts';
import { leadIn, openResults, type ResultsFolder } from '../../../pipeline/sinks/folder/results-folder.ts';
import { npy } from '../../../pipeline/sinks/npy.ts';
import { png16 } from '../../../pipeline/sinks/png16.ts';
import { SINKS, sinksNamed } from '../../../pipeline/sinks/registry.ts';
import { depthFrame } from './depth-frames.ts';
import { emptyFolder, IDENTITY } from './folder.ts';

interface Wish {
  readonly identity?: Partial<RunIdentity>;
  readonly sinks?: typeof SINKS;
  readonly frameCount?: number;
  readonly maxFrames?: number;
}

async function open(dir: string, { identity, sinks = [png16, csv], ...wish }: Wish = {}): Promise<ResultsFolder> {
  const own = { ...IDENTITY, ...identity };
  const results = await openResults({ dir, sinks, shelf: SINKS, identity: own, versions: {}, ...wish });
  onTestFinished(() => results.close());
  return results;
}

/** Writes frames `from`…`to − 1` as a run does; `how` is left out where the run is killed. */
async function write(results: ResultsFolder, to: number, how?: Parameters<ResultsFolder['end']>[0]): Promise<void> {
  const sinks = await results.open();
  for (let index = results.from; index < to; index++) {
    await Promise.all(sinks.map((sink) => sink.write(depthFrame(index))));
  }
  await Promise.all(sinks.map((sink) => sink.close()));
  if (how) await results.end(how);
}

describe('the folder of a run', () => {
  it('begins at frame 0 where there is nothing', async () => {
    expect(await open(await emptyFolder())).toMatchObject({ from: 0, complete: false });
  });

  it('goes on at the first frame that an output lacks', async () => {
    const dir = await emptyFolder();
    await write(await open(dir), 5);
    expect(await open(dir)).toMatchObject({ from: 5, complete: false });
    expect(await open(dir, { sinks: [png16, csv, npy] })).toMatchObject({ from: 0, complete: false });
  });

  it('is complete once the footage ended, until the footage is longer', async () => {
    const dir = await emptyFolder();
    await write(await open(dir, { frameCount: 6 }), 6, 'end-of-source');
    expect(await open(dir, { frameCount: 6 })).toMatchObject({ complete: true });
    expect(await open(dir)).toMatchObject({ complete: true });
    // The last of six frames had no successor to look at; in footage of nine it has.
    expect(await open(dir, { frameCount: 9 })).toMatchObject({ from: 5, complete: false });
  });

  it('does the last frames before --max-frames anew when a longer run goes on', async () => {
    const dir = await emptyFolder();
    await write(await open(dir, { frameCount: 50, maxFrames: 4 }), 4, 'max-frames');
    expect(await open(dir, { frameCount: 50, maxFrames: 4 })).toMatchObject({ from: 4, complete: true });
    expect(await open(dir, { frameCount: 50, maxFrames: 8 })).toMatchObject({ from: 3, complete: false });
    expect(await open(dir, { frameCount: 50, maxFrames: 8, identity: {} })).toMatchObject({ from: 3 });
  });

  it.each([
    ['model', { model: 'another' }],
    ['cardHash', { cardHash: '11' }],
    ['size', { size: { width: 1, height: 1 } }],
    ['networkSize', { networkSize: { width: 32, height: 32 } }],
    ['window', { window: [-2, -1, 0] }],
    ['intrinsics', { intrinsics: { fx: 1, fy: 1, cx: 0, cy: 0, width: 64, height: 32 } }],
    ['source', { source: 'other.mp4' }],
  ] as const)('refuses results of another %s', async (key, identity) => {
    const dir = await emptyFolder();
    await write(await open(dir), 2);
    await expect(open(dir, { identity })).rejects.toMatchObject({ code: 'output-exists', facts: { key } });
  });

  it('does not mind a meta.json of a run that never finished a frame', async () => {
    const dir = await emptyFolder();
    await write(await open(dir), 0);
    const again = await open(dir, { identity: { model: 'another' } });
    await write(again, 1);
    expect(JSON.parse(await readFile(join(dir, 'meta.json'), 'utf8'))).toMatchObject({ model: 'another' });
  });

  it('refuses results that nothing tells the making of', async () => {
    const dir = await emptyFolder();
    await mkdir(join(dir, 'depth'));
    await writeFile(join(dir, 'depth/000000.png'), 'whatever');
    await expect(open(dir)).rejects.toMatchObject({ code: 'output-exists' });
    await writeFile(join(dir, 'meta.json'), '{"half":');
    await expect(open(dir)).rejects.toMatchObject({ code: 'output-exists' });
  });

  it('says what meta.json promises: model, card hash, kind, unit, intrinsics, size, versions', async () => {
    const dir = await emptyFolder();
    const intrinsics = { width: 64, height: 32, fx: 60, fy: 60, cx: 31.5, cy: 15.5 };
    await write(await open(dir, { sinks: SINKS, identity: { intrinsics } }), 2, 'end-of-source');
    const meta = JSON.parse(await readFile(join(dir, 'meta.json'), 'utf8'));
    expect(Object.keys(meta)).toEqual(
      expect.arrayContaining(['model', 'cardHash', 'kind', 'unit', 'intrinsics', 'size', 'versions', 'outputs']),
    );
    expect(meta.ended).toEqual({ how: 'end-of-source', frames: 2 });
    // Every sink stated its facts, although all did so at the same moment.
    expect(Object.keys(meta.outputs).sort()).toEqual(SINKS.map(({ name }) => name).sort());
  });

  it('keeps the order of meta.json when a run goes on', async () => {
    const dir = await emptyFolder();
    const keys = async (): Promise<string[]> => Object.keys(JSON.parse(await readFile(join(dir, 'meta.json'), 'utf8')));
    await write(await open(dir), 2, 'interrupted');
    const before = await keys();
    await write(await open(dir), 4, 'end-of-source');
    expect(await keys()).toEqual(before);
  });

  it('is held against other processes until it is closed', async () => {
    const dir = await emptyFolder();
    const results = await open(dir);
    expect(await readFile(join(dir, '.running'), 'utf8')).toMatch(new RegExp(`^${process.pid} \\d*$`));
    await results.close();
    await writeFile(join(dir, '.running'), `${process.ppid} `);
    await expect(open(dir)).rejects.toMatchObject({ code: 'output-exists' });
    expect(await readFile(join(dir, '.running'), 'utf8')).toBe(`${process.ppid} `);
  });

  it.each(['999999999 ', '999999999 1', 'nonsense', ''])(
    'is not held by what a killed run left behind (%j)',
    async (holder) => {
      const dir = await emptyFolder();
      await writeFile(join(dir, '.running'), holder);
      const results = await open(dir);
      await results.close();
      expect(await readdir(dir)).toEqual([]);
    },
  );

  it('keeps what two writers say at the same time', async () => {
    const dir = await emptyFolder();
    const meta = await MetaFile.open(dir, IDENTITY, {});
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => meta.describe(name, { name })));
    const written = JSON.parse(await readFile(join(dir, 'meta.json'), 'utf8'));
    expect(Object.keys(written.outputs)).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('leadIn', () => {
  it('reads early enough for the windows and for the search for cuts, and estimates one frame early', () => {
    expect(leadIn(0, [-1, 1])).toEqual({ read: 0, estimate: 0 });
    expect(leadIn(5, [-1, 1])).toEqual({ read: 0, estimate: 4 });
    expect(leadIn(100, [-2, -1])).toEqual({ read: 77, estimate: 99 });
  });
});

describe('the shelf of sinks', () => {
  it('knows the names of the contract and lists them where one is unknown', () => {
    expect(sinksNamed(['csv', 'png16', 'csv']).map(({ name }) => name)).toEqual(['csv', 'png16']);
    expect(() => sinksNamed(['png8'])).toThrowError(
      expect.objectContaining({
        code: 'option-invalid',
        advice: 'Choose from png16, npy, ply, las, color.mp4, overlay.mp4, stereo.mp4, csv, mcap, mcap-ros2.',
      }),
    );
  });
});
