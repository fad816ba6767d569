import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STREET_RANGE } from '../../../frames/colour-map.ts';
import { bundledPath, locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';
import { colorVideo } from '../../../pipeline/sinks/color-video.ts';
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
    expect(pixels.length).toBe(wanted.length * 128 * 32 * 3);
    const at = (x: number, y: number): number[] => [...pixels.subarray((y * 128 + x) * 3, (y * 128 + x) * 3 + 3)];
    // Left: the grey picture. Right: near (left and top) is redder than far (right and bottom).
    for (const value of at(20, 16)) expect(Math.abs(value - 40)).toBeLessThan(8);
    const [near, far] = [at(64 + 4, 4), at(127 - 2, 29)];
    expect(near[0]! - near[2]!).toBeGreaterThan(60);
    expect(far[2]! - far[0]!).toBeGreaterThan(20);
    expect(meta.meta.outputs['color.mp4']).toMatchObject({ range: STREET_RANGE, unit: 'metres' });
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
