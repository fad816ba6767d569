import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { depthcast, emptyFolder, makeFootage, pressCtrlC, SAMPLE, start } from './depthcast.ts';

const SUMMARY_KEYS = [
  'frames',
  'depthFrames',
  'dropped',
  'fallbacks',
  'fps',
  'latencyMs',
  'model',
  'durationS',
  'consistency',
];

/** A clip whose every frame differs, 3 s at 10 frames a second. */
async function clip(dir: string): Promise<string> {
  const file = join(dir, 'clip.mp4');
  await makeFootage('-f', 'lavfi', '-i', 'testsrc2=s=300x140:r=10:d=3', '-pix_fmt', 'yuv420p', file);
  return file;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 1800) throw new Error('This did not come true within a minute and a half.');
    await sleep(50);
  }
}

const filesIn = (dir: string): Promise<string[]> =>
  readdir(dir).then(
    (files) => files.sort(),
    () => [],
  );

async function expectSameFiles(one: string, other: string): Promise<void> {
  const names = await filesIn(one);
  expect(await filesIn(other)).toEqual(names);
  for (const name of names) {
    const same = (await readFile(join(one, name))).equals(await readFile(join(other, name)));
    expect(same, name).toBe(true);
  }
}

describe('depthcast run', { timeout: 240_000 }, () => {
  it.skipIf(!existsSync(SAMPLE))('makes every output of the sample clip', async () => {
    const out = await emptyFolder();
    const write = 'png16,npy,color.mp4,csv';
    const ended = await depthcast('run', SAMPLE, '--out', out, '--write', write, '--max-frames', '12', '--json');
    expect(ended.stderr).toContain('12 depth frames of 12 frames');
    expect(ended.code).toBe(0);
    expect(Object.keys(ended.json!).sort()).toEqual([...SUMMARY_KEYS, 'device'].sort());
    expect(ended.json).toMatchObject({ frames: 12, depthFrames: 12, dropped: 0, model: 'tc-depth-lite' });
    expect(ended.json!['fallbacks']).toEqual({ 'window-not-full': 2 });
    expect(Object.keys(ended.json!['latencyMs'] as object)).toEqual(['p50', 'p95', 'p99']);
    const names = Array.from({ length: 12 }, (_, i) => String(i).padStart(6, '0'));
    expect(await filesIn(join(out, 'depth'))).toEqual(names.map((name) => `${name}.png`));
    expect(await filesIn(join(out, 'npy'))).toEqual(names.map((name) => `${name}.npy`));
    const rows = (await readFile(join(out, 'frames.csv'), 'utf8')).trimEnd().split('\n');
    expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(names);
    expect((await readFile(join(out, 'color.mp4'))).subarray(4, 8).toString()).toBe('ftyp');
    expect(JSON.parse(await readFile(join(out, 'meta.json'), 'utf8'))).toMatchObject({
      model: 'tc-depth-lite',
      kind: 'metric',
      unit: 'metres',
    });
  });

  it('names results by the stems of pictures and makes them as large as the pictures', async () => {
    const dir = await emptyFolder();
    const pictures = join(dir, 'pictures');
    await mkdir(pictures);
    await makeFootage(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=320x160:r=10:d=0.5',
      '-vf',
      'scale=301:143',
      join(pictures, 'shot%03d.png'),
    );
    const out = join(dir, 'out');
    const { code } = await depthcast('run', pictures, '--out', out, '--write', 'png16');
    expect(code).toBe(0);
    expect(await filesIn(join(out, 'depth'))).toEqual(
      ['shot001', 'shot002', 'shot003', 'shot004', 'shot005'].map((s) => `${s}.png`),
    );
    expect(await sharp(join(out, 'depth/shot003.png')).metadata()).toMatchObject({
      width: 301,
      height: 143,
      depth: 'ushort',
      channels: 1,
    });
  });

  it('goes on where --max-frames stopped it, with the same bytes as a run in one go', async () => {
    const dir = await emptyFolder();
    const file = await clip(dir);
    const write = ['--write', 'png16,npy,csv'];
    const [whole, parts] = [join(dir, 'whole'), join(dir, 'parts')];
    expect((await depthcast('run', file, '--out', whole, ...write)).code).toBe(0);
    expect((await depthcast('run', file, '--out', parts, ...write, '--max-frames', '13')).code).toBe(0);
    expect(await filesIn(join(parts, 'depth'))).toHaveLength(13);
    const { code, json, stderr } = await depthcast('run', file, '--out', parts, ...write, '--json');
    expect(code).toBe(0);
    // Frame 12 could not look ahead the first time, so it is done anew.
    expect(stderr).toContain('going on at frame 12');
    expect(json).toMatchObject({ frames: 18, depthFrames: 18 });
    await expectSameFiles(join(whole, 'depth'), join(parts, 'depth'));
    await expectSameFiles(join(whole, 'npy'), join(parts, 'npy'));
    const columns = (text: string): string[][] =>
      text.split('\n').map((row) => row.split(',').filter((_, at) => at !== 5 && at !== 6));
    const tables = await Promise.all([whole, parts].map((out) => readFile(join(out, 'frames.csv'), 'utf8')));
    // All but the two columns of times.
    expect(columns(tables[1]!)).toEqual(columns(tables[0]!));
    const again = await depthcast('run', file, '--out', parts, ...write, '--json');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('nothing is left to do');
  });

  it('loses no finished frame when it is killed, and goes on behind them', async () => {
    const dir = await emptyFolder();
    const file = await clip(dir);
    const [whole, killed] = [join(dir, 'whole'), join(dir, 'killed')];
    const write = ['--write', 'png16,csv,color.mp4'];
    expect((await depthcast('run', file, '--out', whole, ...write)).code).toBe(0);
    const running = start(['run', file, '--out', killed, ...write]);
    // A picture being written lies beside the finished ones under another name.
    const pictures = async (): Promise<string[]> =>
      (await filesIn(join(killed, 'depth'))).filter((name) => name.endsWith('.png'));
    await waitFor(async () => (await pictures()).length >= 4);
    running.child.kill('SIGKILL');
    await running.ended;
    const finished = await pictures();
    expect(finished.length).toBeGreaterThanOrEqual(4);
    for (const name of finished) {
      const same = (await readFile(join(whole, 'depth', name))).equals(await readFile(join(killed, 'depth', name)));
      expect(same, `${name} after the kill`).toBe(true);
    }
    const { code, json } = await depthcast('run', file, '--out', killed, ...write, '--json');
    expect(code).toBe(0);
    expect(json!['frames']).toBeLessThanOrEqual(30);
    await expectSameFiles(join(whole, 'depth'), join(killed, 'depth'));
    expect((await readFile(join(killed, 'frames.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(31);
    expect((await filesIn(killed)).filter((name) => /^color/.test(name)).length).toBeGreaterThanOrEqual(1);
  });

  it('ends in order on Ctrl-C: keeps what is written, prints the summary, exits with 130', async () => {
    const dir = await emptyFolder();
    const file = join(dir, 'long.mp4');
    await makeFootage('-f', 'lavfi', '-i', 'testsrc2=s=300x140:r=30:d=20', '-pix_fmt', 'yuv420p', file);
    const out = join(dir, 'out');
    const running = start(['run', file, '--out', out, '--write', 'png16,csv,color.mp4', '--json']);
    await waitFor(async () => (await filesIn(join(out, 'depth'))).length >= 3);
    pressCtrlC(running);
    const { code, json, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/\d+ depth frames of \d+ frames/);
    const files = await filesIn(join(out, 'depth'));
    expect(json).toMatchObject({ depthFrames: files.length });
    expect(files.every((name) => /^\d{6}\.png$/.test(name))).toBe(true);
    expect((await readFile(join(out, 'frames.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(files.length + 1);
    const meta = JSON.parse(await readFile(join(out, 'meta.json'), 'utf8'));
    expect(meta.ended.how).toBe('interrupted');
    const film = await readFile(join(out, 'color.mp4'));
    expect(film.indexOf('moov')).toBeGreaterThan(0);
    expect(film.indexOf('moov')).toBeLessThan(film.indexOf('mdat'));
  });

  it('ends with its summary on a Ctrl-C before the first frame', async () => {
    const dir = await emptyFolder();
    const file = join(dir, 'long.mp4');
    await makeFootage('-f', 'lavfi', '-i', 'testsrc2=s=300x140:r=30:d=20', '-pix_fmt', 'yuv420p', file);
    const out = join(dir, 'out');
    const running = start(['run', file, '--out', out, '--json']);
    // Held from here on, and the models are not open yet.
    await waitFor(async () => (await filesIn(out)).includes('.running'));
    pressCtrlC(running);
    const { code, json } = await running.ended;
    expect(code).toBe(130);
    expect(json).toMatchObject({ model: 'tc-depth-lite' });
    expect(await filesIn(out)).not.toContain('.running');
  });

  it('refuses a folder that another run is writing into', async () => {
    const dir = await emptyFolder();
    const file = join(dir, 'long.mp4');
    await makeFootage('-f', 'lavfi', '-i', 'testsrc2=s=300x140:r=30:d=20', '-pix_fmt', 'yuv420p', file);
    const out = join(dir, 'out');
    const running = start(['run', file, '--out', out]);
    await waitFor(async () => (await filesIn(join(out, 'depth'))).length >= 1);
    const second = await depthcast('run', file, '--out', out, '--json');
    expect(second).toMatchObject({ code: 1, json: { error: { code: 'output-exists' } } });
    pressCtrlC(running);
    expect((await running.ended).code).toBe(130);
  });

  it('refuses a folder with results of another size', async () => {
    const dir = await emptyFolder();
    const file = await clip(dir);
    const out = join(dir, 'out');
    await depthcast('run', file, '--out', out, '--max-frames', '3');
    const { code, stderr } = await depthcast('run', file, '--out', out, '--max-frames', '3', '--size', '320x160');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^depthcast: output-exists: .*another networkSize.*--out/m);
  });

  it('takes options from --config, and lets the command line win', async () => {
    const dir = await emptyFolder();
    const file = await clip(dir);
    const config = join(dir, 'config.json');
    await writeFile(config, JSON.stringify({ maxFrames: 9, write: ['csv'], out: join(dir, 'out'), causal: true }));
    const { code, json } = await depthcast('run', file, '--config', config, '--max-frames', '5', '--json');
    expect(code).toBe(0);
    // Causal: the first two frames lack their past.
    expect(json).toMatchObject({ frames: 5, depthFrames: 5, fallbacks: { 'window-not-full': 2 } });
    expect(await filesIn(join(dir, 'out'))).toEqual(['frames.csv', 'meta.json']);
  });

  it('counts what goes without depth where there is no fallback', async () => {
    const dir = await emptyFolder();
    const file = await clip(dir);
    const call = ['run', file, '--out', join(dir, 'out'), '--fallback', 'none', '--max-frames', '6', '--json'];
    const { code, json } = await depthcast(...call);
    expect(code).toBe(0);
    expect(json).toMatchObject({ frames: 6, depthFrames: 4, dropped: 2, fallbacks: {} });
    expect(await filesIn(join(dir, 'out/depth'))).toEqual([1, 2, 3, 4].map((index) => `00000${index}.png`));
  });

  it('keeps stdout free of anything but data', async () => {
    const dir = await emptyFolder();
    const { stdout } = await depthcast('run', await clip(dir), '--out', join(dir, 'out'), '--max-frames', '3');
    expect(stdout).toBe('');
  });
});
