import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../frames/index.ts';
import { openSource } from '../../../pipeline/sources/registry.ts';
import { makeFootage, scratchFolder, testPicture } from '../ffmpeg/footage.ts';

const folder = await scratchFolder();
const data = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const there = existsSync(path.join(data, 'kitti_odometry', 'sequences', '04', 'image_2'));
if (!there) console.warn('skipped: KITTI odometry 04 and the KITTI raw drive are not there');
const READ = { stream: 'test', size: { width: 64, height: 32 } };
const IDENTITY = '1 0 0 0 0 1 0 0 0 0 1 0';

async function frames(spec: string, layout?: string): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of (await openSource(spec, { layout })).frames(READ)) all.push(frame);
  return all;
}

/** An odometry folder of five pictures; `files` are written into it. */
async function odometry(name: string, files: Record<string, string>, camera = 'image_2'): Promise<string> {
  const root = path.join(folder, 'sequences', name);
  await mkdir(path.join(root, camera), { recursive: true });
  await makeFootage(...testPicture('s=128x64:r=10:d=0.5'), '-start_number', '0', path.join(root, camera, '%06d.png'));
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(root, file), text);
  return root;
}

const CALIB = 'P0: 100 0 63.5 0 0 100 31.5 0 0 0 1 0\nP2: 100 0 63.5 6 0 100 31.5 0 0 0 1 0\n';

describe('a KITTI odometry folder', () => {
  it('has the camera, the times and the poses of the camera that is read', async () => {
    const times = '0\n0.1041\n0.2082\n0.3\n0.41\n0.52\n';
    const poses = `${Array(4).fill(IDENTITY).join('\n')}\n0 0 1 7 0 1 0 0 -1 0 0 0\n`;
    const all = await frames(await odometry('00', { 'calib.txt': CALIB, 'times.txt': times, 'poses.txt': poses }));
    expect(all.map((frame) => frame.timestamp)).toEqual([0, 0.1041, 0.2082, 0.3, 0.41]);
    expect(all[0]!.intrinsics).toEqual({ width: 64, height: 32, fx: 50, fy: 50, cx: 31.5, cy: 15.5 });
    // P2 says that camera 2 stands 0.06 m left of camera 0; turned by a quarter about y that is 0.06 m along z.
    expect(all[0]!.pose!.worldFromCamera[3]).toBeCloseTo(-0.06, 9);
    expect(all[4]!.pose!.worldFromCamera[3]).toBeCloseTo(7, 9);
    expect(all[4]!.pose!.worldFromCamera[11]).toBeCloseTo(0.06, 9);
  });

  it('may have grey pictures, and neither times nor poses', async () => {
    const root = await odometry('01', { 'calib.txt': CALIB }, 'image_0');
    const all = await frames(root);
    expect(all.map((frame) => frame.timestamp)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect(all[0]!.pose).toBeUndefined();
  });

  it.each([
    ['times.txt', '0\n0.1\n0.2\n', 'timestamps-invalid', /"times.txt" has nothing for the picture "000003.png"/],
    ['times.txt', '0\n0.1\n0.2\n0.1\n0.5\n', 'timestamps-invalid', /Line 4 of "times.txt"/],
    ['poses.txt', `${IDENTITY}\n`, 'calibration-invalid', /"poses.txt" has nothing for the picture "000001.png"/],
    ['poses.txt', `${IDENTITY} 1\n`, 'calibration-invalid', /Line 1 of "poses.txt" has 13 numbers/],
    ['calib.txt', 'P0: 1\n', 'calibration-invalid', /"calib.txt" has no line P2/],
  ])('with a wrong %s (%j) is refused', async (file, text, code, message) => {
    const root = await odometry('02', { 'calib.txt': CALIB, [file]: text });
    await expect(openSource(root)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await rm(root, { recursive: true });
  });

  it('with a hole tells of the hole, not of the lines that are left over', async () => {
    const root = await odometry('03', { 'calib.txt': CALIB, 'times.txt': '0\n0.1\n0.2\n0.3\n0.4\n' });
    await rm(path.join(root, 'image_2', '000002.png'));
    await expect(frames(root)).rejects.toMatchObject({
      code: 'sequence-gap',
      advice: expect.stringContaining('folder of the pictures themselves with --layout pictures-with-gaps'),
      facts: { missing: '000002' },
    });
    // The advice works, and what evaluate asks for begins the same new stretch, with the times of the numbers.
    for (const source of [
      await openSource(path.join(root, 'image_2'), { layout: 'pictures-with-gaps' }),
      await openSource(root, { onGap: 'time-gap' }),
    ]) {
      const starts: (readonly [string, string | undefined])[] = [];
      for await (const frame of source.frames(READ)) starts.push([frame.name, frame.segmentStart]);
      expect(starts.map(([name]) => name)).toEqual(['000000', '000001', '000003', '000004']);
      expect(starts.filter(([, start]) => start)).toEqual([['000003', 'time-gap']]);
    }
  });

  it('that begins further on has the times and poses of its numbers, not of its positions', async () => {
    const times = [0, 0.1, 0.2, 0.35, 0.4].join('\n');
    const poses = [0, 1, 2, 3, 4].map((z) => `1 0 0 0 0 1 0 0 0 0 1 ${z}`).join('\n');
    const root = await odometry('06', { 'calib.txt': CALIB, 'times.txt': times, 'poses.txt': poses });
    for (const number of [0, 1]) await rm(path.join(root, 'image_2', `00000${number}.png`));
    const all = await frames(root);
    expect(all.map(({ name, timestamp, pose }) => [name, timestamp, pose!.worldFromCamera[11]])).toEqual([
      ['000002', 0.2, 2],
      ['000003', 0.35, 3],
      ['000004', 0.4, 4],
    ]);
    // Lines for three pictures alone: which three is not guessed.
    await writeFile(path.join(root, 'times.txt'), '0\n0.1\n0.2\n');
    await expect(openSource(root)).rejects.toMatchObject({ code: 'timestamps-invalid', facts: { number: 3 } });
  });

  it('is read as plain pictures where that is asked for', async () => {
    const root = await odometry('05', { 'calib.txt': CALIB });
    expect((await frames(path.join(root, 'image_2'), 'pictures'))[0]!.intrinsics).toBeUndefined();
    await expect(openSource(root, { layout: 'kitti-raw' })).rejects.toMatchObject({ code: 'input-no-pictures' });
  });

  it.skipIf(!there)('of the real data set gives its 51 frames with what is known of them', async () => {
    const source = await openSource(path.join(data, 'kitti_odometry', 'sequences', '04'));
    expect(source.info).toMatchObject({ size: { width: 1226, height: 370 }, frameCount: 51, hasPoses: true });
    expect(source.info.intrinsics).toMatchObject({ fx: 707.0912, cx: 601.8873 });
    const all: Frame[] = [];
    for await (const frame of source.frames({ stream: 'test', size: { width: 640, height: 192 } })) all.push(frame);
    expect(all).toHaveLength(51);
    expect(all[1]!.timestamp).toBe(0.1041284);
    const step = all[1]!.pose!.worldFromCamera[11]! - all[0]!.pose!.worldFromCamera[11]!;
    expect(step).toBeGreaterThan(1.2);
    expect(step).toBeLessThan(1.4);
  });
});

/** A raw drive of five pictures with its day's calibrations. */
async function drive(name: string, files: Record<string, string>): Promise<string> {
  const root = path.join(folder, name, 'drive');
  await mkdir(path.join(root, 'image_02', 'data'), { recursive: true });
  await mkdir(path.join(root, 'oxts', 'data'), { recursive: true });
  const pattern = path.join(root, 'image_02', 'data', '%010d.png');
  await makeFootage(...testPicture('s=128x64:r=10:d=0.5'), '-start_number', '0', pattern);
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(root, file), text);
  return root;
}

const RECTIFIED = 'R_rect_00: 1 0 0 0 1 0 0 0 1\nS_rect_02: 256 128\nP_rect_02: 200 0 127.5 0 0 200 63.5 0 0 0 1 0\n';
// A camera that looks along the x axis of scanner and IMU: z = x, x = -y, y = -z.
const SCANNER = 'R: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n';
const STILL = 'R: 1 0 0 0 1 0 0 0 1\nT: 0 0 0\n';
const packet = (longitude: number): string => [0, longitude, 100, ...Array(27).fill(0)].join(' ');

describe('a KITTI raw drive', () => {
  it('has the camera at the size of the pictures, its times, and poses by way of the IMU', async () => {
    const stamps = [0, 1, 2, 3, 4].map((n) => `2011-09-26 13:08:45.${n}00000001`).join('\n');
    const packets = Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`oxts/data/000000000${n}.txt`, packet(n * 1e-5)]));
    const root = await drive('whole', {
      '../calib_cam_to_cam.txt': RECTIFIED,
      '../calib_velo_to_cam.txt': SCANNER,
      '../calib_imu_to_velo.txt': STILL,
      'image_02/timestamps.txt': stamps,
      ...packets,
    });
    const all = await frames(root);
    expect(all.map((frame) => frame.timestamp)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect(all[0]!.intrinsics).toEqual({ width: 64, height: 32, fx: 50, fy: 50, cx: 31.5, cy: 15.5 });
    // Yaw 0 looks east, and so does the camera: its z axis is the world's x.
    const pose = all[4]!.pose!.worldFromCamera;
    expect([pose[2], pose[6], pose[10]]).toEqual([1, 0, 0]);
    expect(pose[3]).toBeCloseTo((4e-5 * Math.PI * 6_378_137) / 180, 6);
  });

  it('needs neither calibration nor times nor oxts', async () => {
    const all = await frames(await drive('bare', {}));
    expect(all.map((frame) => frame.timestamp)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect(all[0]!.intrinsics).toBeUndefined();
    expect(all[0]!.pose).toBeUndefined();
  });

  it('that begins further on has the times and the poses of its numbers; a missing packet is told', async () => {
    const stamps = [0, 1, 2, 3, 4].map((n) => `2011-09-26 13:08:45.${n}00000001`).join('\n');
    const files = {
      '../calib_cam_to_cam.txt': RECTIFIED,
      '../calib_velo_to_cam.txt': SCANNER,
      '../calib_imu_to_velo.txt': STILL,
      'image_02/timestamps.txt': stamps,
      ...Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`oxts/data/000000000${n}.txt`, packet(n * 1e-5)])),
    };
    const root = await drive('later', files);
    for (const number of [0, 1]) await rm(path.join(root, 'image_02', 'data', `000000000${number}.png`));
    const all = await frames(root);
    expect(all.map(({ timestamp }) => timestamp)).toEqual([0.2, 0.3, 0.4]);
    const metres = (1e-5 * Math.PI * 6_378_137) / 180;
    for (const [i, { pose }] of all.entries()) expect(pose!.worldFromCamera[3]).toBeCloseTo((i + 2) * metres, 6);
    await rm(path.join(root, 'oxts', 'data', '0000000003.txt'));
    await expect(openSource(root)).rejects.toMatchObject({
      code: 'calibration-invalid',
      message: '"oxts/data" has nothing for the picture "0000000003.png".',
    });
  });

  it('is refused with too few times or the calibration of other pictures', async () => {
    const few = await drive('few', { 'image_02/timestamps.txt': '2011-09-26 13:08:45.1\n' });
    await expect(openSource(few)).rejects.toMatchObject({ code: 'timestamps-invalid' });
    const other = await drive('other', { '../calib_cam_to_cam.txt': RECTIFIED.replace('256 128', '256 200') });
    await expect(openSource(other)).rejects.toMatchObject({ code: 'calibration-invalid' });
  });

  it.skipIf(!there)('of the real data set gives its 78 frames', async () => {
    const root = path.join(data, 'kitti_raw', '2011_09_26', '2011_09_26_drive_9001_sync');
    const all = await frames(root);
    expect(all).toHaveLength(78);
    expect(all[77]!.name).toBe('0000000077');
    expect(all[0]!.intrinsics!.fx).toBeCloseTo((721.5377 * 64) / 1242, 9);
  });
});
