import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { refusePacked } from '../../../pipeline/datasets/packed-data.ts';
import { givenPredictions } from '../../../pipeline/evaluation/given-predictions.ts';
import { openDataset } from '../../../pipeline/evaluation/open-dataset.ts';
import { zipOf } from './zip-writer.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'depthcast-packed-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const place = path.join(await folder(), name);
  await writeFile(place, bytes);
  return place;
}

const bytes = Buffer.from('a');
const DRIVE = '2011_09_26/2011_09_26_drive_0002_sync';

describe('a data set that is still packed', () => {
  it('is refused with the folder that comes out of it, wherever it is named', async () => {
    const names = ['image_02/data/0000000000.png', 'image_02/timestamps.txt', 'velodyne_points/data/0000000000.bin'];
    const entries = names.map((name) => ({ name: `${DRIVE}/${name}`, bytes }));
    const place = await file('2011_09_26_drive_0002_sync.zip', zipOf(entries));
    const error = { code: 'input-format', advice: expect.stringMatching(new RegExp(`comes out: ${DRIVE}\\.$`)) };
    await expect(refusePacked(place)).rejects.toMatchObject(error);
    await expect(openDataset(place, {})).rejects.toMatchObject(error);
    await expect(openDataset(path.dirname(place), { gt: place })).rejects.toMatchObject(error);
    await expect(openDataset(path.dirname(place), { gt: path.basename(place) })).rejects.toMatchObject(error);
    await expect(givenPredictions(place, undefined)).rejects.toMatchObject(error);
  });

  it('is refused without a folder where there is none, or the archive is no zip', async () => {
    const flat = await file(
      'data_depth_annotated.zip',
      zipOf(['train/a.png', 'val/a.png'].map((name) => ({ name, bytes }))),
    );
    for (const place of [flat, await file('rgbd_dataset_freiburg1_desk.tgz', bytes), await file('x.tar.gz', bytes)]) {
      const advice = 'Unpack it, and name the folder that comes out.';
      await expect(refusePacked(place)).rejects.toMatchObject({ code: 'input-format', advice });
    }
  });

  it('is not to be unpacked where it leads out of itself or has links in it', async () => {
    for (const bad of [
      { name: '../../evil.png', bytes },
      { name: 'depth_selection/link', bytes: Buffer.from('/etc/passwd'), mode: 0o120777 },
    ]) {
      const place = await file('data_depth_selection.zip', zipOf([{ name: 'depth_selection/a.png', bytes }, bad]));
      await expect(openDataset(place, {})).rejects.toMatchObject({
        code: 'input-refused',
        advice: expect.stringMatching(/^Do not unpack it/),
      });
    }
    const place = await file('cut.zip', zipOf([{ name: 'a', bytes }]).subarray(0, 20));
    await expect(openDataset(place, {})).rejects.toMatchObject({ code: 'input-format' });
  });

  it('is nothing else: neither folders called so nor places that are not there', async () => {
    const named = path.join(await folder(), 'drive.zip');
    await refusePacked(named);
    await mkdir(named);
    await refusePacked(named);
  });
});
