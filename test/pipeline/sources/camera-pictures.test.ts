import { beforeAll, describe, expect, it } from 'vitest';
import { everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { makeStream, PATIENT } from './camera-reader.ts';
import { longestGap, play, starts } from './fault-play.ts';

/**
 * What goes wrong with the pictures of a camera while its connection stands: damage, loss, clocks, sizes, rates, age.
 */
const folder = await scratchFolder();
const programs = await everyFfmpeg();
let file: string;

beforeAll(async () => {
  file = await makeStream(folder, 'cam.h264');
});

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))('with ffmpeg $name', ({ ffmpeg }) => {
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
      { file, ffmpeg },
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
      { file, ffmpeg, camera: { ...PATIENT, transport: 'udp' } },
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
      { file, ffmpeg },
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
      { file, ffmpeg },
    );
  });
});

it('12: a rate that changes from 25 to 5 to 60 is followed without a stall or a jump', () =>
  play(
    async (camera, reader) => {
      await reader.more(25);
      for (const rate of [5, 60]) {
        camera.setRate(rate);
        await reader.more(2 * rate);
      }
      const waits = reader.seen.map(({ frame, at }) => at - frame.arrivedAt).sort((a, b) => a - b);
      console.info(`95 of 100 frames waited ${Math.round(waits[Math.floor(waits.length * 0.95)]!)} ms at most`);
      expect(reader.status).toMatchObject({ stalls: 0, timestampJumps: 0, reconnects: {} });
    },
    { file },
  ));

it('what a hub kept from before is let go, so the first frame shown is not seconds old', () =>
  play(
    async (camera, reader) => {
      await reader.more(10);
      const status = await reader.close();
      expect(camera.sent).toBeGreaterThan(60);
      // The first frame shown was among the last of those that were sent at once.
      expect(status.discarded['catching-up']).toBeGreaterThan(40);
    },
    { file, backlog: 60 },
  ));
