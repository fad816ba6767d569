import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { colourTable, paintDepth, STREET_RANGE } from '../../../frames/colour-map.ts';
import type { DepthFrame } from '../../../frames/index.ts';
import { bundledPath, locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';
import { colorVideo } from '../../../pipeline/sinks/color-video.ts';
import { overlayVideo } from '../../../pipeline/sinks/overlay-video.ts';
import { stereoVideo } from '../../../pipeline/sinks/stereo-video.ts';
import { depthFrame } from './depth-frames.ts';
import { emptyFolder, writeAll } from './folder.ts';

const ffmpeg = (await locateFfmpeg()).path;
const bundled = await bundledPath();

/** Times of a film's frames in seconds, and the pixels of each. */
function decoded(path: string): { times: number[]; pixels: Buffer } {
  const ask = (...args: string[]) =>
    spawnSync(ffmpeg, ['-v', 'error', '-i', path, ...args], { maxBuffer: 1 << 26 }).stdout;
  const base = ask('-vsync', '0', '-c', 'copy', '-f', 'framecrc', '-').toString();
  const [, over, under] = /#tb 0: (\d+)\/(\d+)/.exec(base)!;
  const times = base
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => (Number(line.split(',')[2]) * Number(over)) / Number(under));
  return { times, pixels: ask('-vsync', '0', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-') };
}

/** The same frame two times over: players show nothing of a film of one frame, which lasts no time. */
function twice(answer: DepthFrame): DepthFrame[] {
  return [answer, { ...answer, frame: { ...answer.frame, index: 1, timestamp: 0.1 } }];
}

describe('color.mp4', () => {
  it('shows the picture and its depth side by side, each frame at its own time', async () => {
    const dir = await emptyFolder();
    const wanted = [0, 0.04, 0.1, 0.35, 0.4, 1.7, 2.45];
    const meta = await writeAll(
      colorVideo,
      dir,
      wanted.map((timestamp, index) => depthFrame(index, undefined, { timestamp: 5 + timestamp })),
    );
    const { times, pixels } = decoded(join(dir, 'color.mp4'));
    expect(times).toHaveLength(wanted.length);
    times.forEach((time, i) => void expect(time).toBeCloseTo(wanted[i]!, 3));
    // Every pixel is doubled.
    expect(pixels.length).toBe(wanted.length * 256 * 64 * 3);
    const at = (x: number, y: number): number[] => {
      const i = (2 * y * 256 + 2 * x) * 3;
      return [...pixels.subarray(i, i + 3)];
    };
    // Left: the grey picture. Right: near (left and top) is redder than far (right and bottom).
    for (const value of at(20, 16)) expect(Math.abs(value - 40)).toBeLessThan(8);
    const [near, far] = [at(64 + 4, 4), at(127 - 2, 29)];
    expect(near[0]! - near[2]!).toBeGreaterThan(60);
    expect(far[2]! - far[0]!).toBeGreaterThan(20);
    expect(meta.meta.outputs['color.mp4']).toMatchObject({ range: STREET_RANGE, unit: 'metres' });
  });

  it('keeps the edges of colours sharp, although 4:2:0 halves the resolution of colour', async () => {
    const dir = await emptyFolder();
    // Near (orange) and far (blue) in stripes an odd number of pixels wide, so that edges fall into pairs.
    const answer = depthFrame(0);
    const { width, data } = answer.depth;
    for (let i = 0; i < data.length; i++) data[i] = Math.floor((i % width) / 5) % 2 === 0 ? 4.7 : 16;
    await writeAll(colorVideo, dir, twice(answer));
    const { pixels } = decoded(join(dir, 'color.mp4'));
    const wanted = new Uint8Array(64 * 32 * 3);
    paintDepth(answer.depth, STREET_RANGE, colourTable('turbo'), wanted, 0, 64 * 3);
    let worst = 0;
    for (let x = 0; x < 64; x++) {
      for (let c = 0; c < 3; c++) {
        const shown = pixels[(32 * 256 + 2 * (64 + x)) * 3 + c]!;
        worst = Math.max(worst, Math.abs(shown - wanted[(16 * 64 + x) * 3 + c]!));
      }
    }
    // Measured without the doubling, for red beside blue: 123.
    expect(worst).toBeLessThan(25);
  });

  it('has its index in front, so that a browser can start at once', async () => {
    const dir = await emptyFolder();
    await writeAll(
      colorVideo,
      dir,
      [0, 1, 2].map((index) => depthFrame(index)),
    );
    const film = await readFile(join(dir, 'color.mp4'));
    expect(film.indexOf('moov')).toBeGreaterThan(0);
    expect(film.indexOf('moov')).toBeLessThan(film.indexOf('mdat'));
    expect(await readdir(dir)).toEqual(['color.mp4', 'meta.json']);
  });

  it('goes on in a new part, without the frames an earlier part shows', async () => {
    const dir = await emptyFolder();
    await writeAll(
      colorVideo,
      dir,
      [0, 1, 2, 3].map((index) => depthFrame(index)),
    );
    expect(await colorVideo.finished(dir)).toBe(4);
    await writeAll(
      colorVideo,
      dir,
      [2, 3, 4, 5, 6].map((index) => depthFrame(index)),
    );
    expect(decoded(join(dir, 'color-0002.mp4')).times).toHaveLength(3);
    expect(await colorVideo.finished(dir)).toBe(7);
  });

  it('clears away a part that a killed run left without a picture', async () => {
    const dir = await emptyFolder();
    await writeAll(
      colorVideo,
      dir,
      [0, 1].map((index) => depthFrame(index)),
    );
    await writeFile(join(dir, 'color-0002.mp4'), 'nothing that can be played');
    expect(await colorVideo.finished(dir)).toBe(2);
    await writeAll(colorVideo, dir, [depthFrame(2)]);
    expect(await readdir(dir)).toEqual(['color-0002.mp4', 'color.mp4', 'meta.json']);
    expect(await colorVideo.finished(dir)).toBe(3);
  });

  it.skipIf(bundled === undefined)('can be made by the ffmpeg that the optional package brings', async () => {
    const dir = await emptyFolder();
    const before = process.env['FFMPEG_PATH'];
    process.env['FFMPEG_PATH'] = bundled;
    try {
      await writeAll(
        colorVideo,
        dir,
        [0, 0.04, 0.3].map((timestamp, index) => depthFrame(index, undefined, { timestamp })),
      );
    } finally {
      if (before === undefined) delete process.env['FFMPEG_PATH'];
      else process.env['FFMPEG_PATH'] = before;
    }
    const { times } = decoded(join(dir, 'color.mp4'));
    expect(times.map((time) => Number(time.toFixed(3)))).toEqual([0, 0.04, 0.3]);
  });
});

describe('overlay.mp4', () => {
  it('shows depth over the picture, and the picture alone where depth is unknown', async () => {
    const dir = await emptyFolder();
    const answer = depthFrame(0);
    answer.depth.data.fill(Number.NaN, 0, 64 * 16);
    await writeAll(overlayVideo, dir, twice(answer));
    const { pixels } = decoded(join(dir, 'overlay.mp4'));
    expect(pixels.length).toBe(2 * 128 * 64 * 3);
    const at = (x: number, y: number): number[] => [
      ...pixels.subarray((2 * y * 128 + 2 * x) * 3, (2 * y * 128 + 2 * x) * 3 + 3),
    ];
    for (const value of at(30, 5)) expect(Math.abs(value - 40)).toBeLessThan(8);
    const wanted = new Uint8Array(64 * 32 * 3);
    paintDepth(answer.depth, STREET_RANGE, colourTable('turbo'), wanted, 0, 64 * 3);
    at(30, 28).forEach((value, c) => {
      expect(Math.abs(value - (wanted[(28 * 64 + 30) * 3 + c]! + 40) / 2)).toBeLessThan(10);
    });
  });
});

describe('stereo.mp4', () => {
  it('has the picture on the left and what the right eye sees on the right, marked as such in the stream', async () => {
    const dir = await emptyFolder();
    const answer = depthFrame(0);
    answer.depth.data.fill(80);
    // A bright post close by.
    for (let y = 0; y < 32; y++) {
      for (let x = 30; x < 34; x++) {
        answer.depth.data[y * 64 + x] = 4;
        answer.frame.pixels.fill(220, (y * 64 + x) * 3, (y * 64 + x) * 3 + 3);
      }
    }
    const meta = await writeAll(stereoVideo, dir, twice(answer));
    const { pixels } = decoded(join(dir, 'stereo.mp4'));
    const grey = (x: number): number => pixels[(2 * 16 * 256 + 2 * x) * 3]!;
    const bright = (from: number): number[] =>
      Array.from({ length: 64 }, (_, x) => x).filter((x) => grey(from + x) > 130);
    expect(bright(0)).toEqual([30, 31, 32, 33]);
    // 0.03 of 64 columns, of which the screen's plane takes 0.3: 1.3 columns to the left.
    expect(bright(64)).toEqual([29, 30, 31, 32]);
    expect(meta.meta.outputs['stereo.mp4']).toMatchObject({ layout: 'side by side, left eye left' });
    const shown = ['-hide_banner', '-i', join(dir, 'stereo.mp4'), '-vf', 'showinfo', '-f', 'null', '-'];
    const told = spawnSync(ffmpeg, shown).stderr.toString();
    if (told.includes('h264')) expect(told).toMatch(/side by side/i);
  });
});
