import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { contestantOf } from '../../cli/evaluate-contestants.ts';
import { cameraAt, intrinsicsFor } from '../../samples/street-renderer/camera.ts';
import { renderDepth } from '../../samples/street-renderer/depth.ts';
import { calibText, posesText, timesText } from '../../samples/street-renderer/kitti-text.ts';
import { createStreet } from '../../samples/street-renderer/street.ts';
import { depthPng } from '../../samples/street-renderer/truth-files.ts';
import { depthcast, emptyFolder, start } from './depthcast.ts';

const SEQUENCE = fileURLToPath(new URL('../../../shared/data/kitti_odometry/sequences/04', import.meta.url));
const isHere = existsSync(SEQUENCE);
if (!isHere) console.warn('Skipped: KITTI odometry sequence 04 is not beside the checkout (../shared/data).');

const FRAMES = 4;

/** Milliseconds for a command on real footage: seconds on a machine of its own, minutes where others use it as well. */
const LONG = 280_000;

/** A KITTI odometry folder made of the synthetic street, with exact depth; pictures are grey. */
async function sequence(): Promise<string> {
  const dir = await emptyFolder();
  const street = createStreet(1);
  const camera = intrinsicsFor(160, 64);
  await mkdir(join(dir, 'image_2'));
  await mkdir(join(dir, 'gt_depth_cam2'));
  const grey = sharp({ create: { width: 160, height: 64, channels: 3, background: '#777' } });
  for (let i = 0; i < FRAMES; i++) {
    const name = `${String(i).padStart(6, '0')}.png`;
    await writeFile(join(dir, 'image_2', name), await grey.clone().png().toBuffer());
    const { depth } = renderDepth(street, cameraAt(street, i / 15), camera, i / 15);
    await writeFile(join(dir, 'gt_depth_cam2', name), await depthPng(Float32Array.from(depth), 160, 64));
  }
  await writeFile(join(dir, 'calib.txt'), calibText(camera));
  await writeFile(join(dir, 'times.txt'), timesText(FRAMES, 15));
  await writeFile(join(dir, 'poses.txt'), posesText(street, FRAMES, 15));
  return dir;
}

describe('depthcast evaluate', { timeout: 300_000 }, () => {
  it('finds no error in the truth itself, and writes a row a frame, the summary and both tables', async () => {
    const dir = await sequence();
    const out = join(await emptyFolder(), 'report');
    const { code, json } = await depthcast(
      'evaluate',
      dir,
      '--pred',
      join(dir, 'gt_depth_cam2'),
      '--out',
      out,
      '--json',
    );
    expect(code).toBe(0);
    expect(json).toMatchObject({
      frames: FRAMES,
      accuracy: { absRel: 0, sqRel: 0, rmse: 0, rmseLog: 0, silog: 0, log10: 0, d1: 1, d2: 1, d3: 1 },
      scale: { mode: 'none', median: 1, std: 0 },
      missing: { truth: [], prediction: [], pictures: [] },
    });
    const consistency = json!['consistency'] as Record<string, number> & { tcm: Record<string, number> };
    expect(Object.keys(consistency)).toEqual(['tcm', 'tae', 'opw', 'rtc', 'selfReprojection', 'tcmWithin']);
    expect(Object.keys(consistency.tcm)).toEqual(['absErr', 'sqErr', 'rmse']);
    expect(consistency['selfReprojection']).toBeLessThan(0.02);
    expect(consistency.tcm['absErr']).toBeLessThan(0.05);
    expect((await readdir(out)).sort()).toEqual(['frames.csv', 'report.html', 'summary.json', 'table.md', 'table.tex']);
    expect((await readFile(join(out, 'frames.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(FRAMES + 1);
    expect(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'))).toEqual(json);
  });

  it('joins by number: a missing scan is reported, and shifts nothing', async () => {
    const dir = await sequence();
    const scans = join(dir, 'gt_depth_cam2');
    const all = join(dir, 'all');
    await mkdir(all);
    for (const name of await readdir(scans)) await writeFile(join(all, name), await readFile(join(scans, name)));
    await rename(join(scans, '000001.png'), join(dir, '000001.png'));
    const { code, json, stderr } = await depthcast('evaluate', dir, '--pred', all, '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ frames: FRAMES, accuracy: { absRel: 0 }, missing: { truth: ['000001'] } });
    expect(stderr).toContain('1 frame without measured depth: 000001');
  });

  it('says what is wrong with a call, and exits 2', async () => {
    const dir = await sequence();
    for (const args of [
      ['--preset', 'none-such'],
      ['--scale', 'sometimes'],
      ['--cap', 'far'],
      ['--pred', join(dir, 'gt_depth_cam2'), '--pred-kind', 'relative', '--preset', 'eigen-improved-metric'],
    ]) {
      const { code, stderr, json } = await depthcast('evaluate', dir, ...args, '--json');
      expect(code).toBe(2);
      expect(json).toMatchObject({ error: { code: 'option-invalid' } });
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });

  it('ends with a typed error where truth or predictions are not there, or are of no frame', async () => {
    const dir = await sequence();
    const empty = await emptyFolder();
    const codes: unknown[] = [];
    for (const args of [
      ['--gt', 'none'],
      ['--gt', empty],
      ['--pred', empty],
      ['--pred', join(dir, 'image_2')],
    ]) {
      const { code, json } = await depthcast('evaluate', dir, ...args, '--json');
      expect(code).toBe(1);
      codes.push((json!['error'] as { code: string }).code);
    }
    expect(codes).toEqual(['input-not-found', 'input-empty', 'input-empty', 'input-format']);
  });

  it('compares predictions on the same frames, with an interval for each difference', async () => {
    const dir = await sequence();
    const out = join(await emptyFolder(), 'compared');
    const truth = join(dir, 'gt_depth_cam2');
    const flat = join(dir, 'flat');
    await mkdir(flat);
    for (const [i, name] of (await readdir(truth)).sort().entries()) {
      const depth = new Float32Array(160 * 64).fill(10 + i);
      // The last frame has no prediction, so it is compared for nobody.
      if (i < FRAMES - 1) await writeFile(join(flat, name), await depthPng(depth, 160, 64));
    }
    const { code, json } = await depthcast('evaluate', dir, '--compare', truth, flat, '--out', out, '--json');
    expect(code).toBe(0);
    const comparison = json!['comparison'] as Record<string, unknown> & {
      differences: { from: string; to: string; figures: Record<string, { value: number; differs: boolean }> }[];
    };
    expect(json).toMatchObject({ frames: FRAMES, accuracy: { absRel: 0 }, model: 'given' });
    expect(comparison).toMatchObject({
      frames: FRAMES - 1,
      models: [{ name: 'gt_depth_cam2' }, { name: 'flat' }],
      bootstrap: { block: 3, seed: 1, level: 0.95 },
    });
    expect(comparison.differences[0]).toMatchObject({ from: 'gt_depth_cam2', to: 'flat' });
    expect(comparison.differences[0]!.figures['absRel']!.value).toBeGreaterThan(0.1);
    expect((await readdir(out)).sort()).toEqual([
      ...['comparison.csv', 'comparison.html', 'comparison.json', 'comparison.md', 'comparison.tex'],
      ...['flat', 'gt_depth_cam2'],
    ]);
    const others = await depthcast('evaluate', dir, '--compare', flat, truth, '--out', out, '--json');
    expect(others).toMatchObject({ code: 1, json: { error: { code: 'output-exists' } } });
    const table = await depthcast('evaluate', dir, '--compare', truth, flat, '--block', '1', '--seed', '7');
    expect(table.stdout).toMatch(/blocks of 1 frame, 10000 draws, seed 7\n\n\| Figure \| gt_depth_cam2 \| flat \|/);
    for (const wrong of [[truth], [truth, join(dir, 'no-such-model')], [truth, truth, '--pred', truth]]) {
      const refused = await depthcast('evaluate', dir, '--compare', ...wrong, '--json');
      expect([1, 2]).toContain(refused.code);
      expect(refused.json).toMatchObject({ error: { code: expect.stringMatching(/option-invalid|model-not-found/) } });
    }
  });

  it.skipIf(!isHere)('goes on where it was killed, and ends with the same figures', async () => {
    const out = join(await emptyFolder(), 'out');
    const args = ['evaluate', SEQUENCE, '--layout', 'kitti-odometry', '--max-frames', '20', '--json'];
    const whole = await start(args, {}, LONG).ended;
    const killed = start([...args, '--out', out], {}, LONG);
    const journal = join(out, '.unfinished/journal.jsonl');
    await vi.waitUntil(async () => (await readFile(journal, 'utf8').catch(() => '')).split('\n').length > 4, {
      timeout: LONG,
      interval: 10,
    });
    killed.child.kill('SIGKILL');
    await killed.ended;
    const other = await depthcast(...args, '--out', out, '--preset', 'tcm-3');
    expect(other).toMatchObject({ code: 1, json: { error: { code: 'output-exists' } } });
    const { code, json, stderr } = await start([...args, '--out', out], {}, LONG).ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/going on at frame [1-9]/);
    for (const key of ['frames', 'accuracy', 'consistency', 'scale', 'missing']) {
      expect(json![key]).toEqual(whole.json![key]);
    }
    expect(existsSync(join(out, '.unfinished'))).toBe(false);
  });

  it('tells what was measured until footage broke off, with the error, and exits 1', async () => {
    const dir = await sequence();
    await writeFile(join(dir, 'image_2', '000002.png'), 'no picture');
    const { code, json } = await depthcast('evaluate', dir, '--pred', join(dir, 'gt_depth_cam2'), '--json');
    expect(code).toBe(1);
    expect(json).toMatchObject({ frames: 2, accuracy: { absRel: 0 }, error: { code: 'input-format' } });
  });

  it('goes on behind a missing picture, and names it', async () => {
    const dir = await sequence();
    await rename(join(dir, 'image_2', '000002.png'), join(dir, '000002.png'));
    const { code, json, stderr } = await depthcast('evaluate', dir, '--pred', join(dir, 'gt_depth_cam2'), '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ frames: 3, accuracy: { absRel: 0 }, missing: { pictures: ['000002'] } });
    expect(stderr).toContain('1 frame without a picture: 000002');
  });

  it('measures by poses alone where there is no depth, and exits 1 where there are none either', async () => {
    const dir = await sequence();
    const all = join(dir, 'all');
    await rename(join(dir, 'gt_depth_cam2'), all);
    const posed = await depthcast('evaluate', dir, '--pred', all, '--json');
    expect(posed.code).toBe(0);
    expect(posed.json).toMatchObject({ frames: FRAMES, accuracy: null, answered: null });
    expect((posed.json!['consistency'] as { selfReprojection: number }).selfReprojection).toBeLessThan(0.02);
    await rename(join(dir, 'poses.txt'), join(dir, 'no-poses.txt'));
    const nothing = await depthcast('evaluate', dir, '--pred', all, '--json');
    expect(nothing.code).toBe(1);
    expect(nothing.json).toMatchObject({ frames: FRAMES, error: { code: 'input-empty' } });
  });

  it('keeps what the options changed, and does not write over the reports of another evaluation', async () => {
    const dir = await sequence();
    const out = join(await emptyFolder(), 'out');
    const args = ['evaluate', dir, '--pred', join(dir, 'gt_depth_cam2'), '--out', out];
    const first = await depthcast(...args, '--crop', 'none', '--cap', '50', '--json');
    expect(first.json).toMatchObject({
      preset: 'street',
      protocol: { crop: 'none', maxDepth: 50, minDepth: 1e-3, scaling: 'by-kind', flip: 'none', resize: 'depth' },
      cardHash: null,
      answered: 1,
      versions: { node: process.versions.node },
    });
    expect(await readFile(join(out, 'table.md'), 'utf8')).toContain('preset street, changed: crop none, cap 50,');
    const other = await depthcast(...args, '--json');
    expect(other).toMatchObject({ code: 1, json: { error: { code: 'output-exists' } } });
    expect((await depthcast(...args, '--crop', 'none', '--cap', '50')).code).toBe(0);
  });

  it('warns where a prediction leaves pixels open, or has other proportions than its picture', async () => {
    const dir = await sequence();
    const odd = join(dir, 'odd');
    await mkdir(odd);
    for (const name of await readdir(join(dir, 'gt_depth_cam2'))) {
      const depth = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? 10 : 0));
      await writeFile(join(odd, name), await depthPng(depth, 64, 64));
    }
    const { code, json, stderr } = await depthcast('evaluate', dir, '--pred', odd, '--json');
    expect(code).toBe(0);
    expect(json!['answered']).toBeLessThan(0.7);
    expect(stderr).toMatch(/\d\d\.\d % of the measured pixels have a prediction/);
    expect(stderr).toContain('the prediction has 64x64, the picture 160x64: other proportions');
  });

  it('told to stop before all are measured, prints what there is of the first one', async () => {
    const dir = await sequence();
    const out = join(await emptyFolder(), 'out');
    // Behind the first there is work for seconds, also where this process sees late that the first is done.
    const models = Array.from({ length: 6 }, () => ['tc-depth-lite', 'tc-depth-lite-single']).flat();
    const places = [join(dir, 'gt_depth_cam2'), ...models];
    const running = start(['evaluate', dir, '--compare', ...places, '--out', out, '--json'], {}, LONG);
    await vi.waitUntil(() => existsSync(join(out, 'gt_depth_cam2/report.html')), {
      timeout: LONG,
      interval: 5,
    });
    running.child.kill('SIGINT');
    const { code, json } = await running.ended;
    expect(code).toBe(130);
    expect(json).toMatchObject({ model: 'given', frames: FRAMES, accuracy: { absRel: 0 } });
    expect(json).not.toHaveProperty('comparison');
  });

  it('gives each of a comparison a name of its own, and knows a model before a folder of its name', async () => {
    const dir = await sequence();
    const copies = [];
    for (const name of ['x/p', 'y/p', 'p-2']) {
      await mkdir(join(dir, name), { recursive: true });
      for (const file of await readdir(join(dir, 'gt_depth_cam2'))) {
        await writeFile(join(dir, name, file), await readFile(join(dir, 'gt_depth_cam2', file)));
      }
      copies.push(join(dir, name));
    }
    const { json } = await depthcast('evaluate', dir, '--compare', ...copies, '--json');
    const { models } = json!['comparison'] as { models: { name: string; answered: number }[] };
    expect(models.map(({ name }) => name)).toEqual(['p', 'p-3', 'p-2']);
    expect(models.map(({ answered }) => answered)).toEqual([1, 1, 1]);
    const cwd = await emptyFolder();
    await mkdir(join(cwd, 'tc-depth-lite'));
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(cwd);
    expect(await contestantOf('tc-depth-lite')).toMatchObject({ kind: 'model' });
    expect(await contestantOf('./tc-depth-lite')).toMatchObject({ kind: 'predictions' });
  });

  it.skipIf(!isHere)(
    'gives accuracy and every figure of consistency for KITTI 04 with the built-in network',
    async () => {
      const args = ['--layout', 'kitti-odometry', '--gt', 'gt_depth_cam2', '--json'];
      const { code, json } = await start(['evaluate', SEQUENCE, ...args], {}, LONG).ended;
      expect(code).toBe(0);
      expect(json).toMatchObject({ frames: 51, missing: { truth: [], prediction: [] }, model: 'tc-depth-lite' });
      const { tcm, tcmWithin, ...others } = json!['consistency'] as Record<
        'tcm' | 'tcmWithin',
        Record<string, number>
      > &
        Record<string, number>;
      for (const each of [tcm, tcmWithin, others]) {
        for (const value of Object.values(each)) expect(value).toBeGreaterThan(0);
      }
      expect(json!['notes']).toMatchObject({
        tcmWithin: expect.stringMatching(/^metres, 98 pairs; each snippet of 3 frames .* by one window$/),
      });
      console.info(`KITTI 04: ${JSON.stringify({ accuracy: json!['accuracy'], consistency: json!['consistency'] })}`);
    },
  );
});
