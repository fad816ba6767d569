import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { depthcast, emptyFolder } from './depthcast.ts';

const SEQUENCE = fileURLToPath(new URL('../../../shared/data/kitti_odometry/sequences/04', import.meta.url));
const isHere = existsSync(SEQUENCE);
if (!isHere) console.warn('Skipped: KITTI odometry sequence 04 is not beside the checkout (../shared/data).');

/** The accuracy that the built-in network promises on this sequence, in metres, without any scaling. */
const ABS_REL_PROMISED = 0.2;

async function grey16(path: string): Promise<{ width: number; height: number; values: Uint16Array }> {
  const { data, info } = await sharp(path)
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    values: new Uint16Array(data.buffer, data.byteOffset, data.length / 2),
  };
}

describe('KITTI odometry 04', { timeout: 240_000 }, () => {
  it.skipIf(!isHere)('gives 51 depth pictures of the size of the footage, in metres, named by its stems', async () => {
    const out = await emptyFolder();
    const { code, json } = await depthcast('run', SEQUENCE, '--out', out, '--write', 'png16,csv', '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ frames: 51, depthFrames: 51 });
    const stems = (files: string[]): string[] => files.map((file) => file.replace(/\.\w+$/, '')).sort();
    const names = stems(await readdir(join(out, 'depth')));
    expect(names).toEqual(stems(await readdir(join(SEQUENCE, 'image_2'))));
    expect(names).toHaveLength(51);
    expect((await readFile(join(out, 'frames.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(52);

    const truth = join(SEQUENCE, 'gt_depth_cam2');
    const errors: number[] = [];
    for (const file of await readdir(truth)) {
      const measured = await grey16(join(truth, file));
      const made = await grey16(join(out, 'depth', file));
      expect([made.width, made.height]).toEqual([1226, 370]);
      errors.push(absRel(made, measured));
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    console.info(
      `AbsRel on KITTI odometry 04, metres, LiDAR, Garg crop, up to 80 m: ${mean.toFixed(4)} over ${errors.length} frames`,
    );
    expect(mean).toBeLessThanOrEqual(ABS_REL_PROMISED);
  });
});

type Picture = Awaited<ReturnType<typeof grey16>>;

/** Mean of |depth − truth| / truth over the crop of Garg et al. (ECCV 2016), truth from 1 mm to 80 m, as is customary. */
function absRel(made: Picture, { width, height, values }: Picture): number {
  const top = Math.floor(0.40810811 * height);
  const bottom = Math.floor(0.99189189 * height);
  const left = Math.floor(0.03594771 * width);
  const right = Math.floor(0.96405229 * width);
  let sum = 0;
  let count = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const metres = values[y * width + x]! / 256;
      if (metres <= 1e-3 || metres >= 80) continue;
      const guess = Math.min(Math.max(made.values[y * width + x]! / 256, 1e-3), 80);
      sum += Math.abs(guess - metres) / metres;
      count++;
    }
  }
  return sum / count;
}
