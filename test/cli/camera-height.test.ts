import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { depthcast, emptyFolder, SAMPLE } from './depthcast.ts';

const weights = fileURLToPath(new URL('../../../shared/data/models/rtmonodepth_s_ms_640_192.onnx', import.meta.url));
const card = fileURLToPath(new URL('../models/cards/rtmonodepth-s.json', import.meta.url));
const there = existsSync(weights) && existsSync(SAMPLE);
if (!there) console.warn('skipped: no network at ../shared/data/models, so --camera-height is not run');

describe('--camera-height', { timeout: 240_000 }, () => {
  it('refuses what is no height', async () => {
    for (const height of ['0', '-1', 'high', '1e9']) {
      const { code, json } = await depthcast('run', 'any.mp4', '--camera-height', height, '--json');
      expect(code).toBe(2);
      expect(json?.['error']).toMatchObject({
        code: 'option-invalid',
        message: expect.stringContaining('--camera-height'),
      });
    }
  });

  it.skipIf(!there)('brings depth of unknown scale to metres', async () => {
    const dir = await emptyFolder();
    const known = JSON.parse(await readFile(card, 'utf8'));
    known.parts.graph.file = relative(dir, weights);
    // The same network without the scale that makes it metric.
    known.output = { ...known.output, metric: false, scale: 1, min: 0.1, max: 100 };
    known.camera = { rule: 'none' };
    const model = join(dir, 'up-to-scale.json');
    await writeFile(model, JSON.stringify(known));
    const rows = async (...more: string[]): Promise<{ kind: string; median: number }> => {
      const out = await emptyFolder();
      const calib = join(SAMPLE, '../calib.txt');
      const options = ['--model', model, '--intrinsics', calib, '--max-frames', '4', '--write', 'csv', '--out', out];
      const { code, stderr } = await depthcast('run', SAMPLE, ...options, ...more);
      expect(code, stderr).toBe(0);
      const [head, ...lines] = (await readFile(join(out, 'frames.csv'), 'utf8')).trim().split('\n');
      const column = head!.split(',').indexOf('median_depth');
      const meta = JSON.parse(await readFile(join(out, 'meta.json'), 'utf8'));
      return { kind: meta.kind, median: Number(lines[2]!.split(',')[column]) };
    };
    const plain = await rows();
    const scaled = await rows('--camera-height', '1.65');
    const twice = await rows('--camera-height', '3.3');
    expect([plain.kind, scaled.kind]).toEqual(['relative', 'metric']);
    // The network's own factor to metres is 5.4; the street is none it was trained on.
    expect(scaled.median / plain.median).toBeGreaterThan(3.5);
    expect(scaled.median / plain.median).toBeLessThan(8);
    expect(twice.median / scaled.median).toBeCloseTo(2, 2);
  });
});
