import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../frames/index.ts';
import { givenPredictions } from '../../../pipeline/evaluation/given-predictions.ts';
import { type Dataset, type DatasetOptions, openDataset } from '../../../pipeline/evaluation/open-dataset.ts';
import { npyOf, zipOf } from '../datasets/zip-writer.ts';
import {
  annotatedFile,
  DAY,
  DRIVE,
  digits,
  flatDepth,
  picture,
  pictureFile,
  put,
  rawDrive,
  temporaryFolder,
} from './kitti-tree.ts';

const size = { width: 32, height: 16 };

async function framesOf(dataset: Dataset): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of dataset.source.frames({ stream: 'test', size })) frames.push(frame);
  return frames;
}

/** Number, whether it is wanted, whether it begins a stretch, and its deepest measured metre. */
async function told(dataset: Dataset): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const frame of await framesOf(dataset)) {
    const wanted = dataset.isWanted?.(frame.index) ?? true;
    const depth = wanted ? await dataset.truth.depthOf(frame) : undefined;
    rows.push([
      Number(/\d{10}/.exec(frame.name)?.[0]),
      wanted,
      frame.segmentStart ?? '',
      depth && Math.max(...depth.data),
    ]);
  }
  return rows;
}

async function split(lines: readonly string[], options: DatasetOptions & { root: string }): Promise<Dataset> {
  await put(options.root, 'split.txt', `${lines.join('\n')}\n`);
  return openDataset(options.root, { ...options, split: path.join(options.root, 'split.txt') });
}

describe('a split of KITTI raw', () => {
  it('gives its frames with the context that a model looks at, and the depth of the scan of the same number', async () => {
    const root = await temporaryFolder();
    // No scan 7; the frames of the list are out of order, and 20 is the first one of what is there.
    await rawDrive(root, [4, 5, 6, 7, 8, 20, 21], [4, 5, 6, 8, 20]);
    const lines = [`${DAY}/${DRIVE} 20 l`, `${DAY}/${DRIVE} 5 l`, `${DAY}/${DRIVE} 0000000007 l`];
    const dataset = await split(lines, { root, offsets: [-1, 1] });
    expect(await told(dataset)).toEqual([
      [4, false, '', undefined],
      [5, true, '', 15],
      [6, false, '', undefined],
      [7, true, '', undefined],
      [8, false, '', undefined],
      [20, true, 'time-gap', 30],
      [21, false, '', undefined],
    ]);
    expect(dataset).toMatchObject({ wantedCount: 3, planes: 3, missingPictures: [], layout: 'kitti-split' });
  });

  it('names frames whose picture is missing, and takes nothing in their place', async () => {
    const root = await temporaryFolder();
    await rawDrive(root, [5]);
    const other = '2011_09_26_drive_0009_sync';
    const dataset = await split([`${DAY}/${DRIVE} 5 l`, `${DAY}/${DRIVE} 6 l`, `${DAY}/${other} 5 l`], { root });
    expect(dataset.missingPictures).toEqual([
      `${DRIVE}_image_${digits(6)}_image_02`,
      `${other}_image_${digits(5)}_image_02`,
    ]);
    expect(await told(dataset)).toEqual([[5, true, '', 15]]);
    await expect(split([`${DAY}/${other} 5 l`], { root })).rejects.toMatchObject({ code: 'input-not-found' });
  });

  it('takes annotated depth where the list names it, in either form, and none where it says so', async () => {
    const root = await temporaryFolder();
    await rawDrive(path.join(root, 'raw_data'), [5, 6, 7, 8]);
    for (const number of [5, 6, 8])
      await put(root, `data_depth_annotated/val/${annotatedFile(number)}`, await flatDepth(number));
    const dataset = await split(
      [
        `/raw_data/${pictureFile(5)} /data_depth_annotated/val/${annotatedFile(5)}`,
        `${pictureFile(6)} ${annotatedFile(6)} 721.5377`,
        `${pictureFile(7)} ${annotatedFile(7)} 721.5377`,
        `${pictureFile(8)} None 721.5377`,
      ],
      { root },
    );
    expect((await told(dataset)).map((row) => (row as unknown[])[3])).toEqual([5, 6, undefined, undefined]);
    // Monodepth2's benchmark list has no paths: --gt says that annotated depth is meant.
    const benchmark = await split([`${DAY}/${DRIVE} 5 l`], { root, gt: 'data_depth_annotated' });
    expect(await told(benchmark)).toEqual([[5, true, '', 5]]);
  });

  it('gives each frame the camera of its day, at the size of the network', async () => {
    const root = await temporaryFolder();
    await rawDrive(root, [5]);
    const [frame] = await framesOf(await split([`${DAY}/${DRIVE} 5 l`], { root }));
    expect(frame).toMatchObject({ sourceSize: { width: 64, height: 32 }, intrinsics: { fx: 25, fy: 25, cx: 15.75 } });
  });

  it('reads arrays of predictions in the order of its lines', async () => {
    const root = await temporaryFolder();
    await rawDrive(root, [5, 7]);
    await put(root, 'disps.npz', zipOf([{ name: 'data.npy', bytes: npyOf([2, 1, 1], [7, 5]), deflate: true }]));
    const dataset = await split([`${DAY}/${DRIVE} 7 l`, `${DAY}/${DRIVE} 5 l`], { root });
    const given = await givenPredictions(path.join(root, 'disps.npz'), 'metric', { planes: dataset.planes });
    const found = [];
    for (const frame of await framesOf(dataset)) {
      found.push((await given.depthOf(frame, dataset.planeOf!(frame)))!.data[0]);
    }
    expect(found).toEqual([5, 7]);
    await expect(givenPredictions(path.join(root, 'disps.npz'), 'metric', { planes: 3 })).rejects.toMatchObject({
      code: 'input-dimensions',
    });
  });

  describe('with a folder of predictions', () => {
    const lines = [`${DAY}/${DRIVE} 7 l`, `${DAY}/${DRIVE} 5 l`, `${DAY}/${DRIVE} 6 l`];

    /** What each frame gets of files that hold their own number, in the order of the frames: 5, 6, 7. */
    async function got(files: Readonly<Record<string, number>>): Promise<(number | undefined)[]> {
      const root = await temporaryFolder();
      await rawDrive(root, [5, 6, 7]);
      for (const [name, value] of Object.entries(files)) await put(root, `pred/${name}`, npyOf([1, 1], [value]));
      const dataset = await split(lines, { root });
      const given = await givenPredictions(path.join(root, 'pred'), 'metric', { planes: dataset.planes, isList: true });
      const found = [];
      for (const frame of await framesOf(dataset)) {
        found.push((await given.depthOf(frame, dataset.planeOf!(frame)))?.data[0]);
      }
      return found;
    }

    it('takes full names, those of BTS, and numbers below the folder of the drive', async () => {
      expect(
        await got({
          [`${DRIVE}_image_${digits(5)}_image_02.npy`]: 5,
          [`${DRIVE}_${digits(6)}.npy`]: 6,
          [`${DAY}/${DRIVE}/image_02/data/7.npy`]: 7,
        }),
      ).toEqual([5, 6, 7]);
    });

    it('takes numbers alone for places in the list where there is one for each, and for nothing else', async () => {
      expect(await got({ '00000.npy': 7, '00001.npy': 5, '00002.npy': 6 })).toEqual([5, 6, 7]);
      const others: readonly Readonly<Record<string, number>>[] = [
        { '0.npy': 1, '1.npy': 2 },
        { '1.npy': 1, '2.npy': 2, '3.npy': 3 },
        { '5.npy': 5, '6.npy': 6, '7.npy': 7 },
        { '0.npy': 1, '1.npy': 2, '2.npy': 3, '3.npy': 4 },
      ];
      for (const files of others) {
        expect(await got(files)).toEqual([undefined, undefined, undefined]);
      }
    });

    it('takes nothing of another drive or camera, and refuses two files of one frame', async () => {
      const other = '2011_09_26_drive_0009_sync';
      expect(await got({ [`${other}_${digits(5)}.npy`]: 1, [`${DRIVE}/image_03/data/6.npy`]: 2 })).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      await expect(got({ [`${DRIVE}/5.npy`]: 1, [`${DRIVE}_${digits(5)}.npy`]: 2 })).rejects.toMatchObject({
        code: 'input-format',
      });
    });
  });

  it('stops after so many of its lines', async () => {
    const root = await temporaryFolder();
    await rawDrive(root, [5, 6, 7]);
    const lines = [5, 6, 7].map((number) => `${DAY}/${DRIVE} ${number} l`);
    expect(await told(await split(lines, { root, maxFrames: 2 }))).toHaveLength(2);
  });
});

describe('a drive of KITTI raw', () => {
  it('has the depth of its own scans, by number, or the annotated depth', async () => {
    const root = await temporaryFolder();
    await rawDrive(root, [0, 1, 2], [0, 2]);
    await put(root, `annotated/train/${annotatedFile(1)}`, await flatDepth(33));
    const place = path.join(root, DAY, DRIVE);
    expect((await told(await openDataset(place, {}))).map((row) => (row as unknown[])[3])).toEqual([10, undefined, 12]);
    const annotated = await openDataset(place, { gt: path.join(root, 'annotated') });
    expect((await told(annotated)).map((row) => (row as unknown[])[3])).toEqual([undefined, 33, undefined]);
    await expect(openDataset(place, { gt: 'nowhere' })).rejects.toMatchObject({ code: 'input-not-found' });
  });
});

describe('a KITTI sequence', () => {
  async function sequence(numbers: readonly number[], lines: number, depth = true): Promise<string> {
    const root = await temporaryFolder();
    const png = await picture();
    const name = (number: number): string => String(number).padStart(6, '0');
    for (const number of numbers) await put(root, `image_2/${name(number)}.png`, png);
    for (const number of depth ? numbers : [])
      await put(root, `gt_depth_cam2/${name(number)}.png`, await flatDepth(number + 1));
    await put(root, 'calib.txt', 'P0: 50 0 32 0 0 50 16 0 0 0 1 0\nP2: 50 0 32 0 0 50 16 0 0 0 1 0\n');
    const each = Array.from({ length: lines }, (_, i) => i);
    await put(root, 'times.txt', each.map((i) => `${i / 10}\n`).join(''));
    await put(root, 'poses.txt', each.map((i) => `1 0 0 ${i} 0 1 0 0 0 0 1 0\n`).join(''));
    return root;
  }

  it('goes on in a new stretch behind a hole, with time, pose and depth of the number, and names what is missing', async () => {
    const dataset = await openDataset(await sequence([1, 2, 5, 6], 8), {});
    expect(dataset.missingPictures).toEqual(['000003', '000004']);
    const rows = [];
    for (const frame of await framesOf(dataset)) {
      const depth = await dataset.truth.depthOf(frame);
      rows.push([frame.name, frame.segmentStart, frame.timestamp, frame.pose!.worldFromCamera[3], depth!.data[0]]);
    }
    expect(rows).toEqual([
      ['000001', undefined, 0.1, 1, 2],
      ['000002', undefined, 0.2, 2, 3],
      ['000005', 'time-gap', 0.5, 5, 6],
      ['000006', undefined, 0.6, 6, 7],
    ]);
    await expect(openDataset(await sequence([0, 1, 9], 3), {})).rejects.toMatchObject({ code: 'timestamps-invalid' });
  });

  it('without measured depth has its poses alone', async () => {
    const root = await sequence([0, 1], 2, false);
    const dataset = await openDataset(root, {});
    expect(dataset.truth.summary).toBe('no measured depth');
    expect((await framesOf(dataset))[1]!.pose!.worldFromCamera[3]).toBe(1);
    await expect(openDataset(root, { gt: 'none' })).rejects.toMatchObject({ code: 'input-not-found' });
  });
});

describe("KITTI's depth selection", () => {
  const name = (number: number, what = 'image'): string => `${DRIVE}_${what}_${digits(number)}_image_02`;

  async function selection(): Promise<string> {
    const root = await temporaryFolder();
    const part = 'val_selection_cropped';
    for (const number of [8, 9]) {
      await put(root, `${part}/image/${name(number)}.png`, await picture());
      await put(root, `${part}/intrinsics/${name(number)}.txt`, `${40 + number} 0 32 0 50 16 0 0 1\n`);
    }
    await put(root, `${part}/groundtruth_depth/${name(9, 'groundtruth_depth')}.png`, await flatDepth(9));
    return root;
  }

  it('is single frames, each with its own camera, joined by name', async () => {
    const root = await selection();
    const dataset = await openDataset(root, {});
    expect(dataset.layout).toBe('kitti-depth-selection');
    expect(await told(dataset)).toEqual([
      [8, true, '', undefined],
      [9, true, 'time-gap', 9],
    ]);
    const frames = await framesOf(await openDataset(root, {}));
    expect(frames.map(({ intrinsics }) => intrinsics!.fx)).toEqual([24, 24.5]);
  });

  it('takes no prediction by its place in the sorted folder', async () => {
    const root = await selection();
    await put(root, 'pred/1.npy', npyOf([1, 1], [1]));
    await put(root, `pred/${name(8)}.npy`, npyOf([1, 1], [8]));
    const dataset = await openDataset(root, {});
    const given = await givenPredictions(path.join(root, 'pred'), 'metric', {
      planes: dataset.planes,
      isList: dataset.planeOf !== undefined,
    });
    const found = [];
    for (const frame of await framesOf(dataset)) {
      found.push((await given.depthOf(frame, dataset.planeOf!(frame)))?.data[0]);
    }
    expect(found).toEqual([8, undefined]);
  });

  it('without depth, as in the anonymous test, has none', async () => {
    const root = await temporaryFolder();
    await put(root, 'test_depth_prediction_anonymous/image/0000000000.png', await picture());
    await put(root, 'test_depth_prediction_anonymous/intrinsics/0000000000.txt', '50 0 32 0 50 16 0 0 1\n');
    const dataset = await openDataset(root, { layout: 'kitti-depth-selection' });
    expect(await told(dataset)).toEqual([[0, true, '', undefined]]);
  });

  it('is refused where a camera is none, or there are no pictures', async () => {
    const root = await selection();
    await put(root, `val_selection_cropped/intrinsics/${name(8)}.txt`, '50 0 32 0 50 16 0 0');
    await expect(openDataset(root, {})).rejects.toMatchObject({ code: 'calibration-invalid' });
    await expect(openDataset(await temporaryFolder(), { layout: 'kitti-depth-selection' })).rejects.toMatchObject({
      code: 'input-no-pictures',
    });
  });
});
