import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import { depthPng } from '../../../samples/street-renderer/truth-files.ts';

export const DAY = '2011_09_26';
export const DRIVE = '2011_09_26_drive_0002_sync';

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'depthcast-dataset-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and the folders above it. */
export async function put(root: string, name: string, content: string | Uint8Array): Promise<void> {
  const file = path.join(root, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

export const digits = (number: number): string => String(number).padStart(10, '0');
export const pictureFile = (number: number): string => `${DAY}/${DRIVE}/image_02/data/${digits(number)}.png`;
export const annotatedFile = (number: number): string =>
  `${DRIVE}/proj_depth/groundtruth/image_02/${digits(number)}.png`;

/** A grey picture of so many pixels. */
export async function picture(width = 64, height = 32): Promise<Uint8Array> {
  return sharp({ create: { width, height, channels: 3, background: '#777' } })
    .png()
    .toBuffer();
}

/** Depth of one value, as KITTI saves it. */
export async function flatDepth(metres: number, width = 64, height = 32): Promise<Uint8Array> {
  return depthPng(new Float32Array(width * height).fill(metres), width, height);
}

/**
 * A drive of KITTI raw: pictures of the given numbers, the day's calibration, and a scan each whose only point lies 10 m
 * + the frame's number ahead.
 */
export async function rawDrive(
  root: string,
  numbers: readonly number[],
  scans: readonly number[] = numbers,
): Promise<void> {
  const identity = '1 0 0 0 1 0 0 0 1';
  const p = '50 0 32 0 0 50 16 0 0 0 1 0';
  await put(root, `${DAY}/calib_cam_to_cam.txt`, `S_rect_02: 64 32\nR_rect_00: ${identity}\nP_rect_02: ${p}\n`);
  // The scanner's forward is the camera's z, its left the camera's −x, its up the camera's −y.
  await put(root, `${DAY}/calib_velo_to_cam.txt`, 'R: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n');
  const png = await picture();
  for (const number of numbers) await put(root, pictureFile(number), png);
  for (const number of scans) {
    const scan = new Uint8Array(Float32Array.of(10 + number, 0, 0, 0.5).buffer);
    await put(root, `${DAY}/${DRIVE}/velodyne_points/data/${digits(number)}.bin`, scan);
  }
}
