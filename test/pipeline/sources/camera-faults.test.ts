import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { CameraOptions } from '../../../pipeline/sources/live/camera-options.ts';
import { FakeCamera, type FakeCameraOptions } from '../../helpers/fake-camera.ts';
import { childProcesses, everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { type CameraReader, makeStream, PATIENT, readCamera } from './camera-reader.ts';

/**
 * What goes wrong with cameras, played by one that can: each row of the list of faults that concerns a source. How long
 * things took is told and not judged: that is measured by `depthcast bench --suite soak`, and the waits between two tries
 * are tested in virtual time (live/backoff.test.ts).
 */
const folder = await scratchFolder();
const programs = await everyFfmpeg();
let file: string;

beforeAll(async () => {
  file = await makeStream(folder, 'cam.h264');
});

/** With a watchdog that barks in a moment, and not because the machine is starved. */
const WATCHED: CameraOptions = { ...PATIENT, stallTimeoutMs: 4000 };

async function play(
  use: (camera: FakeCamera, reader: CameraReader) => Promise<void>,
  options: Partial<FakeCameraOptions> & { camera?: CameraOptions; down?: boolean } = {},
  ffmpeg = programs[0]!,
): Promise<void> {
  const { camera: watched = PATIENT, down, ...fake } = options;
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
        await reader.until(() => (reader.status.reconnects['unreachable'] ?? 0) >= 3);
        expect(reader.seen).toEqual([]);
        expect(reader.status.fault).toMatchObject({ code: 'source-unreachable' });
        const up = performance.now();
        await camera.listen();
        await reader.more(1);
        console.info(`down at start: first frame ${Math.round(reader.seen[0]!.at - up)} ms after it came up`);
      },
      { down: true },
      ffmpeg,
    ));

  it.each([3, 6])('2: a camera that is killed and back after %i s is found again', (seconds) =>
    play(
      async (camera, reader) => {
        await reader.more(25);
        await camera.close();
        await sleep(seconds * 1000);
        await camera.listen();
        await reader.more(10);
        console.info(`outage ${seconds} s: gap ${(longestGap(reader) / 1000).toFixed(2)} s`);
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
        console.info(`stall noticed after ${Math.round(performance.now() - stopped)} ms`);
        camera.held = false;
        await reader.more(10);
        expect(reader.status.stalls).toBe(1);
        expect(reader.status.reconnects).toMatchObject({ stall: 1 });
        expect(starts(reader)).toEqual(['reconnect']);
      },
      { camera: WATCHED },
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
        expect(stale).toBeGreaterThan(0);
        expect(status.stalls).toBe(0);
        // Media time runs with the wall clock here, so a frame's age is what it lags behind the promptest.
        const lag = reader.seen.map(({ frame }) => frame.arrivedAt - frame.timestamp * 1000);
        const prompt = Math.min(...lag);
        expect(Math.max(...lag.map((late) => late - prompt))).toBeLessThan(1100);
      },
      { camera: { ...PATIENT, staleAfterMs: 1000 } },
      ffmpeg,
    ));

  it('4: pictures that stop while reports go on are noticed as well', () =>
    play(
      async (camera, reader) => {
        await reader.more(25);
        camera.muted = true;
        await reader.until(() => reader.status.stalls > 0);
        await sleep(500);
        camera.muted = false;
        await reader.more(5);
      },
      { camera: WATCHED },
      ffmpeg,
    ));

  it('5: a camera that accepts and never answers is given up, again and again', () =>
    play(
      async (camera, reader) => {
        camera.mute = true;
        await reader.until(() => (reader.status.reconnects['start-timeout'] ?? 0) >= 2);
        expect(reader.status.fault).toMatchObject({ code: 'source-timeout' });
        // The one that was given up is gone, whenever its end is seen here.
        await reader.until(() => camera.clients <= 1);
        camera.mute = false;
        await reader.more(1);
      },
      { camera: { ...PATIENT, startTimeoutMs: 3000 } },
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
        expect(starts(reader)).toEqual(['reconnect', 'reconnect', 'reconnect', 'reconnect']);
        expect(reader.status.reconnects).toEqual({ exit: 4 });
        await reader.until(() => camera.clients === 1);
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
        // Those under way still come.
        camera.muted = true;
        await reader.until(() => reader.seen.length - seen > 0.9 * (camera.sent - sent));
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
        await reader.more(100);
        camera.muted = true;
        await reader.until(() => reader.seen.length - seen > 0.85 * (camera.sent - sent));
        console.info(`a twentieth lost: longest gap ${Math.round(longestGap(reader))} ms`);
        expect(reader.status.reconnects).toEqual({});
      },
      { camera: { ...PATIENT, transport: 'udp' } },
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
        const spent = (reader.seen.at(-1)!.frame.arrivedAt - reader.seen[0]!.frame.arrivedAt) / 1000;
        // Either may have waited a moment on the way; the jump is longer than that.
        expect(Math.abs(times.at(-1)! - times[0]! - spent)).toBeLessThan(1.5);
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
        await reader.until(() => reader.status.stalls === 1);
        await reader.more(1);
      },
      { camera: WATCHED },
      ffmpeg,
    ));
});

it('2: a camera that is away for 12 s is found again', () =>
  play(async (camera, reader) => {
    await reader.more(25);
    await camera.close();
    await sleep(12_000);
    await camera.listen();
    await reader.more(10);
    console.info(`outage 12 s: gap ${(longestGap(reader) / 1000).toFixed(2)} s`);
    expect(starts(reader)).toEqual(['reconnect']);
  }));

it('12: a rate that changes from 25 to 5 to 60 is followed without a stall or a jump', () =>
  play(async (camera, reader) => {
    await reader.more(25);
    for (const rate of [5, 60]) {
      camera.setRate(rate);
      await reader.more(2 * rate);
    }
    const waits = reader.seen.map(({ frame, at }) => at - frame.arrivedAt).sort((a, b) => a - b);
    console.info(`95 of 100 frames waited ${Math.round(waits[Math.floor(waits.length * 0.95)]!)} ms at most`);
    expect(reader.status).toMatchObject({ stalls: 0, timestampJumps: 0, reconnects: {} });
  }));

it('the first frame needs no more than the first pictures of half a second', () =>
  play(async (camera, reader) => {
    await reader.until(() => camera.sent >= 12);
    camera.muted = true;
    await reader.until(() => reader.seen.length > 0);
    const latency = reader.seen[0]!.at - camera.firstKeyAt;
    console.info(`first frame ${Math.round(latency)} ms after the first key frame was sent`);
  }));

it('what a hub kept from before is let go, so the first frame shown is not seconds old', () =>
  play(
    async (camera, reader) => {
      await reader.more(10);
      const status = await reader.close();
      expect(camera.sent).toBeGreaterThan(60);
      // The first frame shown was among the last of those that were sent at once.
      expect(status.discarded['catching-up']).toBeGreaterThan(40);
    },
    { backlog: 60 },
  ));

it('28: a wall clock that is set makes no stall', () =>
  play(async (_camera, reader) => {
    await reader.more(10);
    const real = Date.now;
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + 3_600_000);
    try {
      await reader.more(60);
      spy.mockImplementation(() => real() - 3_600_000);
      await reader.more(60);
    } finally {
      spy.mockRestore();
    }
    expect(reader.status).toMatchObject({ stalls: 0, reconnects: {}, timestampJumps: 0 });
  }));

it('29: a process that stood still itself blames no camera', () =>
  play(
    async (_camera, reader) => {
      await reader.more(25);
      // Longer than the stall timeout, with nothing running in between, as on a machine that is overrun.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000);
      await reader.more(25);
      expect(reader.status).toMatchObject({ stalls: 0, reconnects: {} });
    },
    { camera: WATCHED },
  ));
