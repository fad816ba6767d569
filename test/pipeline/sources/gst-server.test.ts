import { beforeAll, describe, expect, it } from 'vitest';
import { hasGstCamera, startGstCamera } from '../../helpers/gst-camera.ts';
import { everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { makeStream, PATIENT, readCamera } from './camera-reader.ts';

const there = hasGstCamera();
const folder = await scratchFolder();
const programs = await everyFfmpeg();
let file: string;

beforeAll(async () => {
  file = await makeStream(folder, 'gst.h264');
});

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'a camera of GStreamer through ffmpeg $name',
  ({ ffmpeg }) => {
    it.skipIf(!there).each(['tcp', 'udp'] as const)(
      'plays over %s with digest, stalls when it freezes and comes back',
      async (transport) => {
        const { server, port } = await startGstCamera(file, 'cam', 'p@ss:w/rd');
        const url = `rtsp://cam:p%40ss%3Aw%2Frd@127.0.0.1:${port}/cam`;
        const reader = await readCamera(url, { ffmpeg, camera: { ...PATIENT, stallTimeoutMs: 4000, transport } });
        try {
          await reader.more(50);
          expect(reader.camera.info.size).toEqual({ width: 320, height: 192 });
          const times = reader.seen.map(({ frame }) => frame.timestamp);
          const steps = times.slice(15).map((time, i) => time - times[i + 14]!);
          // Datagrams may get lost on a machine that is busy, so over UDP most are.
          if (transport === 'tcp') for (const step of steps) expect(step).toBeCloseTo(0.04, 2);
          expect(steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)]).toBeCloseTo(0.04, 2);
          server.stdin!.write('freeze\n');
          await reader.until(() => reader.status.stalls > 0);
          server.stdin!.write('resume\n');
          await reader.more(10);
          await reader.close();
        } finally {
          await reader.close().catch(() => {});
          server.kill('SIGKILL');
        }
      },
    );

    it.skipIf(!there)('that is stopped and goes on shows nothing of what it kept', async () => {
      const { server, port } = await startGstCamera(file);
      const camera = { ...PATIENT, stallTimeoutMs: 5000 };
      const reader = await readCamera(`rtsp://127.0.0.1:${port}/cam`, { ffmpeg, camera });
      try {
        await reader.more(25);
        server.kill('SIGSTOP');
        await reader.until(() => reader.status.stalls > 0);
        server.kill('SIGCONT');
        await reader.more(25);
        // What it kept is older than the stall; what is new may lag, but not by that.
        const lag = reader.seen.map(({ frame }) => frame.arrivedAt - frame.timestamp * 1000);
        expect(Math.max(...lag) - Math.min(...lag)).toBeLessThan(4000);
        await reader.close();
      } finally {
        await reader.close().catch(() => {});
        server.kill('SIGKILL');
      }
    });
  },
);
