import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Ended, emptyFolder, SAMPLE, start } from './depthcast.ts';

const training = fileURLToPath(new URL('../../models/training/', import.meta.url));
const python = process.env['DEPTHCAST_PYTHON'] || 'python3';
const canPython = spawnSync(python, ['--version']).status === 0;
const canTorch = spawnSync(python, ['-c', 'import torch, onnx, onnxscript, onnxruntime']).status === 0;
if (!canTorch) console.warn('skipped: importing checkpoints, as there is no Python with torch, onnx and onnxruntime');

/** Runs `depthcast` with hub folders inside `dir`, away from this machine's own. */
function ended(dir: string, interpreter: string, ...args: readonly string[]): Promise<Ended> {
  const env = {
    DEPTHCAST_CACHE: join(dir, 'cache'),
    DEPTHCAST_MODELS: join(dir, 'own'),
    DEPTHCAST_PYTHON: interpreter,
  };
  return start(args, env).ended;
}

describe('depthcast models import MODEL CHECKPOINT', { timeout: 240_000 }, () => {
  it('says what is wrong with a call', async () => {
    const dir = await emptyFolder();
    const unknown = await ended(dir, python, 'models', 'import', 'no-such-model', dir, '--json');
    expect(unknown).toMatchObject({ code: 1, json: { error: { code: 'model-not-found' } } });
    const noRule = await ended(dir, python, 'models', 'import', 'tc-depth-lite', dir, '--json');
    expect(noRule).toMatchObject({ code: 2, json: { error: { code: 'option-invalid' } } });
    const nowhere = await ended(dir, python, 'models', 'import', 'tc-depth', join(dir, 'nowhere'), '--json');
    expect(nowhere).toMatchObject({ code: 1, json: { error: { code: 'input-not-found' } } });
    expect(nowhere.stderr).toContain('encoder.pth');
    const alone = await ended(dir, python, 'models', 'import', 'tc-depth', '--json');
    expect(alone).toMatchObject({ code: 2, json: { error: { code: 'option-invalid' } } });
    expect(alone.stderr).toContain('encoder.pth');
  });

  it('says how to get Python where there is none', async () => {
    const dir = await emptyFolder();
    const { code, json, stderr } = await ended(
      dir,
      join(dir, 'no-python'),
      'models',
      'import',
      'tc-depth',
      dir,
      '--json',
    );
    expect({ code, json }).toMatchObject({ code: 1, json: { error: { code: 'python-missing' } } });
    expect(stderr).toContain('DEPTHCAST_PYTHON');
    expect(await readdir(join(dir, 'own'))).toEqual([]);
  });

  it.skipIf(!canPython || process.platform === 'win32')(
    'says which packages are missing and how to get them',
    async () => {
      const dir = await emptyFolder();
      // Python without its site-packages has none of them, whatever this machine has.
      const bare = join(dir, 'bare-python');
      await writeFile(bare, `#!/bin/sh\nexec "${python}" -S "$@"\n`);
      await chmod(bare, 0o755);
      const { code, json, stderr } = await ended(dir, bare, 'models', 'import', 'tc-depth', dir, '--json');
      expect({ code, json }).toMatchObject({ code: 1, json: { error: { code: 'python-missing' } } });
      expect(stderr).toMatch(/pip install torch/);
      expect(stderr).not.toContain('Traceback');
      expect(await readdir(join(dir, 'own'))).toEqual([]);
    },
  );

  it.skipIf(!canTorch)('makes TC-Depth of its official files, and runs it', async () => {
    const dir = await emptyFolder();
    const checkpoint = join(dir, 'checkpoint');
    const empty = join(dir, 'empty');
    await mkdir(checkpoint);
    await mkdir(empty);
    const wrong = await ended(dir, python, 'models', 'import', 'tc-depth', empty, '--json');
    expect(wrong).toMatchObject({ code: 1, json: { error: { code: 'model-invalid' } } });
    expect(wrong.stderr).not.toContain('Traceback');

    const make =
      'from pathlib import Path; from tc_depth.checkpoint import save_checkpoint; ' +
      'from tc_depth.random_weights import random_network; import sys; ' +
      'save_checkpoint(random_network(1 / 16, 11), Path(sys.argv[1]), (64, 160))';
    const made = spawnSync(python, ['-B', '-c', make, checkpoint], { cwd: training, encoding: 'utf8' });
    expect(made.stderr).toBe('');
    const { code, json } = await ended(dir, python, 'models', 'import', 'tc-depth', checkpoint, '--json');
    expect({ code, json }).toMatchObject({ code: 0, json: { model: 'tc-depth', missing: [] } });
    const verified = await ended(dir, python, 'models', 'verify', 'tc-depth', '--json');
    expect(verified.code).toBe(0);
    const twice = await ended(dir, python, 'models', 'import', 'tc-depth', checkpoint, '--json');
    expect(twice).toMatchObject({ code: 1, json: { error: { code: 'output-exists' } } });

    const out = join(dir, 'out');
    const run = [
      'run',
      SAMPLE,
      '--model',
      'tc-depth',
      '--causal',
      '--size',
      '160x64',
      '--max-frames',
      '5',
      '--out',
      out,
    ];
    const ran = await ended(dir, python, ...run, '--json');
    expect(ran).toMatchObject({ code: 0, json: { model: 'tc-depth', depthFrames: 5 } });
    // The first two of five frames look back on fewer than two.
    expect(ran.json).toMatchObject({ fallbacks: { 'window-not-full': 2 } });
  });
});
