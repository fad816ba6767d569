import { beforeAll, describe, expect, it } from 'vitest';
import { everyFfmpeg, scratchFolder } from '../ffmpeg/footage.ts';
import { makeStream } from './camera-reader.ts';
import { longestGap, play, starts } from './fault-play.ts';

/** A key frame a second, as most cameras have it: what comes back waits for the next. */
const GOP = 1000;

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
        expect((reader.seen.length - seen) / (camera.sent - sent)).toBeGreaterThan(0.9);
        expect(reader.status.decodeErrors).toBeGreaterThan(0);
        expect(reader.status.reconnects).toEqual({});
      },
      { file, ffmpeg },
    ));

  it('10: of a stream over UDP that loses a twentieth of its packets most comes', () =>
    play(
      async (camera, reader, late) => {
        await reader.more(5);
        camera.drop = 0.05;
        const [sent, seen] = [camera.sent, reader.seen.length];
        await reader.more(100, 15_000);
        expect((reader.seen.length - seen) / (camera.sent - sent)).toBeGreaterThan(0.85);
        expect(longestGap(reader)).toBeLessThan(GOP + 500 + late());
        expect(reader.status.reconnects).toEqual({});
      },
      { file, ffmpeg, camera: { transport: 'udp' } },
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

it('12: a rate that changes from 25 to 5 to 60 keeps frames prompt', () =>
  play(
    async (camera, reader, late) => {
      await reader.more(25);
      for (const rate of [5, 60]) {
        camera.setRate(rate);
        await reader.more(2 * rate);
      }
      const waits = reader.seen.map(({ frame, at }) => at - frame.arrivedAt).sort((a, b) => a - b);
      expect(waits[Math.floor(waits.length * 0.95)]!).toBeLessThan(34 + late());
      expect(reader.status.reconnects).toEqual({});
    },
    { file },
  ));

it('what a hub kept from before is let go, so the first frame shown is not seconds old', () =>
  play(
    async (camera, reader) => {
      await reader.more(10);
      const status = await reader.close();
      expect(status.discarded['catching-up']).toBeGreaterThan(40);
      // The first frame shown was among the last of those that were sent at once.
      expect(camera.sent - status.decoded).toBeLessThan(6);
    },
    { file, backlog: 60 },
  ));
