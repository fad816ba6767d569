import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, emptyFolder, start } from './depthcast.ts';

/** Runs `depthcast` with hub folders inside `dir`, away from this machine's own. */
function ended(dir: string, ...args: readonly string[]): Promise<Ended> {
  const env = { DEPTHCAST_CACHE: join(dir, 'cache'), DEPTHCAST_MODELS: join(dir, 'own') };
  return start([...args, '--json'], env).ended;
}

describe('depthcast models import MODEL CHECKPOINT --int8 PICTURES', { timeout: 240_000 }, () => {
  it('says what is wrong with a call', async () => {
    const dir = await emptyFolder();
    const noForm = await ended(dir, 'models', 'import', 'monodepth2-640x192', dir, '--int8', dir);
    expect(noForm).toMatchObject({ code: 2, json: { error: { code: 'option-invalid' } } });
    const aFile = await ended(dir, 'models', 'import', 'network.onnx', '--as', 'mine', '--int8', dir);
    expect(aFile).toMatchObject({ code: 2, json: { error: { code: 'option-invalid' } } });
    expect(aFile.stderr).toContain('checkpoint');
    const nowhere = await ended(dir, 'models', 'import', 'tc-depth', dir, '--int8', join(dir, 'nowhere'));
    expect(nowhere).toMatchObject({ code: 1, json: { error: { code: 'input-not-found' } } });
    expect(await readdir(dir)).toEqual([]);
  });

  it('leads to a card whose cost models show prints', async () => {
    const dir = await emptyFolder();
    const narrow = JSON.parse(
      await readFile(new URL('../golden/tc-depth/narrow.json', import.meta.url), 'utf8'),
    ) as Record<string, unknown>;
    const spent = { median: 2, least: 1 };
    const precision = {
      kernels: 'int8',
      comparedWith: 'the float32 graphs of the same weights',
      depthChange: { median: 0.01, p95: 0.05 },
      pictures: { source: 'drive', calibration: 16, compared: 4 },
      speed: { size: '640x192', threads: 1, float32: spent, kernels: spent, ratio: 1 },
      bytes: { float32: 2, kernels: 1 },
    };
    await mkdir(join(dir, 'own', 'tc-depth-int8'), { recursive: true });
    const card = JSON.stringify({ ...narrow, id: 'tc-depth-int8', precision });
    await writeFile(join(dir, 'own', 'tc-depth-int8', 'card.json'), card);
    const shown = await ended(dir, 'models', 'show', 'tc-depth-int8');
    expect(shown).toMatchObject({ code: 0, json: { id: 'tc-depth-int8', precision } });
  });
});
