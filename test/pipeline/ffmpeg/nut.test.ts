import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { DepthcastError } from '../../../frames/index.ts';
import { capabilitiesOf } from '../../../pipeline/ffmpeg/capabilities.ts';
import { type NutPicture, NutReader } from '../../../pipeline/ffmpeg/nut.ts';
import { rawOutput } from '../../../pipeline/ffmpeg/recipe.ts';
import { everyFfmpeg, makeFootage, makeVariableRate, scratchFolder, testPicture } from './footage.ts';

const run = promisify(execFile);
const programs = await everyFfmpeg();
const folder = await scratchFolder();

function read(bytes: Uint8Array, pieces: (at: number) => number): { pictures: NutPicture[]; reader: NutReader } {
  const reader = new NutReader();
  const pictures: NutPicture[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + pieces(at));
    reader.push(bytes.subarray(at, end), (picture) => pictures.push(picture));
    at = end;
  }
  return { pictures, reader };
}

/** A generator of numbers in [0, 1) that is the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe.each(programs.map((binary) => ({ name: binary.version, binary })))('NUT of ffmpeg $name', ({ binary }) => {
  const clip = path.join(folder, 'variable.mp4');
  let times: number[];
  let nut: Buffer;
  let raw: Buffer;

  beforeAll(async () => {
    times = await makeVariableRate(clip);
    const out = path.join(folder, 'out.nut');
    const capabilities = await capabilitiesOf(binary);
    await run(binary.path, ['-v', 'error', '-y', '-i', clip, ...rawOutput(capabilities), out]);
    nut = await readFile(out);
    const plain = path.join(folder, 'out.raw');
    const args = [
      '-v',
      'error',
      '-y',
      '-i',
      clip,
      '-pix_fmt',
      'rgb24',
      ...capabilities.passthrough,
      '-f',
      'rawvideo',
      plain,
    ];
    await run(binary.path, args);
    raw = await readFile(plain);
  });

  it('gives every picture with its exact time and the pixels of rawvideo', () => {
    const { pictures, reader } = read(nut, () => 65_536);
    expect(reader.size).toMatchObject({ width: 160, height: 96 });
    expect(reader.complete).toBe(true);
    expect(pictures.map((picture) => picture.microseconds)).toEqual(times);
    const size = 160 * 96 * 3;
    pictures.forEach((picture, i) => {
      expect(Buffer.compare(Buffer.from(picture.pixels), raw.subarray(i * size, (i + 1) * size))).toBe(0);
    });
  });

  it('does not care where the pipe cuts the bytes', () => {
    const whole = read(nut, () => nut.length).pictures;
    const next = random(7);
    const uneven = read(nut, () => 1 + Math.floor(next() ** 4 * 20_000)).pictures;
    const head = read(nut.subarray(0, 60_000), () => 1).pictures;
    expect(uneven.length).toBe(75);
    expect(uneven.map((p) => p.microseconds)).toEqual(whole.map((p) => p.microseconds));
    expect(Buffer.compare(Buffer.from(uneven[74]!.pixels), Buffer.from(whole[74]!.pixels))).toBe(0);
    expect(head).toHaveLength(1);
  });

  it('gives each picture memory of its own', () => {
    const { pictures } = read(nut, () => 65_536);
    expect(new Set(pictures.map((picture) => picture.pixels.buffer)).size).toBe(75);
    expect(pictures[0]!.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(pictures[0]!.pixels.byteLength).toBe(pictures[0]!.pixels.buffer.byteLength);
  });

  it('knows a stream that was cut from one that ended', () => {
    const picture = 160 * 96 * 3;
    expect(read(nut.subarray(0, nut.length - 100), () => 65_536).reader.complete).toBe(false);
    expect(read(nut.subarray(0, nut.length - 100), () => 65_536).pictures).toHaveLength(74);
    expect(read(nut.subarray(0, picture), () => 999).reader.complete).toBe(false);
  });

  it('answers damaged bytes with decoder-output or with pictures, and never with anything else', () => {
    const next = random(42);
    // Headers are what can go wrong: half of the damage is there, the rest anywhere.
    const base = nut.subarray(0, 300_000);
    let refused = 0;
    for (let attempt = 0; attempt < 400; attempt++) {
      const bytes = Buffer.from(base);
      const where = attempt % 2 === 0 ? 400 : bytes.length;
      for (let hit = 0; hit <= attempt % 7; hit++) bytes[Math.floor(next() * where)] = Math.floor(next() * 256);
      try {
        const { pictures } = read(bytes, () => 65_536);
        expect(pictures.length).toBeLessThan(40);
      } catch (error) {
        expect(error).toBeInstanceOf(DepthcastError);
        expect((error as DepthcastError).code).toBe('decoder-output');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });

  it('refuses what it was not made for', async () => {
    const refusal = async (...args: string[]): Promise<string> => {
      const out = path.join(folder, 'other.nut');
      await makeFootage(...args, out);
      const bytes = await readFile(out);
      try {
        read(bytes, () => 65_536);
        return 'read';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const picture = testPicture('s=64x64:r=5:d=1');
    expect(await refusal(...picture, '-c:v', 'rawvideo', '-pix_fmt', 'yuv420p', '-f', 'nut')).toMatch(/format/);
    expect(await refusal(...picture, '-c:v', 'mpeg4', '-f', 'nut')).toMatch(/format/);
    const sound = ['-f', 'lavfi', '-i', 'sine=d=1'];
    const both = ['-c:v', 'rawvideo', '-pix_fmt', 'rgb24', '-f', 'nut'];
    expect(await refusal(...picture, ...sound, ...both)).toMatch(/2 streams/);
    expect(() => read(new Uint8Array(100), () => 100)).toThrow(/does not begin as NUT/);
    const narrow = new NutReader(1000);
    expect(() => narrow.push(nut, () => {})).toThrow(/160x96/);
  });
});
