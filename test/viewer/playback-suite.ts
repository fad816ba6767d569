import type { Download, Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import { moreThan, PATIENCE, type PageSetup, received, says } from './page-setup.ts';

const time = (page: Page) => page.textContent('[data-reading="time"]');
const secondsOf = (text: string | null) => {
  const [minutes, seconds] = text!.split(':').map(Number);
  return minutes! * 60 + seconds!;
};

async function bytesOf(file: Download): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The tests of pausing, of several streams and of snapshots. */
export function playbackSuite(setup: PageSetup): void {
  it('pauses, steps frame by frame through what it kept, and goes on live', async () => {
    const server = await setup.serve(
      0,
      ['street'],
      Array.from({ length: 12 }, (_, index) => roadFrame({ index })),
    );
    const { page } = await setup.open(server.url);
    await moreThan(page, 8);
    await page.keyboard.press(' ');
    await page.waitForSelector('#badge[data-mood="paused"]');
    // What was unpacked as the page was paused is painted, and its time written, in the next picture.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const paused = secondsOf(await time(page));
    await page.waitForTimeout(400);
    expect(secondsOf(await time(page))).toBe(paused);
    // Frames are a fifteenth of a second of media time apart; what the line let go makes a step longer, never shorter.
    // The page shows hundredths, so a step reads as 0.06 or 0.07.
    const before = await time(page);
    await page.keyboard.press(',');
    await page.waitForFunction((old) => document.querySelector('[data-reading="time"]')?.textContent !== old, before);
    const back = secondsOf(await time(page));
    expect(paused - back).toBeGreaterThan(0.055);
    await page.keyboard.press(',');
    await page.waitForFunction(
      (old) => document.querySelector('[data-reading="time"]')?.textContent !== old,
      await time(page),
    );
    expect(back - secondsOf(await time(page))).toBeGreaterThan(0.055);
    await says(page, '.transport-text', /^−\d+\.\d\d s$/);
    await page.keyboard.press('.');
    await page.waitForFunction((wanted) => {
      const [minutes, seconds] = document.querySelector('[data-reading="time"]')!.textContent!.split(':').map(Number);
      return Math.abs(minutes! * 60 + seconds! - wanted) < 0.011;
    }, back);
    const count = await received(page);
    await page.keyboard.press(' ');
    await moreThan(page, count + 2);
    await page.waitForFunction((then) => {
      const [minutes, seconds] = document.querySelector('[data-reading="time"]')!.textContent!.split(':').map(Number);
      return minutes! * 60 + seconds! > then;
    }, paused);
    await page.waitForSelector('#badge[data-mood="live"]');
  });

  it('shows two streams in the grid and opens the one that is pressed', async () => {
    const server = await setup.serve(0, ['front', 'back'], [roadFrame({ index: 1 }), roadFrame({ index: 2 })]);
    const { page, complaints } = await setup.open(server.url, { view: 'grid' });
    await page.waitForFunction(() => document.querySelectorAll('.tile-state[data-mood="live"]').length === 2);
    expect(await page.locator('.tile-name').allTextContents()).toEqual(['front', 'back']);
    const painted = () =>
      page.locator('.tile-depth').evaluateAll((canvases) =>
        canvases.map((canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const at = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(width / 2, height - 4, 1, 1).data;
          return width > 100 && at[0]! > at[2]!;
        }),
      );
    await expect.poll(painted, PATIENCE).toEqual([true, true]);
    await page.locator('.tile').nth(1).click();
    await page.waitForFunction(() => document.title === 'back – depthcast');
    expect(await page.isVisible('#depth')).toBe(true);
    await expect.poll(() => server.hub('front').viewers.size, PATIENCE).toBe(0);
    expect(server.hub('back').viewers.size).toBe(1);
    expect(complaints).toEqual([]);
  });

  it('saves the grid as it is shown', async () => {
    const server = await setup.serve(0, ['front', 'back'], [roadFrame({ index: 1 })]);
    const { page } = await setup.open(server.url, { view: 'grid' });
    await page.waitForFunction(() => document.querySelectorAll('.tile-state[data-mood="live"]').length === 2);
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLCanvasElement>('.tile canvas')].every(({ width }) => width === 640),
    );
    const [box, download] = await Promise.all([
      page.locator('.grid').boundingBox(),
      page.waitForEvent('download'),
      page.keyboard.press('s'),
    ]);
    const { data, info } = await sharp(await bytesOf(download))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([Math.round(box!.width), Math.round(box!.height)]);
    // Both streams show the same road: the two halves are as good as equal, and no empty page.
    const tile = await page.locator('.tile').nth(1).boundingBox();
    const at = (x: number, y: number) => data.subarray(info.channels * (y * info.width + x)).subarray(0, 3);
    const right = Math.round(tile!.x - box!.x);
    for (const y of [30, 100, 250]) expect([...at(100 + right, y)]).toEqual([...at(100, y)]);
    expect(Math.max(...at(100, 30))).toBeGreaterThan(120);
  });

  it('measures the distance between two points through space', async () => {
    const truth = roadFrame({ index: 9 });
    const server = await setup.serveOne(truth);
    const { page } = await setup.open(server.url);
    await moreThan(page, 0);
    await page.keyboard.press('r');
    const box = (await page.locator('#depth').boundingBox())!;
    const ends = [
      [200, 170],
      [430, 150],
    ] as const;
    for (const [x, y] of ends) {
      await page.mouse.click(box.x + (box.width * (x + 0.5)) / 640, box.y + (box.height * (y + 0.5)) / 192);
    }
    await page.waitForFunction(() => document.querySelectorAll('.ruler-label:not([hidden])').length === 2);
    const { fx, fy, cx, cy } = truth.frame.intrinsics!;
    const [a, b] = ends.map(([x, y]) => {
      const z = truth.depth.data[y * 640 + x]!;
      return [((x - cx) * z) / fx, ((y - cy) * z) / fy, z];
    }) as [number[], number[]];
    const distance = Math.hypot(...a.map((value, i) => value - b[i]!));
    const text = await page.locator('.ruler-label').last().textContent();
    expect(text).toMatch(/^[\d.]+ m apart$/);
    expect(Math.abs(Number.parseFloat(text!) - distance)).toBeLessThan(0.06);
  });

  it('saves what is shown, the depth and the points', async () => {
    const truth = roadFrame({ index: 9 });
    const server = await setup.serveOne(truth);
    const { page } = await setup.open(server.url);
    await moreThan(page, 0);
    const saved = async (kind: string) => {
      const download = page.waitForEvent('download');
      await page.click('#snapshots summary');
      await page.click(`[data-snapshot="${kind}"]`);
      const file = await download;
      return { name: file.suggestedFilename(), bytes: await bytesOf(file) };
    };
    const picture = await saved('png');
    expect(await sharp(picture.bytes).metadata()).toMatchObject({ format: 'png', width: 1280, height: 192 });
    const depth = await saved('png16');
    expect(depth.name).toBe('street-0000.60s-depth16.png');
    const grey = await sharp(depth.bytes).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
    const codes = new Uint16Array(grey.buffer, grey.byteOffset, grey.length / 2);
    expect(codes).toHaveLength(640 * 192);
    for (const at of [180 * 640 + 320, 100 * 640 + 415, 2 * 640 + 300]) {
      const z = truth.depth.data[at]!;
      if (Number.isNaN(z)) expect(codes[at]).toBe(0);
      else expect(Math.abs(codes[at]! / 256 - z)).toBeLessThanOrEqual(3.86e-5 * z * z + 1 / 512);
    }
    const points = await saved('ply');
    const header = points.bytes.subarray(0, 400).toString('latin1').split('end_header\n')[0]!;
    const count = Number(/element vertex (\d+)/.exec(header)![1]);
    expect(points.bytes.length).toBe(header.length + 'end_header\n'.length + 15 * count);
    expect(count).toBe(truth.depth.data.filter((z) => z <= 80).length);
  });
}
