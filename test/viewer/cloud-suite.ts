import { expect, it } from 'vitest';
import { colourTable, placeInRange, STREET_RANGE } from '../../frames/colour-map.ts';
import { PATIENCE, type PageSetup } from './page-setup.ts';
import { drawn, PATCHES, patchedFrame, pixelsOf, placeOfPatch, poseOf } from './patched-frame.ts';

interface Pixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Middle and number of the pixels in which one channel stands out. */
function spotOf({ data, width, height }: Pixels, channel: number, least: number, others = 90) {
  let [x, y, count] = [0, 0, 0];
  for (let i = 0; i < width * height; i++) {
    if (data[3 * i + channel]! < least) continue;
    if ([0, 1, 2].some((other) => other !== channel && data[3 * i + other]! > others)) continue;
    x += (i % width) + 0.5;
    y += Math.floor(i / width) + 0.5;
    count++;
  }
  return { x: x / count, y: y / count, count };
}

/** The tests of the 3-D view. */
export function cloudSuite(setup: PageSetup): void {
  it('puts the points of a known depth map where a pinhole camera says', async () => {
    const truth = patchedFrame();
    const server = await setup.serveOne(truth);
    const { page, complaints } = await setup.open(server.url, { view: 'cloud' });
    await drawn(page, 2);
    const canvas = page.locator('#cloud');
    const pose = await poseOf(page);
    const pixels = await pixelsOf(canvas);
    PATCHES.forEach((patch, channel) => {
      const expected = placeOfPatch(patch, truth, pose, pixels.width, pixels.height);
      const { x, y, count } = spotOf(pixels, channel, 120);
      expect(count).toBeGreaterThan(3);
      expect(Math.abs(x - expected.x)).toBeLessThan(1.5);
      expect(Math.abs(y - expected.y)).toBeLessThan(1.5);
    });
    // What lies under the pointer is read from the same points.
    const box = (await canvas.boundingBox())!;
    const at = placeOfPatch(PATCHES[1], truth, pose, pixels.width, pixels.height);
    await page.mouse.move(box.x + at.x, box.y + at.y);
    await page.waitForFunction(() => document.querySelector('.cloud-label')?.textContent !== '');
    expect(await page.textContent('.cloud-label')).toBe('6.0 m');
    expect(complaints).toEqual([]);
  });

  it('has the colours of the picture, or those of the depth', async () => {
    const truth = patchedFrame();
    const server = await setup.serveOne(truth);
    const { page } = await setup.open(server.url, { view: 'cloud' });
    await drawn(page, 2);
    const near = PATCHES[1];
    const colour = async () => {
      const pixels = await pixelsOf(page.locator('#cloud'));
      const { x, y } = placeOfPatch(near, truth, await poseOf(page), pixels.width, pixels.height);
      const at = 3 * (Math.floor(y) * pixels.width + Math.floor(x));
      return [...pixels.data.subarray(at, at + 3)];
    };
    const [red, green, blue] = await colour();
    expect(green! - Math.max(red!, blue!)).toBeGreaterThan(60);
    await page.keyboard.press('v');
    const place = Math.round(255 * placeInRange(near.z, 'metric', STREET_RANGE));
    const wanted = [...colourTable('turbo').subarray(3 * place, 3 * place + 3)];
    await expect
      .poll(async () => Math.max(...(await colour()).map((value, i) => Math.abs(value - wanted[i]!))), PATIENCE)
      .toBeLessThan(12);
  });

  it.each([
    ['keeps past clouds as a fading trail where that is chosen', 3],
    ['keeps nothing of past clouds otherwise', 0],
  ] as const)('%s', async (_, trail) => {
    const [before, after] = [PATCHES[0], PATCHES[1]];
    const server = await setup.serveOne(patchedFrame([before]));
    const { page } = await setup.open(server.url, { view: 'cloud', settings: { trail } });
    await drawn(page, 2);
    const pixels = () => pixelsOf(page.locator('#cloud'));
    await expect.poll(async () => spotOf(await pixels(), 0, 50, 45).count, PATIENCE).toBeGreaterThan(3);
    server.hub('street').publish(patchedFrame([after]));
    await expect.poll(async () => spotOf(await pixels(), 1, 120).count, PATIENCE).toBeGreaterThan(3);
    const reds = spotOf(await pixels(), 0, 50, 45).count;
    if (trail === 0) expect(reds).toBe(0);
    else expect(reds).toBeGreaterThan(2);
  });

  it('draws on after the graphics card lost all it had', async () => {
    const server = await setup.serveOne(patchedFrame());
    const { page } = await setup.open(server.url, { view: 'cloud' });
    await drawn(page, 2);
    const reds = async () => spotOf(await pixelsOf(page.locator('#cloud')), 0, 120).count;
    await expect.poll(reds, PATIENCE).toBeGreaterThan(3);
    // A laptop that slept, or a driver that was changed.
    await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#cloud')!;
      const card = canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!;
      canvas.addEventListener('webglcontextlost', () => setTimeout(() => card.restoreContext(), 100), { once: true });
      canvas.addEventListener('webglcontextrestored', () => document.body.setAttribute('data-restored', ''));
      card.loseContext();
    });
    await page.waitForSelector('[data-restored]');
    await expect.poll(reds, PATIENCE).toBeGreaterThan(3);
  });

  it('keeps drawing while it turns; its rate is told', async () => {
    const server = await setup.serve();
    const { page } = await setup.open(server.url, { view: 'cloud' });
    await drawn(page, 2);
    await page.keyboard.press('t');
    await page.waitForTimeout(2500);
    const count = () =>
      page.evaluate(() => Number(document.querySelector<HTMLElement>('.cloud-note')?.dataset['drawn']));
    const [before, began] = [await count(), performance.now()];
    await drawn(page, before + 3);
    await page.waitForTimeout(2000);
    const rate = ((await count()) - before) / ((performance.now() - began) / 1000);
    // A figure for whoever reads the log; how fast this machine draws is no property of the program.
    console.info(
      `3-D view, SwiftShader: ${rate.toFixed(1)} pictures a second; ${await page.textContent('.cloud-note')}`,
    );
    expect(rate).toBeGreaterThan(0);
  });
}
