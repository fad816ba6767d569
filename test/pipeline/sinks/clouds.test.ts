import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { encodeLas, las } from '../../../pipeline/sinks/las.ts';
import { encodePly, ply } from '../../../pipeline/sinks/ply.ts';
import { CAMERA, SIZE, streetAnswers } from '../foxglove/street-answers.ts';
import { depthFrame } from './depth-frames.ts';
import { emptyFolder, writeAll } from './folder.ts';

const RUN = { identity: { size: SIZE, networkSize: SIZE, intrinsics: CAMERA }, networkSize: SIZE } as const;

let answers: DepthFrame[];
let known: number;
beforeAll(async () => {
  answers = await streetAnswers(2);
  known = answers[1]!.depth.data.reduce((sum, z) => sum + (z > 0 ? 1 : 0), 0);
});

interface Point {
  readonly at: readonly [number, number, number];
  readonly rgb: readonly [number, number, number];
}

/** A reader of PLY that knows only the format: properties by their names, in the order of the head. */
function readPly(bytes: Buffer): { head: string[]; points: Point[] } {
  const end = bytes.indexOf('end_header\n') + 11;
  const head = bytes.subarray(0, end).toString('latin1').split('\n');
  const count = Number(head.find((line) => line.startsWith('element vertex'))!.split(' ')[2]);
  const properties = head.filter((line) => line.startsWith('property')).map((line) => line.split(' ').slice(1));
  const sizes: Record<string, number> = { float: 4, uchar: 1 };
  const stride = properties.reduce((sum, [type]) => sum + sizes[type!]!, 0);
  expect(bytes.length).toBe(end + count * stride);
  const points = Array.from({ length: count }, (_, i) => {
    const values: Record<string, number> = {};
    let at = end + i * stride;
    for (const [type, name] of properties) {
      values[name!] = type === 'float' ? bytes.readFloatLE(at) : bytes.readUInt8(at);
      at += sizes[type!]!;
    }
    const { x, y, z, red, green, blue } = values as Record<'x' | 'y' | 'z' | 'red' | 'green' | 'blue', number>;
    return { at: [x, y, z], rgb: [red, green, blue] } as const;
  });
  return { head, points };
}

/** Points that do not lie where the depth map has them, or have another colour. */
function strays(points: readonly Point[], { frame, depth }: DepthFrame, tolerance: number): number {
  return points.filter(({ at: [x, y, z], rgb }) => {
    const u = Math.round((x / z) * CAMERA.fx + CAMERA.cx);
    const v = Math.round((y / z) * CAMERA.fy + CAMERA.cy);
    const i = v * SIZE.width + u;
    return Math.abs(depth.data[i]! - z) > tolerance || rgb.some((value, c) => value !== frame.pixels[i * 3 + c]);
  }).length;
}

describe('ply', () => {
  it('puts every known pixel where it is, in its colour, and leaves unknown ones out', async () => {
    const dir = await emptyFolder();
    const meta = await writeAll(ply, dir, answers, RUN);
    const { head, points } = readPly(await readFile(join(dir, 'ply/000001.ply')));
    expect(head.slice(0, 2)).toEqual(['ply', 'format binary_little_endian 1.0']);
    expect(points.length).toBe(known);
    expect(known).toBeLessThan(SIZE.width * SIZE.height);
    expect(strays(points, answers[1]!, 0)).toBe(0);
    expect(meta.meta.outputs['ply']).toMatchObject({ unit: 'metres', axes: 'x right, y down, z forward' });
  });

  it('states where the camera was, to put clouds together with', async () => {
    const dir = await emptyFolder();
    await writeAll(ply, dir, answers, RUN);
    const { head } = readPly(await readFile(join(dir, 'ply/000001.ply')));
    const pose = head
      .find((line) => line.startsWith('comment worldFromCamera'))!
      .split(' ')
      .slice(2)
      .map(Number);
    expect(pose).toEqual(answers[1]!.frame.pose!.worldFromCamera);
  });

  it('is a file without points where nothing is known', () => {
    const empty = { count: 0, positions: new Float32Array(), colours: new Uint8Array() };
    expect(readPly(Buffer.from(encodePly(empty))).points).toEqual([]);
  });

  it('counts finished files only', async () => {
    const dir = await emptyFolder();
    await writeAll(ply, dir, answers, RUN);
    expect(await ply.finished(dir)).toBe(2);
  });
});

describe('las', () => {
  it('has the head and the points of LAS 1.2, format 2, z up', async () => {
    const dir = await emptyFolder();
    await writeAll(las, dir, answers, RUN);
    const bytes = await readFile(join(dir, 'las/000001.las'));
    expect(bytes.toString('latin1', 0, 4)).toBe('LASF');
    expect([bytes[24], bytes[25], bytes[104], bytes.readUInt16LE(105)]).toEqual([1, 2, 2, 26]);
    expect(bytes.readUInt32LE(107)).toBe(known);
    const start = bytes.readUInt32LE(96);
    expect(bytes.length).toBe(start + known * 26);
    const scale = [0, 1, 2].map((axis) => bytes.readDoubleLE(131 + 8 * axis));
    const points = Array.from({ length: known }, (_, i): Point => {
      const o = start + i * 26;
      const [east, north, up] = [0, 1, 2].map((axis) => bytes.readInt32LE(o + 4 * axis) * scale[axis]!) as [
        number,
        number,
        number,
      ];
      const rgb = [20, 22, 24].map((at) => bytes.readUInt16LE(o + at) / 257) as [number, number, number];
      return { at: [east, -up, north], rgb };
    });
    // Whole millimetres move a near point by a fraction of a pixel only.
    expect(strays(points, answers[1]!, 0.0006)).toBeLessThan(known * 0.001);
    const most = points.reduce((sum, { at }) => Math.max(sum, at[2]), 0);
    expect(bytes.readDoubleLE(179 + 16)).toBeCloseTo(most, 6);
  });

  it('is a file without points where nothing is known', () => {
    const bytes = Buffer.from(encodeLas({ count: 0, positions: new Float32Array(), colours: new Uint8Array() }));
    expect([bytes.length, bytes.readUInt32LE(107), bytes.readDoubleLE(179)]).toEqual([227, 0, 0]);
  });
});

describe.each([ply, las])('$name', (sink) => {
  it('is refused at once where the camera is not known', async () => {
    const writing = writeAll(sink, await emptyFolder(), [depthFrame(0)]);
    await expect(writing).rejects.toMatchObject({
      code: 'option-invalid',
      advice: expect.stringContaining('--intrinsics'),
    });
  });

  it('is refused at once for inverse depth', async () => {
    const identity = { ...RUN.identity, kind: 'inverse', unit: 'arbitrary' } as const;
    const writing = writeAll(sink, await emptyFolder(), answers, { ...RUN, identity });
    await expect(writing).rejects.toMatchObject({ code: 'option-invalid' });
  });
});
