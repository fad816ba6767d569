import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';
import { everyFfmpeg, testPicture } from '../ffmpeg/footage.ts';
import { PATIENT, readCamera } from './camera-reader.ts';

const programs = await everyFfmpeg();
const quick = { ...PATIENT, retry: { leastMs: 100, mostMs: 1000 } };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** ffmpeg as an RTMP server for one player: pictures and sound, from when the player comes. */
async function serve(url: string): Promise<() => Promise<void>> {
  const { path } = await locateFfmpeg();
  const input = ['-re', ...testPicture('s=320x192:r=25'), '-re', '-f', 'lavfi', '-i', 'sine=f=440'];
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '25'];
  const args = ['-nostdin', '-v', 'error', ...input, ...x264, '-c:a', 'aac', '-f', 'flv', '-listen', '1', url];
  const server = spawn(path, args, { stdio: 'ignore' });
  const ended = once(server, 'exit');
  return async () => {
    server.kill('SIGKILL');
    await ended;
  };
}

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'an RTMP stream through ffmpeg $name',
  ({ ffmpeg }) => {
    it('is waited for, plays, is lost and found again, and its key appears in no error', async () => {
      const url = `rtmp://127.0.0.1:${await freePort()}/live/secretkey`;
      const reader = await readCamera(url, { ffmpeg, camera: quick });
      let stop: (() => Promise<void>) | undefined;
      try {
        await reader.until(() => reader.status.state === 'waiting');
        stop = await serve(url);
        await reader.more(30);
        expect(reader.camera.info).toMatchObject({ codec: 'h264', size: { width: 320, height: 192 } });
        const times = reader.seen.map(({ frame }) => frame.timestamp);
        expect(times[29]! - times[19]!).toBeCloseTo(0.4, 1);
        await stop();
        await reader.until(() => reader.status.state === 'waiting');
        stop = await serve(url);
        await reader.more(5);
        const status = await reader.close();
        expect(inspect([status, reader.changes, reader.camera.info], { depth: 9 })).not.toContain('secretkey');
      } finally {
        await reader.close().catch(() => {});
        await stop?.();
      }
    });
  },
);
