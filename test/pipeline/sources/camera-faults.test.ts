import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { childProcesses, everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { makeStream, PATIENT } from './camera-reader.ts';
import { longestGap, play, starts, WATCHED } from './fault-play.ts';

/**
 * What goes wrong with connections to cameras, played by one that can: each row of the list of faults that concerns one.
 * How long things took is told and not judged: that is measured by `depthcast bench --suite soak`, and the waits between
 * two tries are tested in virtual time (live/backoff.test.ts).
 */
const folder = await scratchFolder();
const programs = await everyFfmpeg();
let file: string;

beforeAll(async () => {
  file = await makeStream(folder, 'cam.h264');
});

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
      { file, ffmpeg, down: true },
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
      { file, ffmpeg },
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
      { file, ffmpeg, camera: WATCHED },
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
      { file, ffmpeg, camera: { ...PATIENT, staleAfterMs: 1000 } },
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
      { file, ffmpeg, camera: WATCHED },
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
      { file, ffmpeg, camera: { ...PATIENT, startTimeoutMs: 3000 } },
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
      { file, ffmpeg },
    ),
  );

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
      { file, ffmpeg, camera: WATCHED },
    ));
});

it('2: a camera that is away for 12 s is found again', () =>
  play(
    async (camera, reader) => {
      await reader.more(25);
      await camera.close();
      await sleep(12_000);
      await camera.listen();
      await reader.more(10);
      console.info(`outage 12 s: gap ${(longestGap(reader) / 1000).toFixed(2)} s`);
      expect(starts(reader)).toEqual(['reconnect']);
    },
    { file },
  ));

it('the first frame needs no more than the first pictures of half a second', () =>
  play(
    async (camera, reader) => {
      await reader.until(() => camera.sent >= 12);
      camera.muted = true;
      await reader.until(() => reader.seen.length > 0);
      const latency = reader.seen[0]!.at - camera.firstKeyAt;
      console.info(`first frame ${Math.round(latency)} ms after the first key frame was sent`);
    },
    { file },
  ));

it('28: a wall clock that is set makes no stall', () =>
  play(
    async (_camera, reader) => {
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
    },
    { file },
  ));

it('29: a process that stood still itself blames no camera', () =>
  play(
    async (_camera, reader) => {
      await reader.more(25);
      // Longer than the stall timeout, with nothing running in between, as on a machine that is overrun.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000);
      await reader.more(25);
      expect(reader.status).toMatchObject({ stalls: 0, reconnects: {} });
    },
    { file, camera: WATCHED },
  ));
