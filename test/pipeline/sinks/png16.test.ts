import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { resizeDepth } from '../../../frames/resize-depth.ts';
import { encodePng16, png16 } from '../../../pipeline/sinks/png16.ts';
import { depthFrame } from './depth-frames.ts';
import { emptyFolder, writeAll } from './folder.ts';

describe('png16', () => {
  it('writes metres times 256, rounded, at the size of the footage', async () => {
    const dir = await emptyFolder();
    const answer = depthFrame(0, { width: 64, height: 32 }, { sourceSize: { width: 123, height: 37 } });
    const meta = await writeAll(png16, dir, [answer]);
    const { data, info } = await sharp(join(dir, 'depth/000000.png'))
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([123, 37, 1]);
    const grey = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    const wanted = resizeDepth(answer.depth, { width: 123, height: 37 }).data;
    for (let i = 0; i < grey.length; i++) {
      const metres = wanted[i]!;
      expect(grey[i]).toBe(Number.isNaN(metres) ? 0 : Math.round(metres * 256));
    }
    expect(meta.meta.outputs['png16']).toMatchObject({ stepsPerUnit: 256, unit: 'metres' });
  });

  it('says 0 for what is unknown, infinite, negative or beyond 255.99 m', async () => {
    const data = Float32Array.from([Number.NaN, Number.POSITIVE_INFINITY, -3, 0, 255.996, 256, 300, 0.001, 1 / 256]);
    const grey = readGrey16(await encodePng16({ kind: 'metric', width: 9, height: 1, data }, 256));
    expect(grey.values).toEqual([0, 0, 0, 0, 65_535, 0, 0, 0, 1]);
  });

  it('is a 16-bit grey PNG to a reader that knows only the specification', async () => {
    const map = {
      kind: 'metric',
      width: 5,
      height: 3,
      data: Float32Array.from({ length: 15 }, (_, i) => i * 7.3),
    } as const;
    const grey = readGrey16(await encodePng16(map, 256));
    expect([grey.width, grey.height]).toEqual([5, 3]);
    expect(grey.values).toEqual([...map.data].map((metres) => Math.round(metres * 256)));
  });

  it('never calls relative depth metres: one scale, from the first frame, stated in meta.json and kept', async () => {
    const dir = await emptyFolder();
    const identity = { kind: 'inverse', unit: 'arbitrary' } as const;
    const meta = await writeAll(png16, dir, [depthFrame(0, undefined, { kind: 'inverse' })], { identity });
    const stated = meta.meta.outputs['png16']!;
    expect(stated).toMatchObject({ unit: 'arbitrary' });
    // The slope ends at 2 + 63 · 0.5 + 31 · 0.25 = 41.25, so 256 steps a unit end below 16384 and 512 do not.
    expect(stated['stepsPerUnit']).toBe(256);
    const later = await writeAll(png16, dir, [depthFrame(500, undefined, { kind: 'inverse' })], { identity });
    expect(later.meta.outputs['png16']).toEqual(stated);
  });

  it('counts finished files only and sweeps half-written ones away', async () => {
    const dir = await emptyFolder();
    expect(await png16.finished(dir)).toBe(0);
    await writeAll(
      png16,
      dir,
      [0, 1, 2].map((index) => depthFrame(index)),
    );
    await writeFile(join(dir, 'depth/000003.png.part'), 'half');
    expect(await png16.finished(dir)).toBe(3);
    expect(await readdir(join(dir, 'depth'))).toEqual(['000000.png', '000001.png', '000002.png']);
  });

  it('counts up to a file that somebody deleted', async () => {
    const dir = await emptyFolder();
    await writeAll(
      png16,
      dir,
      [0, 1, 3].map((index) => depthFrame(index)),
    );
    expect(await png16.finished(dir)).toBe(2);
  });

  it('counts files that are named by the stem of the input, and none that is no frame', async () => {
    const dir = await emptyFolder();
    const names = ['000000', '000005', 'img_9'];
    await writeAll(
      png16,
      dir,
      ['000000', '000005', 'another'].map((name, index) => depthFrame(index, undefined, { name })),
    );
    expect(await png16.finished(dir, names)).toBe(2);
    await writeAll(png16, dir, [depthFrame(2, undefined, { name: 'img_9' })]);
    expect(await png16.finished(dir, names)).toBe(3);
    expect((await readFile(join(dir, 'depth/img_9.png'))).subarray(1, 4).toString()).toBe('PNG');
  });

  it('fails with output-failed and advice where it cannot write', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'depth'), 'a file');
    await expect(writeAll(png16, dir, [depthFrame(0)])).rejects.toMatchObject({ code: 'output-failed' });
  });
});

/** A reader of 16-bit grey PNG after its specification (W3C PNG 3rd edition), without any library of pictures. */
function readGrey16(png: Uint8Array): { width: number; height: number; values: number[] } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let at = 8;
  let width = 0;
  let height = 0;
  const packed: Uint8Array[] = [];
  while (at < png.length) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (type === 'IHDR') {
      width = view.getUint32(at + 8);
      height = view.getUint32(at + 12);
      expect([png[at + 16], png[at + 17], png[at + 20]]).toEqual([16, 0, 0]);
    }
    if (type === 'IDAT') packed.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const rows = inflateSync(Buffer.concat(packed));
  const stride = width * 2;
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const left = x >= 2 ? out[y * stride + x - 2]! : 0;
      const up = y > 0 ? out[(y - 1) * stride + x]! : 0;
      const corner = x >= 2 && y > 0 ? out[(y - 1) * stride + x - 2]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
      out[y * stride + x] = rows[y * (stride + 1) + 1 + x]! + guess;
    }
  }
  const values = Array.from({ length: width * height }, (_, i) => out[i * 2]! * 256 + out[i * 2 + 1]!);
  return { width, height, values };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
