import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { CameraOptions } from '../../../pipeline/sources/live/camera-options.ts';
import { FakeCamera, type FakeCameraOptions } from '../../helpers/fake-camera.ts';
import { childProcesses, everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { type CameraReader, makeStream, readCamera } from './camera-reader.ts';

/**
 * What goes wrong with cameras, played by one that can: each row of the list of faults that concerns a source. The
 * machine that runs this is busy with other tests, so limits are those of the promise, not what a quiet machine shows.
 */
const folder = await scratchFolder();
const programs = await everyFfmpeg();
let file: string;

beforeAll(async () => {
  file = await makeStream(folder, 'cam.h264');
});

/** A key frame a second, as most cameras have it: what comes back waits for the next. */
const GOP = 1000;

async function play(
  use: (camera: FakeCamera, reader: CameraReader) => Promise<void>,
  options: Partial<FakeCameraOptions> & { camera?: CameraOptions; down?: boolean } = {},
  ffmpeg = programs[0]!,
): Promise<void> {
  const { camera: watched, down, ...fake } = options;
  const camera = await FakeCamera.start({ file, fps: 25, ...fake });
  if (down) await camera.close();
  const before = await childProcesses();
  const reader = await readCamera(camera.url(), { ffmpeg, camera: watched });
  try {
    await use(camera, reader);
    await reader.close();
    expect(await childProcesses()).toEqual(before);
  } finally {
    await reader.close().catch(() => {});
    await camera.close();
  }
}

/** Longest time without a frame, in milliseconds. */
function longestGap({ seen }: CameraReader): number {
  return Math.max(...seen.slice(1).map(({ at }, i) => at - seen[i]!.at));
}

/** Why stretches began, in order. */
function starts({ seen }: CameraReader): (string | undefined)[] {
  return seen.map(({ frame }) => frame.segmentStart).filter((start) => start !== undefined);
}

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))('with ffmpeg $name', ({ ffmpeg }) => {
  it('1: a camera that is down at the start is waited for', () =>
    play(
      async (camera, reader) => {
        await sleep(3000);
        expect(reader.seen).toEqual([]);
        expect(reader.status.fault).toMatchObject({ code: 'source-unreachable' });
        const up = performance.now();
        await camera.listen();
        await reader.more(1, 4000);
        console.info(`down at start: first frame ${Math.round(reader.seen[0]!.at - up)} ms after it came up`);
      },
      { down: true },
      ffmpeg,
    ));

  it.each([3, 6])('2: a camera that is killed and back after %i s is back within the outage and 2 s', (seconds) =>
    play(
      async (camera, reader) => {
        await reader.more(25);
        await camera.close();
        await sleep(seconds * 1000);
        await camera.listen();
        await reader.more(10);
        const gap = longestGap(reader);
        console.info(`outage ${seconds} s: gap ${(gap / 1000).toFixed(2)} s`);
        expect(gap).toBeLessThan(seconds * 1000 + 2000 + 500);
        expect(starts(reader)).toEqual(['reconnect']);
        expect(reader.status.reconnects).toMatchObject({ exit: 1 });
      },
      {},
      ffmpeg,
    ),
  );

  it('3, 12: a camera that stands still is noticed, and what it kept meanwhile is not shown as live', () =>
    play(
      async (camera, reader) => {
        await reader.more(25);
        camera.held = true;
        const stopped = performance.now();
        await reader.until(() => reader.status.state === 'stalled' || reader.status.stalls > 0);
        const noticed = performance.now() - stopped;
        console.info(`stall noticed after ${Math.round(noticed)} ms`);
        expect(noticed).toBeLessThan(2500);
        camera.held = false;
        await reader.more(10);
        expect(reader.status.stalls).toBe(1);
        expect(reader.status.reconnects).toMatchObject({ stall: 1 });
        expect(starts(reader)).toEqual(['reconnect']);
      },
      {},
      ffmpeg,
    ));

  it('3: of a burst after a shorter stop nothing older than a second is shown', () =>
    play(
      async (camera, reader) => {
        await reader.more(25);
        const sentBefore = camera.sent;
        camera.held = true;
        await sleep(1700);
        camera.held = false;
        await reader.more(25);
        const status = await reader.close();
        const stale = status.discarded['stale'] ?? 0;
        console.info(`burst of ${1.7} s: ${stale} frames let go as stale, 0 of them shown`);
        expect(sentBefore).toBeGreaterThan(20);
        expect(stale).toBeGreaterThan(5);
        expect(status.stalls).toBe(0);
        // Media time runs with the wall clock here, so a frame's age is what it lags behind the promptest.
        const lag = reader.seen.map(({ frame, at }) => at - frame.timestamp * 1000);
        const prompt = Math.min(...lag);
        expect(Math.max(...lag.map((late) => late - prompt))).toBeLessThan(1100);
      },
      {},
      ffmpeg,
    ));

  it('4: pictures that stop while reports go on are noticed as well', () =>
    play(
      async (camera, reader) => {
        await reader.more(25);
        camera.muted = true;
        const stopped = performance.now();
        await reader.until(() => reader.status.stalls > 0);
        expect(performance.now() - stopped).toBeLessThan(2500);
        await sleep(500);
        camera.muted = false;
        await reader.more(5);
      },
      {},
      ffmpeg,
    ));

  it('5: a camera that accepts and never answers is given up, again and again', () =>
    play(
      async (camera, reader) => {
        camera.mute = true;
        await reader.until(() => (reader.status.reconnects['start-timeout'] ?? 0) >= 2);
        expect(reader.status.fault).toMatchObject({ code: 'source-timeout' });
        expect(camera.clients).toBeLessThanOrEqual(1);
        camera.mute = false;
        await reader.more(1);
      },
      { camera: { startTimeoutMs: 1000 } },
      ffmpeg,
    ));

  it.each(['reset', 'end'] as const)('6: a connection that is closed (%s) every second is made again', (how) =>
    play(
      async (camera, reader) => {
        for (let i = 0; i < 4; i++) {
          await reader.more(25);
          camera.kick(how);
          // What was under way still arrives.
          await reader.until(() => reader.status.reconnects['exit'] === i + 1);
        }
        await reader.more(5);
        console.info(`kick (${how}) x 4: longest gap ${Math.round(longestGap(reader))} ms`);
        expect(longestGap(reader)).toBeLessThan(2500);
        expect(starts(reader)).toEqual(['reconnect', 'reconnect', 'reconnect', 'reconnect']);
        expect(reader.status.reconnects).toEqual({ exit: 4 });
        expect(camera.clients).toBe(1);
      },
      {},
      ffmpeg,
    ),
  );

  it('9: of a stream of which a tenth is damaged nine tenths come', () =>
    play(
      async (camera, reader) => {
        await reader.more(5);
        camera.corrupt = 0.1;
        const [sent, seen] = [camera.sent, reader.seen.length];
        await reader.more(120);
        expect((reader.seen.length - seen) / (camera.sent - sent)).toBeGreaterThan(0.9);
        expect(reader.status.decodeErrors).toBeGreaterThan(0);
        expect(reader.status.reconnects).toEqual({});
      },
      {},
      ffmpeg,
    ));

  it('10: of a stream over UDP that loses a twentieth of its packets most comes', () =>
    play(
      async (camera, reader) => {
        await reader.more(5);
        camera.drop = 0.05;
        const [sent, seen] = [camera.sent, reader.seen.length];
        await reader.more(100, 15_000);
        expect((reader.seen.length - seen) / (camera.sent - sent)).toBeGreaterThan(0.85);
        expect(longestGap(reader)).toBeLessThan(GOP + 500);
        expect(reader.status.reconnects).toEqual({});
      },
      { camera: { transport: 'udp' } },
      ffmpeg,
    ));

  it.each([100, -2])('11: a camera whose clock jumps by %i s begins a new stretch, and time goes on', (jump) =>
    play(
      async (camera, reader) => {
        await reader.more(25);
        camera.timeShift = jump;
        await reader.more(60);
        const status = await reader.close();
        expect(status.timestampJumps).toBe(1);
        expect(starts(reader)).toEqual(['time-gap']);
        expect(status.reconnects).toEqual({});
        const times = reader.seen.map(({ frame }) => frame.timestamp);
        const spent = (reader.seen.at(-1)!.at - reader.seen[0]!.at) / 1000;
        expect(times.at(-1)! - times[0]!).toBeCloseTo(spent, 0);
      },
      {},
      ffmpeg,
    ),
  );

  it('13: a camera that changes its size goes on at the size asked for', async () => {
    const other = await makeStream(folder, 'other.h264', { size: '640x384' });
    await play(
      async (camera, reader) => {
        await reader.more(25);
        await camera.switchTo(other);
        await reader.until(() => reader.seen.at(-1)!.frame.sourceSize.width === 640);
        await reader.more(10);
        expect(reader.status.sizeChanges).toBe(1);
        expect(new Set(reader.seen.map(({ frame }) => `${frame.width}x${frame.height}`))).toEqual(new Set(['64x32']));
        expect(reader.status.reconnects).toEqual({});
      },
      {},
      ffmpeg,
    );
  });

  it('14, 15: a decoder that is killed or stopped is replaced', () =>
    play(
      async (_camera, reader) => {
        await reader.more(10);
        process.kill((await childProcesses())[0]!, 'SIGKILL');
        const killed = performance.now();
        await reader.until(() => reader.status.decoderExits['SIGKILL'] === 1);
        await reader.more(1);
        console.info(`decoder killed: next frame after ${Math.round(performance.now() - killed)} ms`);
        expect(reader.status.reconnects).toEqual({ decoder: 1 });
        await reader.more(10);
        process.kill((await childProcesses())[0]!, 'SIGSTOP');
        const stopped = performance.now();
        await reader.until(() => reader.status.stalls === 1);
        expect(performance.now() - stopped).toBeLessThan(2500);
        await reader.more(1);
      },
      {},
      ffmpeg,
    ));
});

it('2: a camera that is away for 12 s is back within the outage and 2 s', () =>
  play(async (camera, reader) => {
    await reader.more(25);
    await camera.close();
    await sleep(12_000);
    await camera.listen();
    await reader.more(10);
    console.info(`outage 12 s: gap ${(longestGap(reader) / 1000).toFixed(2)} s`);
    expect(longestGap(reader)).toBeLessThan(14_500);
  }));

it('12: a rate that changes from 25 to 5 to 60 keeps frames prompt', () =>
  play(async (camera, reader) => {
    await reader.more(25);
    for (const rate of [5, 60]) {
      camera.setRate(rate);
      await reader.more(2 * rate);
    }
    const waits = reader.seen.map(({ frame, at }) => at - frame.arrivedAt).sort((a, b) => a - b);
    expect(waits[Math.floor(waits.length * 0.95)]!).toBeLessThan(34);
    expect(reader.status.reconnects).toEqual({});
  }));

it('the first frame comes within a second of the first key frame', () =>
  play(async (camera, reader) => {
    await reader.more(1);
    const latency = reader.seen[0]!.at - camera.firstKeyAt;
    console.info(`first frame ${Math.round(latency)} ms after the first key frame was sent`);
    expect(latency).toBeLessThan(1000);
  }));

it('what a hub kept from before is let go, so the first frame shown is not seconds old', () =>
  play(
    async (camera, reader) => {
      await reader.more(10);
      const status = await reader.close();
      expect(status.discarded['catching-up']).toBeGreaterThan(40);
      // The first frame shown was among the last of those that were sent at once.
      expect(camera.sent - status.decoded).toBeLessThan(6);
    },
    { backlog: 60 },
  ));

it('28: a wall clock that is set makes no stall', () =>
  play(async (_camera, reader) => {
    await reader.more(10);
    const real = Date.now;
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + 3_600_000);
    await reader.more(60);
    spy.mockImplementation(() => real() - 3_600_000);
    await reader.more(60);
    spy.mockRestore();
    expect(reader.status).toMatchObject({ stalls: 0, reconnects: {}, timestampJumps: 0 });
  }));

it('29: a process that stood still itself blames no camera', () =>
  play(async (_camera, reader) => {
    await reader.more(25);
    // Longer than the stall timeout, with nothing running in between, as on a machine that is overrun.
    const end = performance.now() + 3000;
    while (performance.now() < end);
    await reader.more(25);
    expect(reader.status).toMatchObject({ stalls: 0, reconnects: {} });
  }));
