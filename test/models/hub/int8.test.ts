import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { cardParts } from '../../../models/card.ts';
import { convertCheckpoint } from '../../../models/hub/index.ts';
import { findModel, openModel } from '../../../models/index.ts';
import { shippedCard } from '../../../models/registry.ts';
import { madeFrame, windowAt } from '../street-frames.ts';
import { hubFolders } from './hub-folders.ts';

const training = fileURLToPath(new URL('../../../models/training/', import.meta.url));
const python = process.env['DEPTHCAST_PYTHON'] || 'python3';
const canTorch = spawnSync(python, ['-c', 'import torch, onnx, onnxscript, onnxruntime, PIL']).status === 0;
if (!canTorch) console.warn('skipped: 8-bit kernels of a checkpoint, as there is no Python with torch and onnxruntime');

const folders = hubFolders();

async function frames(folder: string, count: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index++) {
    const raw = { width: 160, height: 64, channels: 3 } as const;
    await sharp(Buffer.from(madeFrame(index, 160, 64).pixels), { raw }).toFile(join(folder, `00${index}.png`));
  }
  return folder;
}

describe('a checkpoint with 8-bit kernels', () => {
  it('is refused where the model has none, and where the pictures are not a folder', async () => {
    const wrong = [
      ['monodepth2-640x192', folders.root, 'option-invalid'],
      ['tc-depth', join(folders.root, 'nowhere'), 'input-not-found'],
    ] as const;
    await writeFile(join(folders.root, 'picture.png'), '');
    for (const [id, int8, code] of [
      ...wrong,
      ['tc-depth', join(folders.root, 'picture.png'), 'input-not-found'],
    ] as const) {
      const { card } = (await shippedCard(id))!;
      await expect(convertCheckpoint({ card, checkpoint: folders.root, int8, python })).rejects.toMatchObject({ code });
    }
    expect(await readdir(folders.root)).toEqual(['picture.png']);
  });

  it.skipIf(!canTorch)(
    'becomes a model of its own whose card says what they cost, and which answers',
    { timeout: 900_000 },
    async () => {
      const { card: shipped } = (await shippedCard('tc-depth'))!;
      const checkpoint = join(folders.root, 'checkpoint');
      await mkdir(checkpoint);
      const make =
        'from pathlib import Path; from tc_depth.checkpoint import save_checkpoint; ' +
        'from tc_depth.random_weights import random_network; import sys; ' +
        'save_checkpoint(random_network(1 / 16, 11), Path(sys.argv[1]), (64, 160))';
      const made = spawnSync(python, ['-B', '-c', make, checkpoint], { cwd: training, encoding: 'utf8' });
      expect(made.stderr).toBe('');

      const few = { card: shipped, checkpoint, int8: await frames(join(folders.root, 'few'), 3), python };
      await expect(convertCheckpoint(few)).rejects.toMatchObject({
        code: 'model-invalid',
        message: expect.stringContaining('3 pictures are too few'),
      });
      const int8 = await frames(join(folders.root, 'drive'), 10);
      const { card } = await convertCheckpoint({ card: shipped, checkpoint, int8, python });
      expect(await readdir(folders.own)).toEqual(['tc-depth-int8']);
      const { precision } = card;
      expect(precision).toMatchObject({
        kernels: 'int8',
        pictures: { source: 'drive', calibration: 5, compared: 1 },
        speed: { size: '160x64', threads: 1 },
      });
      expect(precision!.depthChange.median).toBeGreaterThan(0);
      expect(precision!.depthChange.p95).toBeGreaterThanOrEqual(precision!.depthChange.median);
      expect(precision!.bytes.kernels).toBe(cardParts(card).reduce((sum, [, part]) => sum + part.bytes!, 0));

      const found = await findModel('tc-depth-int8');
      expect(found.card.precision).toEqual(precision);
      expect(await readFile(found.files['frame']!, 'latin1')).toContain('QuantizeLinear');
      const model = await openModel(found, { threads: 1, deadlineMs: 60_000, source: { width: 160, height: 64 } });
      const street = [0, 1, 2].map((index) => madeFrame(index, 160, 64));
      const { data, kind } = await model.estimate(windowAt(street, 1, model.contextOffsets));
      await model.close();
      expect(kind).toBe('relative');
      expect(data.every((depth) => depth >= 0.1 && depth <= 100)).toBe(true);
    },
  );
});
