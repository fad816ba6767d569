import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';
import { FakeHttpCamera } from '../../helpers/fake-http-camera.ts';
import { everyFfmpeg, scratchFolder, testPicture } from '../ffmpeg/footage.ts';
import { readCamera } from './camera-reader.ts';

const folder = await scratchFolder();
const programs = await everyFfmpeg();
const quick = { startTimeoutMs: 8000, stallTimeoutMs: 4000, retry: { leastMs: 100, mostMs: 1000 } };

/** Segments of one second, written at the pace of a live stream until the answer is called. */
async function liveStream(to: string): Promise<() => Promise<void>> {
  const { path: program } = await locateFfmpeg();
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '4', '-hls_flags', 'delete_segments'];
  const picture = testPicture('s=320x192:r=25:d=60');
  const args = ['-nostdin', '-v', 'error', '-re', ...picture, ...x264, ...hls, path.join(to, 'live.m3u8')];
  const writer: ChildProcess = spawn(program, args, { stdio: 'ignore' });
  const ended = once(writer, 'exit');
  for (let i = 0; i < 200; i++) {
    const there = await access(path.join(to, 'live.m3u8')).then(
      () => true,
      () => false,
    );
    if (there) break;
    await sleep(50);
  }
  return async () => {
    writer.kill('SIGKILL');
    await ended;
  };
}

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'a live HLS stream through ffmpeg $name',
  ({ ffmpeg }) => {
    it('plays at its own pace over segments, with a login that ffmpeg never sees', async () => {
      const place = await mkdtemp(path.join(folder, 'live-'));
      const stop = await liveStream(place);
      const camera = await FakeHttpCamera.start({ folder: place, login: { user: 'cam', password: 'pass' } });
      const reader = await readCamera(camera.url('live.m3u8'), { ffmpeg, camera: quick });
      try {
        await reader.more(80, 20_000);
        const { seen } = reader;
        const [first, last] = [seen[10]!, seen.at(-1)!];
        const media = last.frame.timestamp - first.frame.timestamp;
        expect(media).toBeCloseTo((last.at - first.at) / 1000, 0);
        expect(new Set(camera.asked.filter((name) => name.endsWith('.ts'))).size).toBeGreaterThanOrEqual(3);
        expect((await reader.close()).reconnects).toEqual({});
      } finally {
        await reader.close().catch(() => {});
        await camera.close();
        await stop();
      }
    });

    it('whose list names other hosts is refused before ffmpeg asks for anything there', async () => {
      const place = await mkdtemp(path.join(folder, 'evil-'));
      const elsewhere = await FakeHttpCamera.start({ folder: place });
      const away = elsewhere.url('x.ts').replace('127.0.0.1', 'localhost');
      const list = ['#EXTM3U', '#EXT-X-TARGETDURATION:1', '#EXT-X-MEDIA-SEQUENCE:0', '#EXTINF:1,', away];
      await writeFile(path.join(place, 'live.m3u8'), list.join('\n'));
      const camera = await FakeHttpCamera.start({ folder: place });
      const reader = await readCamera(camera.url('live.m3u8'), { ffmpeg, camera: quick });
      try {
        await reader.until(() => reader.status.state === 'refused');
        expect(reader.status.fault).toMatchObject({ code: 'source-refused', facts: { host: 'localhost' } });
        expect(elsewhere.asked).toEqual([]);
      } finally {
        await reader.close();
        await camera.close();
        await elsewhere.close();
      }
    });
  },
);

it('a file that is no play list is refused in words', async () => {
  const place = await mkdtemp(path.join(folder, 'none-'));
  await writeFile(path.join(place, 'live.m3u8'), '<html>');
  const camera = await FakeHttpCamera.start({ folder: place });
  const reader = await readCamera(camera.url('live.m3u8'), { camera: quick });
  await reader.until(() => reader.status.state === 'refused');
  expect(reader.status.fault).toMatchObject({ message: expect.stringMatching(/no HLS play list/) });
  await reader.close();
  await camera.close();
});
