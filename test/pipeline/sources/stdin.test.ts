import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../../pipeline/sources/registry.ts';
import { makeFootage, scratchFolder, testPicture } from '../ffmpeg/footage.ts';

const folder = await scratchFolder();
const file = (name: string): string => path.join(folder, name);
const READ = { stream: 'test', size: { width: 64, height: 32 } };

beforeAll(async () => {
  const clip = [...testPicture('s=320x192:r=25:d=8'), '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  await makeFootage(...clip, file('clip.mkv'));
  await makeFootage(...clip, file('back.mp4'));
});

async function count(stdin: Readable): Promise<{ frames: number; code: unknown }> {
  let frames = 0;
  try {
    for await (const _frame of (await openSource('-', { stdin })).frames(READ)) frames++;
  } catch (error) {
    return { frames, code: (error as { code?: unknown }).code };
  }
  return { frames, code: undefined };
}

describe('video on stdin', () => {
  it('arrives whole, in whatever pieces it comes', async () => {
    const bytes = await readFile(file('clip.mkv'));
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += 3001) {
        if (at % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield bytes.subarray(at, at + 3001);
      }
    }
    expect(await count(Readable.from(pieces(), { objectMode: false }))).toEqual({ frames: 200, code: undefined });
    expect(await count(createReadStream(file('clip.mkv')))).toEqual({ frames: 200, code: undefined });
  });

  it('that is cut off gives what decodes, then says so', async () => {
    const bytes = await readFile(file('clip.mkv'));
    const { frames, code } = await count(Readable.from([bytes.subarray(0, bytes.length / 2)], { objectMode: false }));
    expect(code).toBe('input-truncated');
    expect(frames).toBeGreaterThan(60);
    expect(frames).toBeLessThan(140);
  });

  it('is refused where it is empty or no video', async () => {
    expect((await count(Readable.from([], { objectMode: false }))).code).toBe('input-empty');
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919 + (i >> 3)) & 255));
    expect((await count(Readable.from([noise], { objectMode: false }))).code).toBe('input-format');
  });

  it('that is an MP4 with its index at the end is refused with the way out', async () => {
    await expect(openSource('-', { stdin: createReadStream(file('back.mp4')) })).rejects.toMatchObject({
      code: 'input-format',
      advice: expect.stringContaining('+faststart'),
    });
  });

  it('cannot be read a second time', async () => {
    const source = await openSource('-', { stdin: createReadStream(file('clip.mkv')) });
    let frames = 0;
    const read = async (): Promise<void> => {
      for await (const _frame of source.frames({ ...READ, loop: true })) frames++;
    };
    await expect(read()).rejects.toMatchObject({ code: 'option-invalid' });
    expect(frames).toBe(200);
  });

  it('is closed when the reader stops, so that its writer learns of it', async () => {
    const stdin = createReadStream(file('clip.mkv'), { highWaterMark: 1000 });
    for await (const _frame of (await openSource('-', { stdin })).frames({ ...READ, maxFrames: 2 }));
    expect(stdin.destroyed).toBe(true);
  });
});
