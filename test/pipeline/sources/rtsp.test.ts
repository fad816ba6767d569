import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CameraOptions } from '../../../pipeline/sources/live/camera-options.ts';
import { openSource } from '../../../pipeline/sources/registry.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { childProcesses, everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { makeStream, PATIENT, readCamera } from './camera-reader.ts';

const folder = await scratchFolder();
const programs = await everyFfmpeg();
const login = { user: 'cam', password: 'p@ss:w/rd' };
const quick: CameraOptions = { ...PATIENT, retry: { leastMs: 100, mostMs: 1000 } };
let file: string;

beforeAll(async () => {
  file = await makeStream(folder, 'cam.h264', { keyEvery: 10 });
});

async function withCamera(
  options: Partial<Parameters<typeof FakeCamera.start>[0]>,
  use: (camera: FakeCamera) => Promise<void>,
): Promise<void> {
  const camera = await FakeCamera.start({ file, fps: 25, ...options });
  try {
    await use(camera);
  } finally {
    await camera.close();
  }
}

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'an RTSP camera through ffmpeg $name',
  ({ ffmpeg }) => {
    it.each([
      ['digest', 'tcp'],
      ['digest-sha256-qop', 'tcp'],
      ['basic', 'tcp'],
      ['digest', 'udp'],
    ] as const)('plays with %s over %s, a password of difficult characters and one connection', (auth, transport) =>
      withCamera({ login, auth, only: transport }, async (camera) => {
        const reader = await readCamera(camera.url(), { ffmpeg, camera: { ...quick, transport } });
        await reader.more(20);
        expect(camera.connections).toBe(1);
        expect(camera.refusals).toBe(0);
        expect(reader.camera.info).toMatchObject({ live: true, size: { width: 320, height: 192 }, codec: 'h264' });
        const times = reader.seen.map(({ frame }) => frame.timestamp);
        // The first packets of a session may come without a time; after that a frame is 40 ms, or most are: datagrams
        // may get lost on a machine that is busy, and where this process stands still the camera leaves pictures out.
        const steps = times.slice(10).map((time, i) => time - times[i + 9]!);
        if (transport === 'tcp') for (const step of steps) expect(step).toBeGreaterThan(0.0395);
        expect(steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)]).toBeCloseTo(0.04, 3);
        for (const { frame } of reader.seen) expect(Math.abs(frame.capturedAt! - Date.now())).toBeLessThan(10_000);
        for (const { frame } of reader.seen) {
          expect(frame.takenAt!).toBeLessThanOrEqual(frame.arrivedAt);
          expect(frame.arrivedAt - frame.takenAt!).toBeLessThan(10_000);
        }
        expect(await reader.close()).toMatchObject({ reconnects: {}, decoderExits: {} });
      }),
    );

    it('shows neither password nor address of the camera in the list of processes', () =>
      withCamera({ login }, async (camera) => {
        const reader = await readCamera(camera.url(), { ffmpeg, camera: quick });
        await reader.more(1);
        const [id, ...others] = await childProcesses();
        expect(others).toEqual([]);
        const line = await readFile(`/proc/${id}/cmdline`, 'latin1');
        expect(line).toContain('rawvideo');
        expect(line).not.toMatch(new RegExp(`p@ss|p%40ss|cam:|:${camera.port}`));
        await reader.close();
        expect(await childProcesses()).toEqual([]);
      }));

    it('plays by name, which the bundled ffmpeg alone would not survive', () =>
      withCamera({}, async (camera) => {
        const source = await openSource(camera.url(undefined, 'localhost'), { ffmpeg, camera: quick });
        const read = { stream: 'door', size: { width: 64, height: 32 }, maxFrames: 1 };
        for await (const frame of source.frames(read)) expect(frame.index).toBe(0);
      }));

    it('asks the size rule what to scale to, and connects a second time only for a size that is rare', async () => {
      const half = (footage: { width: number; height: number }) => ({
        width: footage.width / 2,
        height: footage.height / 2,
      });
      await withCamera({}, async (camera) => {
        const reader = await readCamera(camera.url(), { ffmpeg, camera: quick }, { size: half });
        await reader.more(2);
        expect(reader.seen[0]!.frame).toMatchObject({ width: 160, height: 96, sourceSize: { width: 320 } });
        expect(camera.connections).toBe(1);
        await reader.close();
      });
      const odd = await makeStream(folder, 'odd.h264', { size: '332x188', keyEvery: 10 });
      await withCamera({ file: odd }, async (camera) => {
        const reader = await readCamera(camera.url(), { ffmpeg, camera: quick }, { size: half });
        await reader.more(2);
        expect(reader.seen[0]!.frame).toMatchObject({ width: 166, height: 94 });
        expect(camera.connections).toBe(2);
        expect((await reader.close()).reconnects).toEqual({ size: 1 });
      });
    });

    it.each([
      ['461 Unsupported Transport', 'source-transport', 'transport'],
      ['454 Session Not Found', 'source-refused', 'refused'],
      ['404 Not Found', 'source-not-found', 'not-found'],
      ['503 Service Unavailable', 'source-refused', 'refused'],
    ])('answers %s with %s, and asks again later', (answer, code, reason) =>
      withCamera({}, async (camera) => {
        camera.answer = answer;
        const reader = await readCamera(camera.url(), { ffmpeg, camera: quick });
        await reader.until(() => (reader.status.reconnects[reason] ?? 0) >= 2);
        expect(reader.status.fault).toMatchObject({ code, facts: { status: Number(answer.slice(0, 3)) } });
        expect(reader.changes.map(({ state }) => state)).toContain('refused');
        camera.answer = undefined;
        await reader.more(1);
        expect(reader.status).toMatchObject({ state: 'live', fault: undefined });
        await reader.close();
      }),
    );
  },
);

it('a wrong password is tried once, and appears nowhere', () =>
  withCamera({ login }, async (camera) => {
    const wrong = camera.url({ user: 'cam', password: 'hu@sh' });
    const reader = await readCamera(wrong, { camera: { ...quick, loginRetryMs: 30_000 } });
    await reader.until(() => reader.status.state === 'refused');
    expect(reader.status.fault).toMatchObject({ code: 'source-auth' });
    // Half a minute, less what has passed since.
    expect(reader.status.nextTryInMs).toBeGreaterThan(15_000);
    expect(camera.refusals).toBe(1);
    expect(inspect([reader.status, reader.changes, reader.camera.info], { depth: 9 })).not.toMatch(/hu@sh|hu%40sh/);
    await reader.close();
  }));

it('a redirection is not followed', () =>
  withCamera({}, async (elsewhere) =>
    withCamera({}, async (camera) => {
      camera.redirect = elsewhere.url();
      const reader = await readCamera(camera.url(), { camera: quick });
      await reader.until(() => reader.status.state === 'refused');
      expect(reader.status.fault).toMatchObject({ code: 'source-refused', facts: { status: 302 } });
      expect(elsewhere.connections).toBe(0);
      await reader.close();
    }),
  ));

it.each([
  'rtsp://169.254.169.254/latest',
  'rtsp://[fe80::1]/cam',
  'rtsp://[::ffff:169.254.169.254]/cam',
  'rtsp://0xa9fea9fe/cam',
  'rtsp://224.0.0.1/cam',
  'rtsp://127.0.0.1:22/cam',
  'http://169.254.169.254/latest/meta-data',
  'rtmp://169.254.169.254/live/x',
])('%s is not connected to', async (url) => {
  const reader = await readCamera(url, { camera: quick });
  await reader.until(() => reader.status.state === 'refused');
  expect(reader.status.fault).toMatchObject({ code: 'source-refused' });
  expect(reader.status.decoderExits).toEqual({});
  await reader.close();
});

it('a size rule that refuses what the camera sends ends the reading with its own words', () =>
  withCamera({}, async (camera) => {
    const size = (): never => {
      throw new RangeError('no such size');
    };
    const reader = await readCamera(camera.url(), { camera: quick }, { size });
    await reader.until(() => reader.failure !== undefined);
    expect(reader.failure).toMatchObject({ message: 'no such size' });
    await reader.close();
  }));

it('a reader who stops waiting for a frozen camera is let go at once', () =>
  withCamera({}, async (camera) => {
    // Nothing else would end its wait within the time a test may take.
    const source = await openSource(camera.url(), { camera: { ...quick, stallTimeoutMs: 3_600_000 } });
    const iterator = source.frames({ stream: 'door', size: { width: 64, height: 32 } })[Symbol.asyncIterator]();
    await iterator.next();
    camera.frozen = true;
    const pending = Array.from({ length: 40 }, () => iterator.next());
    await iterator.return?.();
    await Promise.all(pending);
    expect(await childProcesses()).toEqual([]);
  }));
