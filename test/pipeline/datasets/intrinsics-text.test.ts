import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readIntrinsics } from '../../../pipeline/datasets/intrinsics-text.ts';
import { scratchFolder } from '../ffmpeg/footage.ts';

const folder = await scratchFolder();
const size = { width: 1226, height: 370 };

async function file(name: string, text: string): Promise<string> {
  const where = path.join(folder, name);
  await writeFile(where, text);
  return where;
}

describe('the option --intrinsics', () => {
  it('takes numbers at a stated size and carries them to the footage', async () => {
    const camera = await readIntrinsics('353.5,353.5,300.2,91.1@613x185', size);
    expect(camera).toMatchObject({ ...size, fx: 707, fy: 707 });
    expect(camera.cx).toBeCloseTo((300.2 + 0.5) * 2 - 0.5, 9);
  });

  it('takes P2 of a calib.txt at the size of the footage', async () => {
    const calib = await file('calib.txt', 'P0: 1\nP2: 707 0 601.9 46.9 0 707 183.1 0.1 0 0 1 0.006\n');
    expect(await readIntrinsics(calib, size)).toEqual({ ...size, fx: 707, fy: 707, cx: 601.9, cy: 183.1 });
  });

  it('takes P_rect_02 with its own size', async () => {
    const text = 'S_rect_02: 1242 375\nP_rect_02: 721 0 609 44 0 721 172 0.2 0 0 1 0.002\n';
    const camera = await readIntrinsics(await file('calib_cam_to_cam.txt', text), { width: 621, height: 188 });
    expect(camera.fx).toBeCloseTo(360.5, 9);
  });

  it('takes JSON, with a size or without', async () => {
    const half = await file('half.json', '{"fx":350,"fy":350,"cx":300,"cy":90,"width":613,"height":185}');
    expect((await readIntrinsics(half, size)).fx).toBe(700);
    const own = await file('own.json', '{"fx":350,"fy":350,"cx":300,"cy":90}');
    expect((await readIntrinsics(own, size)).fx).toBe(350);
  });

  it.each(['1,2,3@10x10', 'a,b,c,d@10x10', '700,700,600,180', '700,700,9999,180@1226x370', 'no-such-file.txt', ''])(
    'refuses the text %j',
    async (text) => {
      await expect(readIntrinsics(text, size)).rejects.toMatchObject({ code: 'option-invalid' });
    },
  );

  it('refuses a camera of other footage, and a file that holds none', async () => {
    await expect(readIntrinsics('700,700,300,200@640x480', size)).rejects.toMatchObject({
      code: 'calibration-invalid',
    });
    const empty = await file('empty.json', '{"fx":350}');
    await expect(readIntrinsics(empty, size)).rejects.toMatchObject({ code: 'calibration-invalid' });
    const calib = await file('large.txt', 'P2: 707 0 601.9 46.9 0 707 183.1 0.1 0 0 1 0.006\n');
    const small = readIntrinsics(calib, { width: 416, height: 128 });
    await expect(small).rejects.toMatchObject({ code: 'calibration-invalid' });
  });
});
