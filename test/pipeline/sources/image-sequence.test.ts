import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type Color, type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../frames/index.ts';
import { openSource } from '../../../pipeline/sources/registry.ts';
import { makeFootage, scratchFolder, testPicture } from '../ffmpeg/footage.ts';

const folder = await scratchFolder();
const READ = { stream: 'test', size: { width: 64, height: 32 } };
const original = path.join(folder, 'original');
await mkdir(original);
await makeFootage(...testPicture('s=128x64:r=10:d=1'), '-start_number', '0', path.join(original, '%04d.jpg'));

/** A fresh copy of ten numbered pictures. */
async function pictures(name: string): Promise<(file: string) => string> {
  await cp(original, path.join(folder, name), { recursive: true });
  return (file) => path.join(folder, name, file);
}

interface Outcome {
  readonly frames: Frame[];
  readonly error?: { code?: string; message?: string; facts?: Record<string, unknown> } | undefined;
}

async function readAll(spec: string, layout?: string, from?: number): Promise<Outcome> {
  const frames: Frame[] = [];
  try {
    for await (const frame of (await openSource(spec, { layout })).frames({ ...READ, from })) frames.push(frame);
  } catch (error) {
    return { frames, error: error as NonNullable<Outcome['error']> };
  }
  return { frames };
}

const names = (outcome: Outcome): string[] => outcome.frames.map((frame) => frame.name);

describe('a folder of pictures', () => {
  it('with a hole gives what stands before it, then names the missing picture', async () => {
    const at = await pictures('hole');
    await rm(at('0006.jpg'));
    const outcome = await readAll(at(''));
    expect(names(outcome)).toEqual(['0000', '0001', '0002', '0003', '0004', '0005']);
    expect(outcome.error).toMatchObject({ code: 'sequence-gap', facts: { missing: '0006', index: 6 } });
    expect(outcome.error!.message).toContain('0006');
    const behind = await readAll(at(''), undefined, 8);
    expect([behind.frames.length, behind.error?.code]).toEqual([0, 'sequence-gap']);
  });

  it('with holes begins a new stretch behind each where that is asked for', async () => {
    const at = await pictures('holes');
    await rm(at('0003.jpg'));
    await rm(at('0007.jpg'));
    const { frames, error } = await readAll(at(''), 'pictures-with-gaps');
    expect(error).toBeUndefined();
    expect(frames.filter((frame) => frame.segmentStart).map((frame) => [frame.name, frame.segmentStart])).toEqual([
      ['0004', 'time-gap'],
      ['0008', 'time-gap'],
    ]);
  });

  it('with two files of one stem is refused: their results would have one name', async () => {
    const at = await pictures('twins');
    await sharp(at('0004.jpg')).toFile(at('0004.png'));
    expect(await readAll(at(''))).toMatchObject({
      frames: [],
      error: { code: 'input-format', facts: { files: ['0004.jpg', '0004.png'] } },
    });
    expect((await readAll(at('*.jpg'))).frames).toHaveLength(10);
  });

  it('of every third picture has no hole', async () => {
    const at = await pictures('thirds');
    for (const n of [1, 2, 4, 5, 7, 8]) await rm(at(`000${n}.jpg`));
    expect(names(await readAll(at('')))).toEqual(['0000', '0003', '0006', '0009']);
  });

  it('is read in the order of its numbers, not of its letters', async () => {
    const at = await pictures('order');
    for (let n = 9; n >= 0; n--) await rename(at(`000${n}.jpg`), at(`img${n + 3}.jpg`));
    const outcome = await readAll(at(''));
    expect(names(outcome)).toEqual(['img3', 'img4', 'img5', 'img6', 'img7', 'img8', 'img9', 'img10', 'img11', 'img12']);
  });

  it('with a picture of another size gives what stands before it, then names the file', async () => {
    const at = await pictures('size');
    await sharp(at('0004.jpg')).resize(120, 64).toFile(at('other.jpg'));
    await rename(at('other.jpg'), at('0004.jpg'));
    const outcome = await readAll(at(''));
    expect(outcome.frames).toHaveLength(4);
    expect(outcome.error).toMatchObject({ code: 'input-dimensions' });
    expect(outcome.error!.message).toBe('"0004.jpg" is 120x64, not 128x64 as the first picture.');
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), 'input-format'],
    ['empty', () => Buffer.alloc(0), 'input-empty'],
    ['text', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'input-format'],
  ])('with a picture that is %s gives what stands before it, then names the file', async (what, spoil, code) => {
    const at = await pictures(`spoilt ${what}`);
    await writeFile(at('0005.jpg'), spoil(await readFile(at('0005.jpg'))));
    const outcome = await readAll(at(''));
    expect(outcome.frames).toHaveLength(5);
    expect(outcome.error?.code).toBe(code);
    expect(outcome.error!.message).toContain('"0005.jpg"');
  });

  it('that loses a picture while it is read says so', async () => {
    const at = await pictures('lost');
    const source = await openSource(at(''));
    await rm(at('0009.jpg'));
    const read = async (): Promise<void> => {
      for await (const _frame of source.frames(READ));
    };
    await expect(read()).rejects.toMatchObject({ code: 'input-not-found' });
  });

  it('without pictures is refused, and so is one that mixes two sequences', async () => {
    const at = await pictures('mixed');
    for (let n = 0; n < 10; n++) await cp(at(`000${n}.jpg`), at(`depth-000${n}.jpg`));
    expect((await readAll(at(''))).error).toMatchObject({ code: 'input-format' });
    expect(names(await readAll(at('depth-*.jpg')))).toHaveLength(10);
    await mkdir(path.join(folder, 'none'));
    await writeFile(path.join(folder, 'none', 'notes.txt'), 'none');
    expect((await readAll(path.join(folder, 'none'))).error).toMatchObject({ code: 'input-no-pictures' });
    expect((await readAll(path.join(folder, 'none', '*.png'))).error).toMatchObject({ code: 'input-no-pictures' });
  });

  it('may be named by a pattern, and one picture is a sequence of one', async () => {
    const at = await pictures('pattern');
    expect(names(await readAll(at('000[2-4].jpg')))).toEqual(['0002', '0003', '0004']);
    expect(names(await readAll(at('000?.jpg')))).toHaveLength(10);
    expect(names(await readAll(at('0007.jpg')))).toEqual(['0007']);
  });
});

describe('a picture', () => {
  const one = async (name: string, write: (file: string) => Promise<unknown>): Promise<Frame> => {
    const file = path.join(folder, name);
    await write(file);
    const { frames, error } = await readAll(file);
    expect(error).toBeUndefined();
    return frames[0]!;
  };
  const plain = (channels: 3 | 4, background: Color): Sharp =>
    sharp({ create: { width: 100, height: 50, channels, background } });

  it('becomes RGB whatever it was', async () => {
    const red = await one('red.png', (file) => plain(3, { r: 200, g: 10, b: 30 }).png().toFile(file));
    expect([...red.pixels.slice(0, 3)]).toEqual([200, 10, 30]);
    const clear = await one('alpha.png', (file) => plain(4, { r: 200, g: 10, b: 30, alpha: 1 }).png().toFile(file));
    expect([...clear.pixels.slice(-3)]).toEqual([200, 10, 30]);
    const web = await one('lossless.webp', (file) =>
      plain(3, { r: 200, g: 10, b: 30 }).webp({ lossless: true }).toFile(file),
    );
    expect([...web.pixels.slice(0, 3)]).toEqual([200, 10, 30]);
    const grey = await one('grey.png', (file) => plain(3, '#606060').toColourspace('b-w').png().toFile(file));
    expect(new Set(grey.pixels).size).toBe(1);
    expect(Math.abs(grey.pixels[0]! - 96)).toBeLessThanOrEqual(1);
    const deep = await one('deep.png', (file) => plain(3, '#606060').toColourspace('rgb16').png().toFile(file));
    expect(Math.abs(deep.pixels[0]! - 96)).toBeLessThanOrEqual(1);
  });

  it('that is tagged as turned comes out upright, and says the size that comes out', async () => {
    const file = path.join(folder, 'turned.jpg');
    const right = await plain(3, '#fff').raw().toBuffer();
    // The stored picture is black on its left half; turned by a quarter it is black on top.
    for (let y = 0; y < 50; y++) right.fill(0, y * 300, y * 300 + 150);
    const stored = sharp(right, { raw: { width: 100, height: 50, channels: 3 } });
    await stored.withMetadata({ orientation: 6 }).jpeg().toFile(file);
    const source = await openSource(file);
    expect(source.info.size).toEqual({ width: 50, height: 100 });
    for await (const frame of source.frames({ stream: 'test', size: { width: 50, height: 100 } })) {
      expect(frame.pixels[(10 * 50 + 25) * 3]!).toBeLessThan(10);
      expect(frame.pixels[(90 * 50 + 25) * 3]!).toBeGreaterThan(245);
    }
  });

  it('looks like the same picture out of a video', async () => {
    const at = (file: string): string => path.join(folder, 'alike', file);
    await mkdir(at(''));
    // Blurred, since the two decoders do not agree on the colour of an edge between saturated surfaces.
    await makeFootage(...testPicture('s=128x64:r=10:d=1'), '-vf', 'gblur=sigma=4', at('%04d.jpg'));
    await makeFootage('-i', at('%04d.jpg'), '-c:v', 'libx264', '-qp', '0', path.join(folder, 'alike.mkv'));
    const files = (await readAll(at(''))).frames;
    const movie = (await readAll(path.join(folder, 'alike.mkv'))).frames;
    let sum = 0;
    files.forEach((frame, i) => {
      frame.pixels.forEach((value, k) => {
        sum += Math.abs(value - movie[i]!.pixels[k]!);
      });
    });
    expect(sum / (10 * 64 * 32 * 3)).toBeLessThan(4);
  });
});
