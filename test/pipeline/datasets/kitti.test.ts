import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { centreOf, intrinsicsOf, parseKittiCalibration } from '../../../pipeline/datasets/kitti-calibration.ts';
import { readKittiPoses } from '../../../pipeline/datasets/kitti-poses.ts';
import { readKittiTimes } from '../../../pipeline/datasets/kitti-times.ts';

const P2 = '700 0 600 70.6 0 710 180 0.1 0 0 1 0.006';

/** A file with a text in it, gone after the test. */
async function file(text: string, name: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'depthcast-kitti-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const place = path.join(folder, name);
  await writeFile(place, text);
  return place;
}

describe('a KITTI calibration', () => {
  it('gives the pinhole camera of a projection at a size', () => {
    const p = parseKittiCalibration(`P2: ${P2}\n`, 'calib.txt').numbers('P2', 12);
    expect(intrinsicsOf(p, { width: 1226, height: 370 })).toEqual({
      width: 1226,
      height: 370,
      fx: 700,
      fy: 710,
      cx: 600,
      cy: 180,
    });
  });

  it('gives the place of a camera in camera 0', () => {
    const p = parseKittiCalibration(`P2: ${P2}`, 'calib.txt').numbers('P2', 12);
    const [x, y, z] = centreOf(p);
    // The projection of the camera's centre is nothing: K·(c + t) = 0.
    expect(700 * x + 600 * z + 70.6).toBeCloseTo(0, 9);
    expect(710 * y + 180 * z + 0.1).toBeCloseTo(0, 9);
    expect(z).toBeCloseTo(-0.006, 9);
  });

  it('accepts other line ends and a mark at the beginning', () => {
    const text = `\uFEFFcalib_time: 09-Jan-2012 13:57:47\r\nP2: ${P2}\r\n\r\n`;
    expect(parseKittiCalibration(text, 'calib.txt').numbers('P2', 12)).toHaveLength(12);
  });

  it.each([
    ['P2: 1 2 3', /Line 1 of "calib.txt" has 3 numbers, not 12/],
    [`P0: 1\nP2: ${P2.replace('70.6', 'NaN')}`, /Line 2 .* has "NaN" where a number belongs/],
    [`P2: ${P2.replace('700', '-700')}`, /Line 1 .* is not a rectified pinhole projection/],
    ['P1: 1', /has no line P2/],
    ['just words', /Line 1 .* is not of the form/],
    [`P2: ${P2}\nP2: ${P2}`, /Line 2 .* a second time/],
    [`P2: ${P2}\nP_left: ${P2}`, /Line 2 .* has the key P_left, which no KITTI calibration has/],
    ['', /has no line P2/],
  ])('refuses %j', (text, message) => {
    const read = (): unknown => parseKittiCalibration(text, 'calib.txt').numbers('P2', 12);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ code: 'calibration-invalid' }));
  });
});

describe('KITTI poses', () => {
  it('are twelve numbers a line, the first not necessarily the identity', async () => {
    const turned = '0 -1 0 5 1 0 0 6 0 0 1 7';
    expect(await readKittiPoses(await file(`${turned}\n1 0 0 0 0 1 0 0 0 0 1 0\n`, 'poses.txt'))).toEqual([
      [0, -1, 0, 5, 1, 0, 0, 6, 0, 0, 1, 7],
      [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    ]);
  });

  it.each([
    ['1 0 0 0 0 1 0 0 0 0 1', /Line 1 .* 11 numbers, not 12/],
    ['1 0 0 0 0 1 0 0 0 0 1 0\n\n1 0 0 0 0 1 0 0 0 0 1 0', /Line 2 .* 0 numbers/],
    ['2 0 0 0 0 1 0 0 0 0 1 0', /Line 1 .* does not hold a rotation/],
    ['', /holds no poses/],
  ])('are refused where %j', async (text, message) => {
    const found = readKittiPoses(await file(text, 'poses.txt'));
    await expect(found).rejects.toMatchObject({
      code: 'calibration-invalid',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('KITTI times', () => {
  it('are seconds, a number a line', async () => {
    expect(await readKittiTimes(await file('0.000000e+00\r\n1.041284e-01\r\n', 'times.txt'))).toEqual([0, 0.1041284]);
  });

  it('are dates with nanoseconds, counted from the first, over midnight', async () => {
    const text = '2011-09-26 23:59:59.999999999\n2011-09-27 00:00:00.100000001\n';
    expect(await readKittiTimes(await file(text, 'timestamps.txt'))).toEqual([0, 0.100000002]);
  });

  it.each([
    ['0\n0.1\n0.1', /Line 3 .* not later/],
    ['0\nx', /Line 2 .* has "x", not a time in seconds/],
    ['0\nNaN', /Line 2/],
    ['2011-09-26 13:08:45.1\n2011-09-26', /Line 2 .* not a date and time/],
    ['2011-02-31 13:08:45', /Line 1 .* no date/],
    ['2011-09-26 25:08:45', /Line 1 .* no date/],
    ['', /holds no times/],
  ])('are refused where %j', async (text, message) => {
    const found = readKittiTimes(await file(text, 'times.txt'));
    await expect(found).rejects.toMatchObject({
      code: 'timestamps-invalid',
      message: expect.stringMatching(message) as string,
    });
  });
});
