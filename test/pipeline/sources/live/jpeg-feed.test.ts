import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../../../../pipeline/ffmpeg/capabilities.ts';
import { PictureStream } from '../../../../pipeline/ffmpeg/picture-stream.ts';
import { liveOutput } from '../../../../pipeline/ffmpeg/recipe.ts';
import { JPEG_INPUT, JpegFeed } from '../../../../pipeline/sources/live/jpeg-feed.ts';
import { everyFfmpeg } from '../../ffmpeg/footage.ts';

const programs = await everyFfmpeg();
/** The beginning of a JPEG picture, and nothing that could be decoded. */
const BROKEN = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(2000, 0x41)]);

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await sleep(2);
}

/** A feed, its camera, and what it has handed over: a time for each picture. */
function camera() {
  const body = new PassThrough();
  const letGo: string[] = [];
  const feed = new JpegFeed(body as unknown as IncomingMessage, 'multipart/x-mixed-replace; boundary=b', (reason) =>
    letGo.push(reason),
  );
  const send = (picture: Buffer): void => {
    body.write(`--b\r\nContent-Length: ${picture.length}\r\n\r\n`);
    body.write(picture);
  };
  const times: number[] = [];
  async function* told(): AsyncGenerator<Buffer> {
    let isHead = true;
    for await (const piece of feed.ivf()) {
      if (!isHead) times.push(Number(piece.readBigUInt64LE(4)));
      isHead = false;
      yield piece;
    }
  }
  return { body, feed, letGo, send, times, told };
}

describe('a feed of JPEG pictures', () => {
  it('has two on their way at most, lets go the older of those that wait, and takes a later one for all before it', async () => {
    const { body, feed, letGo, send, times, told } = camera();
    const input = Readable.from(told(), { objectMode: false }).resume();
    for (let i = 0; i < 2; i++) {
      send(BROKEN);
      await until(() => times.length === i + 1);
    }
    for (let i = 0; i < 3; i++) send(BROKEN);
    await until(() => letGo.length === 2);
    expect(times).toHaveLength(2);
    expect(times[0]).toBe(0);
    expect(times[1]).toBeGreaterThan(0);
    // The first one never came out: the second one says so.
    feed.decoded(times[1]!);
    await until(() => times.length === 3);
    send(BROKEN);
    await until(() => times.length === 4);
    send(BROKEN);
    body.destroy();
    await new Promise((resolve) => input.once('close', resolve));
    expect(new Set(letGo)).toEqual(new Set(['not-decoded']));
    expect(times.length + letGo.length).toBe(7);
  });

  it.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
    'keeps the time of each with it through ffmpeg $name, whatever became of those before it',
    async ({ ffmpeg }) => {
      const { body, feed, send, times, told } = camera();
      const pictures = new PictureStream(ffmpeg, {
        inputOptions: JPEG_INPUT,
        input: Readable.from(told(), { objectMode: false }),
        outputOptions: liveOutput(await capabilitiesOf(ffmpeg), 'scale=16:16'),
      });
      const got: { microseconds: number; level: number }[] = [];
      const reading = (async () => {
        for (let picture = await pictures.next(); picture; picture = await pictures.next()) {
          feed.decoded(picture.microseconds);
          got.push({ microseconds: picture.microseconds, level: picture.pixels[0]! });
        }
      })();
      const levels = [20, 40, 0, 80, 100, 0, 140, 160, 0, 200, 220];
      for (const [i, level] of levels.entries()) {
        const grey = { r: level, g: level, b: level };
        const whole = sharp({ create: { width: 64, height: 64, channels: 3, background: grey } }).jpeg();
        send(level === 0 ? BROKEN : await whole.toBuffer());
        await until(() => times.length === i + 1);
      }
      // Each comes out without waiting for the next.
      await until(() => got.length === 8);
      body.destroy();
      await reading;
      expect(got.map(({ microseconds }) => microseconds)).toEqual(times.filter((_, i) => levels[i] !== 0));
      // Each with the picture it belongs to.
      const wanted = levels.filter((level) => level !== 0);
      for (const [i, { level }] of got.entries()) expect(Math.abs(level - wanted[i]!)).toBeLessThan(9);
    },
  );
});
