import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readKittiDay } from '../../../pipeline/datasets/kitti-day.ts';
import { readScan, scanDepth } from '../../../pipeline/datasets/velodyne-scan.ts';

/** Made by `generate_depth_map` of Monodepth2 itself: test/golden/datasets/make-velodyne-golden.py. */
interface Golden {
  readonly cameras: string;
  readonly scanner: string;
  readonly points: readonly number[];
  readonly depth: readonly number[];
}

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'depthcast-velodyne-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function goldenDay(): Promise<{ dir: string; golden: Golden }> {
  const text = await readFile(new URL('../../golden/datasets/velodyne.json', import.meta.url), 'utf8');
  const golden = JSON.parse(text) as Golden;
  const dir = await folder();
  await writeFile(path.join(dir, 'calib_cam_to_cam.txt'), golden.cameras);
  await writeFile(path.join(dir, 'calib_velo_to_cam.txt'), golden.scanner);
  await writeFile(path.join(dir, 'scan.bin'), new Uint8Array(Float32Array.from(golden.points).buffer));
  return { dir, golden };
}

describe('a laser scan of KITTI as a depth picture', () => {
  it('is pixel for pixel that of the published evaluation code', async () => {
    const { dir, golden } = await goldenDay();
    const day = await readKittiDay(dir, '02');
    const { data } = scanDepth(await readScan(path.join(dir, 'scan.bin')), day.pictureFromScanner, day.size);
    expect(data).toEqual(Float32Array.from(golden.depth));
    expect(data.filter((z) => z > 0).length).toBeGreaterThan(100);
  });

  // Identity calibration: pixel = rounded (y/x·f, …) − 1, so a point on the axis lands one left and above of it.
  const axes = [0, -10, 0, 0, 0, 0, -10, 0, 1, 0, 0, 0];
  const at = (...points: number[][]) =>
    scanDepth(Float32Array.from(points.flatMap(([x, y, z]) => [x!, y!, z!, 0.3])), axes, { width: 6, height: 4 });

  it('counts pixels from 1 and rounds halves to even, as the protocol does', () => {
    const { data } = at([10, -3, -2], [10, -4.5, -2], [10, -2.5, -3]);
    // 3 − 1 and 2 − 1; 4.5 → 4, 4 − 1; 2.5 → 2, 2 − 1 and 3 − 1.
    expect([...data.entries()].filter(([, z]) => z > 0)).toEqual([
      [1 * 6 + 2, 10],
      [1 * 6 + 3, 10],
      [2 * 6 + 1, 10],
    ]);
  });

  it('keeps the nearest of several points, drops what is behind or outside, and gives the way forward, not z', () => {
    const { data } = at([20, -6, -4], [10, -3, -2], [30, -9, -6], [-10, 3, 2], [10, -9, -2], [10, 0, -2]);
    expect([...data].filter((z) => z > 0)).toEqual([10]);
  });

  it('is refused where a file has not whole points, or none', async () => {
    const dir = await folder();
    const file = path.join(dir, 's.bin');
    for (const bytes of [15, 0]) {
      await writeFile(file, new Uint8Array(bytes));
      await expect(readScan(file)).rejects.toMatchObject({ code: 'input-format' });
    }
    await expect(readScan(path.join(dir, 'none.bin'))).rejects.toMatchObject({ code: 'input-not-found' });
  });
});
