import { readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../../../frames/index.ts';
import { capabilitiesOf } from '../../../pipeline/ffmpeg/capabilities.ts';
import { PictureStream } from '../../../pipeline/ffmpeg/picture-stream.ts';
import { fileInput, rawOutput } from '../../../pipeline/ffmpeg/recipe.ts';
import { openSource } from '../../../pipeline/sources/registry.ts';
import {
  childProcesses,
  everyFfmpeg,
  makeFootage,
  makeVariableRate,
  scratchFolder,
  testPicture,
} from '../ffmpeg/footage.ts';

const programs = await everyFfmpeg();
const folder = await scratchFolder();
const file = (name: string): string => path.join(folder, name);
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const READ = { stream: 'test', size: { width: 64, height: 32 } };

/** Cuts a copy of a file to a share of its length. */
async function cut(from: string, to: string, share: number): Promise<void> {
  const bytes = await readFile(file(from));
  await writeFile(file(to), bytes.subarray(0, Math.round(bytes.length * share)));
}

beforeAll(async () => {
  await makeVariableRate(file('variable.mp4'));
  const clip = testPicture('s=128x64:r=10:d=10');
  await makeFootage(...clip, ...X264, '-g', '10', '-movflags', '+faststart', file('front.mp4'));
  await makeFootage(...clip, ...X264, '-g', '10', file('back.mp4'));
  await makeFootage(...clip, ...X264, '-g', '10', file('clip.mkv'));
  const sound = ['-f', 'lavfi', '-i', 'sine=d=13'];
  await makeFootage(...clip, ...sound, ...X264, '-c:a', 'aac', '-movflags', '+faststart', file('longer-sound.mp4'));
  await makeFootage('-f', 'lavfi', '-i', 'sine=d=1', file('sound.m4a'));
  await makeFootage(...testPicture('s=32x32:d=1:r=1'), '-frames:v', '1', file('cover.jpg'));
  const cover = ['-i', file('sound.m4a'), '-i', file('cover.jpg'), '-map', '0', '-map', '1', '-c', 'copy'];
  await makeFootage(...cover, '-disposition:v:0', 'attached_pic', file('cover.m4a'));
  await cut('front.mp4', 'front-cut.mp4', 0.5);
  await cut('back.mp4', 'back-cut.mp4', 0.5);
  await cut('clip.mkv', 'cut.mkv', 0.5);
  await cut('longer-sound.mp4', 'sound-cut.mp4', 0.5);
  await writeFile(file('empty.mp4'), '');
  await writeFile(
    file('random.mp4'),
    Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919 + (i >> 3)) & 255)),
  );
  await writeFile(file('text.mp4'), 'ffconcat version 1.0\nfile /etc/hostname\n');
  await makeFootage(...testPicture('s=128x64:r=10:d=1'), ...X264, file('-y a%03d;rm.mp4'));
  await symlink(file('front.mp4'), file('link.mp4'));
});

describe.each(programs.map((binary) => ({ name: binary.version, binary })))(
  'a video file through ffmpeg $name',
  ({ binary }) => {
    const openFile = (name: string) => openSource(file(name), { ffmpeg: binary });

    /** What came before the error, and the error's code. */
    const readAll = async (name: string): Promise<{ frames: Frame[]; code: unknown }> => {
      const frames: Frame[] = [];
      try {
        for await (const frame of (await openFile(name)).frames(READ)) frames.push(frame);
      } catch (error) {
        return { frames, code: (error as { code?: unknown }).code };
      }
      return { frames, code: undefined };
    };

    it('of a variable rate gives every frame once with its exact time', async () => {
      const times = await makeVariableRate(file(`variable-${binary.origin}.mp4`));
      const { frames, code } = await readAll(`variable-${binary.origin}.mp4`);
      expect(code).toBeUndefined();
      expect(frames.map((frame) => Math.round(frame.timestamp * 1e6))).toEqual(times);
      const distinct = new Set(frames.map((frame) => Buffer.from(frame.pixels).toString('latin1')));
      expect(distinct.size).toBe(75);
    });

    it('whose sound is longer than its video ends without an error', async () => {
      const { frames, code } = await readAll('longer-sound.mp4');
      expect([frames.length, code]).toEqual([100, undefined]);
    });

    it.each(['front-cut.mp4', 'cut.mkv', 'sound-cut.mp4'])(
      'that is cut off (%s) gives what decodes, then says so',
      async (name) => {
        const { frames, code } = await readAll(name);
        expect(code).toBe('input-truncated');
        expect(frames.length).toBeGreaterThan(30);
        expect(frames.length).toBeLessThan(70);
        expect(frames.map((frame) => frame.index)).toEqual(Array.from({ length: frames.length }, (_, i) => i));
      },
    );

    it.each([
      ['back-cut.mp4', 'input-truncated'],
      ['empty.mp4', 'input-empty'],
      ['random.mp4', 'input-format'],
      ['text.mp4', 'input-format'],
      ['sound.m4a', 'input-no-video'],
      ['cover.m4a', 'input-no-video'],
      ['missing.mp4', 'input-not-found'],
    ])('%s is refused as %s before it is read', async (name, code) => {
      await expect(openFile(name)).rejects.toMatchObject({ name: 'DepthcastError', code });
    });

    it('may have any name and may be a link to a file', async () => {
      expect((await readAll('-y a%03d;rm.mp4')).frames).toHaveLength(10);
      expect((await readAll('link.mp4')).frames).toHaveLength(100);
    });

    it('is decoded only as far as it is read', async () => {
      await makeFootage(...testPicture('s=64x64:r=25:d=40'), ...X264, file('long.mp4'));
      const input = fileInput(file('long.mp4'));
      const outputOptions = rawOutput(await capabilitiesOf(binary), { width: 640, height: 192 });
      const pictures = new PictureStream(binary, {
        inputOptions: input.options,
        input: input.target,
        outputOptions,
      });
      let exited = false;
      void pictures.exited.then(() => {
        exited = true;
      });
      await pictures.next();
      const before = process.memoryUsage().rss;
      await sleep(1500);
      // 1000 pictures of 369 KB: had nothing held it back, the decoder would be done and they would all be here.
      expect(exited).toBe(false);
      expect(process.memoryUsage().rss - before).toBeLessThan(120e6);
      await pictures.stop();
      expect(exited).toBe(true);
      expect(await pictures.next()).toBeUndefined();
    });

    it('that loses its decoder in the middle says so', async () => {
      const source = await openFile('front.mp4');
      const before = await childProcesses();
      const iterator = source.frames({ ...READ, size: { width: 1280, height: 640 } })[Symbol.asyncIterator]();
      await iterator.next();
      const decoders = (await childProcesses()).filter((id) => !before.includes(id));
      expect(decoders).toHaveLength(1);
      process.kill(decoders[0]!, 'SIGKILL');
      const rest = async (): Promise<void> => {
        while (!(await iterator.next()).done);
      };
      await expect(rest()).rejects.toMatchObject({ code: 'decoder-crashed' });
    });
  },
);

it('a file that shrinks to nothing between opening and reading is an error, not an empty stream', async () => {
  await makeFootage(...testPicture('s=128x64:r=10:d=1'), ...X264, file('shrinks.mp4'));
  const source = await openSource(file('shrinks.mp4'));
  await truncate(file('shrinks.mp4'), 10);
  const read = async (): Promise<void> => {
    for await (const _frame of source.frames(READ));
  };
  await expect(read()).rejects.toMatchObject({ name: 'DepthcastError' });
});
