import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { makeStream, PATIENT, readCamera } from './camera-reader.ts';

/** A server that is not ours, so that camera and player cannot share a misunderstanding of the protocol. */
const SERVER = fileURLToPath(new URL('../../helpers/gst-camera.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

function installed(): boolean {
  const versions = "gi.require_version('Gst','1.0'); gi.require_version('GstRtspServer','1.0')";
  const look = `import gi; ${versions}; from gi.repository import Gst, GstRtspServer; Gst.init(None); exit(0 if Gst.ElementFactory.find('rtph264pay') else 1)`;
  try {
    execFileSync(PYTHON, ['-c', look], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(
      'skipped: cameras of GStreamer need python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good (Debian)',
    );
    return false;
  }
}

const there = installed();
const folder = await scratchFolder();
const programs = await everyFfmpeg();

async function start(...args: string[]): Promise<{ server: ChildProcess; port: number }> {
  const file = await makeStream(folder, 'gst.h264');
  const server = spawn(PYTHON, [SERVER, file, '25', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [line] = (await once(server.stdout!, 'data')) as [Buffer];
  return { server, port: Number(line.toString()) };
}

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'a camera of GStreamer through ffmpeg $name',
  ({ ffmpeg }) => {
    it.skipIf(!there).each(['tcp', 'udp'] as const)(
      'plays over %s with digest, stalls when it freezes and comes back',
      async (transport) => {
        const { server, port } = await start('cam', 'p@ss:w/rd');
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
      const { server, port } = await start();
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
