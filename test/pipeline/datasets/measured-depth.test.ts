import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { depthFolder } from '../../../pipeline/datasets/depth-folder.ts';
import { readNpy } from '../../../pipeline/datasets/npy-file.ts';
import { sevenScenes } from '../../../pipeline/datasets/seven-scenes.ts';
import { tumRgbd } from '../../../pipeline/datasets/tum-rgbd.ts';
import { givenPredictions } from '../../../pipeline/evaluation/given-predictions.ts';
import { encodeNpy } from '../../../pipeline/sinks/npy.ts';

async function folder(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'depthcast-truth-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function png16(codes: number[], width = codes.length): Promise<Buffer> {
  const raw = { width, height: codes.length / width, channels: 1 as const };
  return sharp(Uint16Array.from(codes), { raw }).toColourspace('grey16').png().toBuffer();
}

const frame = (name: string, index = 0, timestamp = 0) => ({ name, index, timestamp });

describe('a folder of depth pictures', () => {
  it('is joined by the number of a frame, however many digits it has, and by nothing else', async () => {
    const dir = await folder();
    await writeFile(path.join(dir, '0000000007.png'), await png16([0, 256, 512]));
    const truth = await depthFolder(dir);
    expect([...(await truth.depthOf(frame('000007')))!.data]).toEqual([0, 1, 2]);
    expect(await truth.depthOf(frame('000000', 7))).toBeUndefined();
    expect(await truth.depthOf(frame('7x'))).toBeUndefined();
  });

  it('has the pose of the number of a frame, or of its index, and says where there is none', async () => {
    const dir = await folder();
    await writeFile(path.join(dir, '000005.png'), await png16([256]));
    const poses = path.join(dir, 'poses.txt');
    await writeFile(poses, Array.from({ length: 7 }, (_, i) => `1 0 0 ${i} 0 1 0 0 0 0 1 0\n`).join(''));
    const truth = await depthFolder(dir, undefined, poses);
    expect((await truth.poseOf(frame('000005', 0)))!.worldFromCamera[3]).toBe(5);
    expect((await truth.poseOf(frame('left', 2)))!.worldFromCamera[3]).toBe(2);
    await expect(truth.poseOf(frame('000007', 1))).rejects.toMatchObject({ code: 'calibration-invalid' });
  });

  it('refuses an 8-bit picture, whose depths would all be below a metre', async () => {
    const dir = await folder();
    const grey = sharp(new Uint8Array(4), { raw: { width: 4, height: 1, channels: 1 } });
    await writeFile(path.join(dir, '000000.png'), await grey.png().toBuffer());
    await writeFile(path.join(dir, '000001.png'), 'no picture');
    const truth = await depthFolder(dir);
    for (const name of ['000000', '000001']) {
      await expect(truth.depthOf(frame(name))).rejects.toMatchObject({ code: 'input-format' });
    }
  });

  it('refuses a link that leads out of the folder, and follows one inside it', async () => {
    const [dir, other] = [await folder(), await folder()];
    await writeFile(path.join(other, 'a.png'), await png16([256]));
    await symlink(path.join(other, 'a.png'), path.join(dir, '000000.png'));
    await expect(depthFolder(dir)).rejects.toMatchObject({ code: 'input-refused' });
    await rm(path.join(dir, '000000.png'));
    await expect(depthFolder(dir)).rejects.toMatchObject({ code: 'input-empty' });
    await writeFile(path.join(dir, 'a.png'), await png16([256]));
    await symlink(path.join(dir, 'a.png'), path.join(dir, '000000.png'));
    expect((await (await depthFolder(dir)).depthOf(frame('000000')))!.data).toEqual(Float32Array.of(1));
    await expect(depthFolder(path.join(dir, 'none'))).rejects.toMatchObject({ code: 'input-not-found' });
  });
});

describe('7-Scenes', () => {
  it('has millimetres, two codes for unknown, and a pose a frame', async () => {
    const dir = await folder();
    await writeFile(path.join(dir, 'frame-000003.depth.png'), await png16([0, 65535, 1500]));
    const rows = '1 0 0 0.5\n0 1 0 0\n0 0 1 -2\n0 0 0 1\n';
    await writeFile(path.join(dir, 'frame-000003.pose.txt'), rows);
    await writeFile(path.join(dir, 'frame-000004.pose.txt'), rows.replace('1 0', '9 0'));
    const truth = await sevenScenes(dir);
    expect([...(await truth.depthOf(frame('frame-000003.color')))!.data]).toEqual([0, 0, 1.5]);
    expect((await truth.poseOf(frame('frame-000003.color')))!.worldFromCamera[11]).toBe(-2);
    expect(await truth.poseOf(frame('frame-000009.color'))).toBeUndefined();
    await expect(truth.poseOf(frame('frame-000004.color'))).rejects.toMatchObject({ code: 'calibration-invalid' });
    expect(truth.intrinsics({ width: 320, height: 240 })!.fx).toBe(292.5);
  });
});

describe('TUM RGB-D', () => {
  async function sequence(depth: string, poses: string): Promise<string> {
    const dir = await folder();
    await mkdir(path.join(dir, 'depth'));
    await writeFile(path.join(dir, 'depth', 'a.png'), await png16([5000, 0]));
    await writeFile(path.join(dir, 'depth.txt'), depth);
    await writeFile(path.join(dir, 'groundtruth.txt'), poses);
    return dir;
  }

  it('is joined by time, up to 0.02 s', async () => {
    // A quarter turn about y.
    const turned = `1.01 1 2 3 0 ${Math.SQRT1_2} 0 ${Math.SQRT1_2}`;
    const truth = await tumRgbd(await sequence('# time file\n1.000 depth/a.png\n1.500 depth/b.png\n', `${turned}\n`));
    expect([...(await truth.depthOf(frame('1.019')))!.data]).toEqual([1, 0]);
    expect(await truth.depthOf(frame('1.030'))).toBeUndefined();
    const { worldFromCamera } = (await truth.poseOf(frame('1.000')))!;
    [0, 0, 1, 1, 0, 1, 0, 2, -1, 0, 0, 3].forEach((value, i) => {
      expect(worldFromCamera[i]).toBeCloseTo(value, 12);
    });
  });

  it('refuses unsorted times, times that are none, and follows no path out of the sequence', async () => {
    for (const depth of ['2 depth/a.png\n1 depth/a.png\n', 'nan depth/a.png\n', '1 depth/a.png extra\n', '']) {
      await expect(tumRgbd(await sequence(depth, '1 0 0 0 0 0 0 1\n'))).rejects.toMatchObject({
        code: 'timestamps-invalid',
      });
    }
    for (const out of ['../../etc/passwd', '/etc/passwd']) {
      await expect(tumRgbd(await sequence(`1 ${out}\n`, '1 0 0 0 0 0 0 1\n'))).rejects.toMatchObject({
        code: 'input-refused',
      });
    }
  });

  it('refuses a link out of the sequence, and has no depth where a listed file is not there', async () => {
    const dir = await sequence('1.0 depth/link.png\n2.0 depth/none.png\n', '1 0 0 0 0 0 0 1\n');
    const other = await folder();
    await writeFile(path.join(other, 'a.png'), await png16([5000]));
    await symlink(path.join(other, 'a.png'), path.join(dir, 'depth', 'link.png'));
    const truth = await tumRgbd(dir);
    await expect(truth.depthOf(frame('1.0'))).rejects.toMatchObject({ code: 'input-refused' });
    expect(await truth.depthOf(frame('2.0'))).toBeUndefined();
  });

  it('refuses poses that are no rotation when it is opened', async () => {
    for (const pose of ['0 0 0 0 0 0 0', '0 0 0 0 0 0 2', '0 0 0 0 0 0 nan', '0 0 0 0 0 1 1']) {
      await expect(tumRgbd(await sequence('1.0 depth/a.png\n', `1 ${pose}\n`))).rejects.toMatchObject({
        code: 'calibration-invalid',
      });
    }
  });
});

describe('given predictions', () => {
  it('are read from npy and from 16-bit png, and from the folder of a run', async () => {
    const dir = await folder();
    await mkdir(path.join(dir, 'depth'));
    await writeFile(path.join(dir, 'depth', '000001.png'), await png16([0, 512]));
    const pictures = await givenPredictions(dir, 'metric');
    expect([...(await pictures.depthOf(frame('000001')))!.data]).toEqual([Number.NaN, 2]);
    await mkdir(path.join(dir, 'npy'));
    const map = { kind: 'metric', width: 2, height: 1, data: Float32Array.of(1.5, 2.5) } as const;
    await writeFile(path.join(dir, 'npy', '000001.npy'), encodeNpy(map));
    const numbers = await givenPredictions(dir, 'relative');
    expect(numbers.size).toEqual({ width: 2, height: 1 });
    expect(await numbers.depthOf(frame('000001'))).toMatchObject({ kind: 'relative', data: map.data });
    expect(await numbers.depthOf(frame('000002', 2))).toBeUndefined();
  });

  it('mean what the run says that wrote them, in its own steps, and are refused for something else', async () => {
    const dir = await folder();
    const meta = { kind: 'inverse', outputs: { png16: { stepsPerUnit: 1024 } } };
    await writeFile(path.join(dir, 'meta.json'), JSON.stringify(meta));
    await mkdir(path.join(dir, 'depth'));
    await writeFile(path.join(dir, 'depth', '000001.png'), await png16([512]));
    for (const place of [dir, path.join(dir, 'depth')]) {
      const given = await givenPredictions(place, undefined);
      expect(given.kind).toBe('inverse');
      expect(await given.depthOf(frame('000001'))).toMatchObject({ kind: 'inverse', data: Float32Array.of(0.5) });
      await expect(givenPredictions(place, 'metric')).rejects.toMatchObject({ code: 'option-invalid' });
    }
    await rm(path.join(dir, 'meta.json'));
    expect((await givenPredictions(dir, undefined)).kind).toBe('metric');
  });

  it('of footage with numbers are never joined by position', async () => {
    const dir = await folder();
    await writeFile(path.join(dir, '000001.png'), await png16([256]));
    const given = await givenPredictions(dir, undefined);
    expect(await given.depthOf(frame('000009', 1))).toBeUndefined();
    expect(await given.depthOf(frame('left', 1))).toBeDefined();
  });

  it('end with a typed error where the folder is empty or a file is broken', async () => {
    const dir = await folder();
    await expect(givenPredictions(dir, 'metric')).rejects.toMatchObject({ code: 'input-empty' });
    await expect(givenPredictions(path.join(dir, 'none'), 'metric')).rejects.toMatchObject({ code: 'input-not-found' });
    const good = Buffer.from(encodeNpy({ kind: 'metric', width: 2, height: 2, data: new Float32Array(4) }));
    const broken = [
      Buffer.from('no numpy file at all'),
      good.subarray(0, good.length - 1),
      Buffer.from(good.toString('latin1').replace('<f4', '<c8'), 'latin1'),
      Buffer.from(good.toString('latin1').replace('False', 'True '), 'latin1'),
      Buffer.from(good.toString('latin1').replace('(2, 2)', '(4,)  '), 'latin1'),
    ];
    for (const [i, bytes] of broken.entries()) {
      const file = path.join(dir, `${i}.npy`);
      await writeFile(file, bytes);
      await expect(readNpy(file)).rejects.toMatchObject({ code: 'input-format' });
    }
  });
});
