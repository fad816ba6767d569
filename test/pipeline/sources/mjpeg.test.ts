import path from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { FakeHttpCamera, type FakeHttpCameraOptions } from '../../helpers/fake-http-camera.ts';
import { everyFfmpeg, makeFootage, scratchFolder, testPicture } from '../ffmpeg/footage.ts';
import { PATIENT, readCamera } from './camera-reader.ts';

const folder = await scratchFolder();
const programs = await everyFfmpeg();
const quick = { ...PATIENT, retry: { leastMs: 100, mostMs: 1000 } };

beforeAll(() => makeFootage(...testPicture('s=320x192:r=25:d=1'), path.join(folder, '%03d.jpg')));

async function withCamera(
  options: Partial<FakeHttpCameraOptions>,
  use: (camera: FakeHttpCamera) => Promise<void>,
): Promise<void> {
  const camera = await FakeHttpCamera.start({ folder, ...options });
  try {
    await use(camera);
  } finally {
    await camera.close();
  }
}

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'an MJPEG camera through ffmpeg $name',
  ({ ffmpeg }) => {
    it.each([true, false])('plays, whether its parts state their length (%s) or not', (lengths) =>
      withCamera({ lengths, login: { user: 'cam', password: 'p@ss' } }, async (camera) => {
        const reader = await readCamera(camera.url('mjpeg'), { ffmpeg, camera: quick });
        await reader.more(30);
        expect(reader.camera.info).toMatchObject({ codec: 'mjpeg', size: { width: 320, height: 192 } });
        const { seen } = reader;
        // By the time of arrival, which is uneven on a machine that is busy: at 25 a second on the whole, or slower.
        const span = seen.at(-1)!.frame.timestamp - seen[5]!.frame.timestamp;
        expect(span / (seen.length - 6)).toBeGreaterThan(0.02);
        expect(span / (seen.length - 6)).toBeLessThan(1);
        const status = await reader.close();
        expect(status).toMatchObject({ decodeErrors: 0, reconnects: {} });
        expect(inspect([status, reader.changes, reader.camera.info], { depth: 9 })).not.toMatch(/p@ss|p%40ss/);
      }),
    );

    it('that stops and that goes away is connected to again', () =>
      withCamera({}, async (camera) => {
        const reader = await readCamera(camera.url('mjpeg'), { ffmpeg, camera: { ...quick, stallTimeoutMs: 2000 } });
        await reader.more(10);
        camera.frozen = true;
        const { stalls } = reader.status;
        await reader.until(() => reader.status.stalls > stalls);
        camera.frozen = false;
        await reader.more(10);
        camera.kick();
        await reader.until(() => (reader.status.reconnects['exit'] ?? 0) >= 1);
        await reader.more(10);
        await reader.close();
      }));
  },
);

it('a redirection is followed on the same host, to hosts that were named, and nowhere else', () =>
  withCamera({}, async (elsewhere) =>
    withCamera({ login: { user: 'cam', password: 'pass' } }, async (camera) => {
      camera.redirect = elsewhere.url('mjpeg');
      const reader = await readCamera(camera.url('mjpeg'), { camera: quick });
      await reader.more(2);
      await reader.close();
      camera.redirect = elsewhere.url('mjpeg').replace('127.0.0.1', 'localhost');
      const asked = elsewhere.asked.length;
      const away = await readCamera(camera.url('mjpeg'), { camera: quick });
      await away.until(() => away.status.state === 'refused');
      expect(away.status.fault).toMatchObject({ code: 'source-refused', facts: { host: 'localhost' } });
      expect(elsewhere.asked).toHaveLength(asked);
      await away.close();
      const named = await readCamera(camera.url('mjpeg'), { camera: { ...quick, allowHosts: ['localhost'] } });
      await named.more(2);
      await named.close();
      camera.redirect = 'http://169.254.169.254/latest';
      const refused = await readCamera(camera.url('mjpeg'), { camera: quick });
      await refused.until(() => refused.status.state === 'refused');
      expect(refused.status.fault).toMatchObject({ code: 'source-refused' });
      await refused.close();
    }),
  ));

it('what is no stream of pictures is refused in words', () =>
  withCamera({}, async (camera) => {
    const reader = await readCamera(camera.url('001.jpg'), { camera: quick });
    await reader.until(() => reader.status.state === 'refused');
    expect(reader.status.fault).toMatchObject({
      code: 'source-refused',
      message: expect.stringMatching(/no pictures/),
    });
    await reader.close();
  }));
