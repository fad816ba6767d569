import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import wsProtocol from '@foxglove/ws-protocol';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type DepthMessage, decodeMessage } from '../../frames/index.ts';
import { connect, decodeFrame } from '../../viewer/client.ts';
import { hasNoBrowser, openBrowser } from '../helpers/browser.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';
import { until } from '../pipeline/server/until.ts';
import { moreThan, PATIENCE_MS, says } from '../viewer/page-setup.ts';
import { emptyFolder, makeFootage, type Running, SAMPLE, start } from './depthcast.ts';

const { FoxgloveClient } = wsProtocol as unknown as typeof import('@foxglove/ws-protocol');
const isBuilt = existsSync(new URL('../../dist/viewer-page/index.html', import.meta.url));
if (!isBuilt) console.warn('skipped: the viewer page is not built; `npm run build` makes it.');

const SIZE = { width: 320, height: 96 };
const CALIBRATION = join(SAMPLE, '../calib.txt');
const SMALL = ['--size', `${SIZE.width}x${SIZE.height}`, '--threads', '1', '--intrinsics', CALIBRATION];

/** A camera that plays the sample clip. */
async function camera(): Promise<FakeCamera> {
  const file = join(await emptyFolder(), 'cam.h264');
  await makeFootage(
    ...['-t', '4', '-i', SAMPLE, '-vf', 'scale=320:96', '-c:v', 'libx264', '-preset', 'veryfast', '-tune'],
    ...['zerolatency', '-bf', '0', '-g', '15', '-pix_fmt', 'yuv420p'],
    ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-f', 'h264', file],
  );
  const played = await FakeCamera.start({ file, fps: 15 });
  onTestFinished(() => played.close());
  return played;
}

/** Starts `serve` and resolves with its address once it listens. */
async function serve(sources: readonly string[], port = 0): Promise<Running & { readonly url: string }> {
  const running = start(['serve', ...sources, ...SMALL, '--port', String(port)]);
  let text = '';
  running.child.stdout!.on('data', (part: Buffer) => {
    text += part.toString();
  });
  while (!text.includes('\n')) {
    const early = await Promise.race([running.ended, sleep(20).then(() => undefined)]);
    if (early) throw new Error(`It ended before it listened: ${early.stderr}`);
  }
  return { ...running, url: text.split('\n')[0]!.slice('listening on '.length) };
}

/** Opens a page and writes down the messages that reach it. */
async function openPage(url: string): Promise<{ page: Page; messages: DepthMessage[]; complaints: string[] }> {
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.setDefaultTimeout(PATIENCE_MS);
  const messages: DepthMessage[] = [];
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload !== 'string') messages.push(decodeMessage(payload));
    }),
  );
  await page.goto(url);
  return { page, messages, complaints };
}

/** Sequence of the answer on the screen of a paused page, by its media time. */
async function shownSequence(page: Page, messages: readonly DepthMessage[]): Promise<number> {
  // What was unpacked as the page was paused is painted, and its time written, in the next picture.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const time = await page.textContent('[data-reading="time"]');
  const [minutes, seconds] = time!.split(':').map(Number) as [number, number];
  const near = messages.filter(({ timestamp }) => Math.abs(timestamp - (60 * minutes + seconds)) < 0.006);
  // A new wish brings the newest answer once more.
  const sequences = [...new Set(near.map(({ sequence }) => sequence))];
  expect(sequences).toHaveLength(1);
  return sequences[0]!;
}

describe('depthcast serve', { timeout: 240_000 }, () => {
  it.skipIf(hasNoBrowser() || !isBuilt)(
    'shows a file and a camera on the page, to the very value, in half the size too, and is found again',
    async () => {
      const cam = await camera();
      const sources = [`street=${SAMPLE}`, `cam=${cam.url()}`];
      const first = await serve(sources);
      // What the client library gets, to be compared with what the page shows.
      const packed = new Map<number, Uint8Array>();
      const client = connect(`${first.url}/streams/street`, {
        WebSocket,
        reconnect: false,
        onMessage: ({ sequence }, bytes) => packed.set(sequence, bytes),
      });
      onTestFinished(() => client.close());
      const { page, messages, complaints } = await openPage(first.url);
      await moreThan(page, 3);
      await page.waitForSelector('#badge[data-mood="live"]');

      await page.keyboard.press(' ');
      await page.waitForSelector('#badge[data-mood="paused"]');
      const sequence = await shownSequence(page, messages);
      await until('the client has that answer', () => packed.has(sequence));
      const frame = await decodeFrame(packed.get(sequence)!);
      const box = (await page.locator('#depth').boundingBox())!;
      for (const [x, y] of [
        [160, 90],
        [40, 60],
        [300, 80],
      ] as const) {
        await page.mouse.move(
          box.x + (box.width * (x + 0.5)) / SIZE.width,
          box.y + (box.height * (y + 0.5)) / SIZE.height,
        );
        await says(page, '.cross-label', /^[\d.]+ m$/);
        const label = await page.locator('.cross-label').last().textContent();
        // Both read the same codes: what is left is the label's last digit.
        expect(Math.abs(Number.parseFloat(label!) - frame.depthAt(x, y))).toBeLessThanOrEqual(0.0501);
        await page.mouse.move(0, 0);
        await says(page, '.cross-label', /^(unknown)?$/);
      }
      await page.keyboard.press(' ');

      await page.keyboard.press('5');
      await page.waitForFunction(
        () => [...document.querySelectorAll('.tile-state')].map((state) => state.textContent).join() === 'Live,Live',
      );
      expect(await page.locator('.tile-name').allTextContents()).toEqual(['street', 'cam']);
      await page.keyboard.press('1');

      const before = messages.length;
      await page.keyboard.press('o');
      await page
        .locator('#panel .lil-controller', { hasText: 'Size' })
        .locator('visible=true')
        .locator('select')
        .selectOption('half');
      await page.waitForFunction(
        () => document.querySelector('[data-reading="size"]')?.textContent === 'depth 160 × 48',
      );
      expect(messages.slice(before).some(({ depth }) => depth.width === 160 && depth.height === 48)).toBe(true);

      first.child.kill('SIGTERM');
      await page.waitForSelector('#badge[data-mood="bad"]');
      await first.ended;
      const seen = messages.length;
      await serve(sources, Number(new URL(first.url).port));
      await page.waitForSelector('#badge[data-mood="live"]');
      await until('frames of the next run', () => messages.length > seen + 1);
      // It asked again for what it had asked for.
      expect(messages.at(-1)!.depth.width).toBe(160);
      expect(complaints).toEqual([]);
    },
  );

  it('gives a Foxglove desktop app every topic of a stream, without an option', async () => {
    const { url } = await serve([`street=${SAMPLE}`]);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/foxglove`, ['foxglove.sdk.v1'], {
      headers: { Origin: 'file://' },
    });
    const client = new FoxgloveClient({ ws: socket as never });
    onTestFinished(() => client.close());
    const topics = new Map<number, string>();
    const got = new Set<string>();
    client.on('advertise', (list) => {
      for (const channel of list) topics.set(client.subscribe(channel.id), channel.topic);
    });
    client.on('message', ({ subscriptionId }) => got.add(topics.get(subscriptionId)!));
    const perFrame = [
      'camera/calibration',
      'camera/image',
      'consistency',
      'depth/image',
      'depth/metres',
      'depth/points',
    ];
    await until(
      'a message of each topic',
      () => perFrame.every((name) => got.has(`/street/${name}`)) && got.has('/tf'),
    );
  });
});
