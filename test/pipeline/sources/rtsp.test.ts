import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';
import { openSource } from '../../../pipeline/sources/registry.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { everyFfmpeg, makeFootage, scratchFolder, testPicture } from '../ffmpeg/footage.ts';

const folder = await scratchFolder();
const programs = await everyFfmpeg();
const READ = { stream: 'door', size: { width: 64, height: 32 } };
const login = { user: 'cam', password: 'p@ss:w/rd' };
let open: FakeCamera;
let closed: FakeCamera;

beforeAll(async () => {
  const file = path.join(folder, 'cam.h264');
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'];
  const units = ['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-bf', '0', '-g', '10', '-f', 'h264', file];
  await makeFootage(...testPicture('s=320x192:r=25:d=2'), ...x264, ...units);
  open = await FakeCamera.start({ file, fps: 25 });
  closed = await FakeCamera.start({ file, fps: 25, login });
});

afterAll(async () => {
  await open.close();
  await closed.close();
});

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'a camera through ffmpeg $name',
  ({ ffmpeg }) => {
    it('plays with a password of difficult characters, in its own time', async () => {
      const source = await openSource(closed.url(), { ffmpeg });
      expect(source.info).toMatchObject({ live: true, size: { width: 320, height: 192 }, codec: 'h264' });
      const times: number[] = [];
      for await (const frame of source.frames({ ...READ, maxFrames: 20 })) times.push(frame.timestamp);
      expect(times).toHaveLength(20);
      for (let i = 1; i < times.length; i++) expect(times[i]!).toBeGreaterThan(times[i - 1]!);
      // The first packets of a session may come without a time; after that a frame is 40 ms.
      for (let i = 10; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeCloseTo(0.04, 3);
    });

    it('plays by name, which the bundled ffmpeg alone would not survive', async () => {
      const source = await openSource(open.url(undefined, 'localhost'), { ffmpeg });
      for await (const frame of source.frames({ ...READ, maxFrames: 1 })) expect(frame.index).toBe(0);
    });

    it('with a wrong password says so without the password', async () => {
      const wrong = openSource(closed.url({ user: 'cam', password: 'hu@sh' }), { ffmpeg });
      const error: unknown = await wrong.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'source-auth' });
      expect(inspect(error, { depth: 9 })).not.toMatch(/hu@sh|hu%40sh/);
    });

    it('that goes away is lost, after the frames that it sent', async () => {
      let frames = 0;
      const read = async (): Promise<void> => {
        for await (const _frame of (await openSource(open.url(), { ffmpeg })).frames(READ)) {
          if (++frames === 5) open.kick();
        }
      };
      await expect(read()).rejects.toMatchObject({ code: 'source-lost' });
      expect(frames).toBeGreaterThanOrEqual(5);
    });

    it('without such a stream or without a listener is unreachable', async () => {
      const path404 = openSource(open.url().replace('/cam', '/other'), { ffmpeg });
      await expect(path404).rejects.toMatchObject({
        code: 'source-unreachable',
        message: expect.stringMatching(/no stream/),
      });
      const refused = openSource('rtsp://127.0.0.1:1/cam', { ffmpeg });
      await expect(refused).rejects.toMatchObject({
        code: 'source-unreachable',
        message: expect.stringMatching(/refused/),
      });
    });
  },
);

it('a reader who stops waiting for a frozen camera is let go at once', async () => {
  const ffmpeg = await locateFfmpeg();
  const iterator = (await openSource(open.url(), { ffmpeg })).frames(READ)[Symbol.asyncIterator]();
  await iterator.next();
  open.frozen = true;
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) pending.push(iterator.next());
  const begin = performance.now();
  await iterator.return?.();
  await Promise.all(pending);
  expect(performance.now() - begin).toBeLessThan(5000);
  open.frozen = false;
});

it('a camera that accepts and never answers is given up', async () => {
  open.mute = true;
  await expect(openSource(open.url())).rejects.toMatchObject({ code: 'source-unreachable' });
  open.mute = false;
});
