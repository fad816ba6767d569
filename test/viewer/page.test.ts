import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../frames/index.ts';
import { startServer } from '../../pipeline/server/depth-server.ts';
import { hasNoBrowser, openBrowser } from '../helpers/browser.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import { accessSuite } from './access-suite.ts';
import { cloudSuite } from './cloud-suite.ts';
import { handsSuite } from './hands-suite.ts';
import { moreThan, PATIENCE_MS, PageSetup, received, says } from './page-setup.ts';
import { playbackSuite } from './playback-suite.ts';
import { streetFrames } from './street-frames.ts';

const PICTURES = fileURLToPath(new URL('../../out/test/', import.meta.url));
const isBuilt = existsSync(new URL('../../dist/viewer-page/index.html', import.meta.url));
if (!isBuilt) console.warn('skipped: the viewer page is not built; `npm run build` makes it.');

// One browser for all tests of the page: starting it costs more than most of them.
describe.skipIf(hasNoBrowser() || !isBuilt)('the page in a real browser', { timeout: 240_000 }, () => {
  let street: readonly DepthFrame[] = [];
  const setup = new PageSetup(() => street);
  const serve: PageSetup['serve'] = (...parts) => setup.serve(...parts);
  const open: PageSetup['open'] = (...parts) => setup.open(...parts);

  beforeAll(async () => {
    setup.browser = await openBrowser();
    street = await streetFrames(20);
    mkdirSync(PICTURES, { recursive: true });
  });

  afterEach(() => setup.end());

  afterAll(() => setup.browser?.close());

  it('shows frames as they arrive, with their readings, and complains of nothing', async () => {
    const server = await serve();
    const { page, complaints } = await open(server.url);
    await moreThan(page, 10);
    await page.waitForFunction(() => Number(document.querySelector('[data-reading="rate"]')?.textContent) > 0);
    await says(page, '#badge .text', /^Live$/);
    expect(await page.textContent('#unit')).toBe('in metres');
    expect(await page.textContent('[data-reading="estimator"]')).toBe('tc-depth-lite');
    expect(await page.textContent('[data-reading="reason"]')).toBe('no fallback needed');
    expect(await page.textContent('[data-reading="latency"]')).toBe('30');
    // The first frame of a round has none.
    await page.waitForFunction(() => Number(document.querySelector('[data-reading="score"]')?.textContent) > 0.9);
    expect(await page.isHidden('.chooser')).toBe(true);
    const box = (await page.locator('#depth').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.66, box.y + box.height * 0.7);
    await page.waitForFunction(() => document.querySelector('.cross-label')?.textContent !== '');
    await page.screenshot({ path: `${PICTURES}viewer.png` });
    expect(complaints).toEqual([]);
  });

  it('draws consistency, flicker, latency and frame rate as lines', async () => {
    const server = await serve();
    const { page } = await open(server.url);
    // Pixels of the line's blue, which nothing else on a chart has.
    const drawn = () =>
      page.locator('.chart canvas').evaluateAll((charts) =>
        charts.map((chart) => {
          const { width, height } = chart as HTMLCanvasElement;
          const { data } = (chart as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 2]! - data[i]! > 60 && data[i + 3]! > 100) count++;
          }
          return count > 3;
        }),
      );
    await expect.poll(drawn, { timeout: 30_000 }).toEqual([true, true, true, true]);
  });

  it('shows the depth under the mouse, on both pictures, equal to the truth of the server', async () => {
    const truth = roadFrame({ index: 9 });
    const server = await setup.serveOne(truth);
    const { page } = await open(server.url);
    await moreThan(page, 0);
    for (const [canvas, x, y] of [
      ['#depth', 320, 180],
      ['#depth', 415, 95],
      ['#picture', 500, 120],
      ['#picture', 60, 150],
    ] as const) {
      const box = (await page.locator(canvas).boundingBox())!;
      await page.mouse.move(box.x + (box.width * (x + 0.5)) / 640, box.y + (box.height * (y + 0.5)) / 192);
      const z = truth.depth.data[y * 640 + x]!;
      await says(page, '.cross-label', /^[\d.]+ m$/);
      const labels = await page.locator('.cross-label').allTextContents();
      expect(labels[0]).toBe(labels[1]);
      expect(labels[0]).toMatch(/^[\d.]+ m$/);
      // What the format may change, and what the label's last digit may.
      expect(Math.abs(Number.parseFloat(labels[0]!) - z)).toBeLessThanOrEqual(3.86e-5 * z * z + 0.051);
      await page.mouse.move(0, 0);
      await says(page, '.cross-label', /^(unknown)?$/);
    }
    const box = (await page.locator('#depth').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 4);
    await page.waitForFunction(() => document.querySelector('.cross-label')?.textContent === 'unknown');
  });

  it('paints unknown depth grey and near depth in another colour than far depth', async () => {
    const server = await setup.serveOne(roadFrame());
    const { page } = await open(server.url);
    await moreThan(page, 0);
    const colourAt = (x: number, y: number) =>
      page.evaluate(
        ([x, y]) => [
          ...document.querySelector<HTMLCanvasElement>('#depth')!.getContext('2d')!.getImageData(x, y, 1, 1).data,
        ],
        [x, y] as [number, number],
      );
    await page.waitForFunction(
      () =>
        document.querySelector<HTMLCanvasElement>('#depth')!.getContext('2d')!.getImageData(320, 2, 1, 1).data[0] ===
        138,
    );
    expect(await colourAt(320, 2)).toEqual([138, 141, 145, 255]);
    const near = await colourAt(20, 190);
    expect(near[0]! - near[2]!).toBeGreaterThan(50);
    const far = await colourAt(320, 84);
    expect(far[2]! - far[0]!).toBeGreaterThan(0);
    await page.selectOption('#map', 'cividis');
    await page.waitForFunction(
      (before) =>
        document.querySelector<HTMLCanvasElement>('#depth')!.getContext('2d')!.getImageData(20, 190, 1, 1).data[0] !==
        before,
      near[0]!,
    );
    expect(await page.textContent('.ticks')).toMatch(/^4 m.*80 m$/);
    await page.selectOption('#preset', 'indoor');
    await page.waitForFunction(() => document.querySelector('.ticks')?.textContent?.endsWith('8 m'));
  });

  it('can be used by keyboard alone and reads the depth out', async () => {
    const server = await serve();
    const { page } = await open(server.url);
    await moreThan(page, 2);
    await page.locator('.panel').last().focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowDown');
    await says(page, '#spoken', /^[\d.]+ m$/);
    await page.locator('.cross-label').last().waitFor({ state: 'visible' });
    await page.keyboard.press('Escape');
    await page.locator('.cross-label').last().waitFor({ state: 'hidden' });
  });

  it('says that the server is away, and comes back by itself', async () => {
    const server = await serve();
    const { page } = await open(server.url);
    await moreThan(page, 3);
    await server.close();
    await page.waitForSelector('#badge[data-mood="bad"]');
    await says(page, '#badge .text', /^Connection lost, trying again in \d+ s$/);
    const before = await received(page);
    await serve(Number(new URL(server.url).port));
    await moreThan(page, before + 3);
    await page.waitForSelector('#badge[data-mood="live"]');
  });

  it('offers the streams when there are several, and says why the fallback answered', async () => {
    const server = await serve(0, ['front', 'back'], [roadFrame({ index: 1, fallbackReason: 'scene-cut' })]);
    const { page } = await open(server.url, { scheme: 'light' });
    await moreThan(page, 3);
    expect(await page.locator('#stream option').allTextContents()).toEqual(['front', 'back']);
    expect(await page.textContent('[data-reading="reason"]')).toBe('fallback: the scene was cut');
    await page.selectOption('#stream', 'back');
    await moreThan(page, (await received(page)) + 3);
    expect(await page.title()).toBe('back – depthcast');
    await expect.poll(() => server.hub('front').viewers.size, { timeout: PATIENCE_MS }).toBe(0);
    expect(server.hub('back').viewers.size).toBe(1);
    await page.screenshot({ path: `${PICTURES}viewer-light.png` });
  });

  it('says so when depth has no unit, and fixes its range once', async () => {
    const server = await serve(
      0,
      ['street'],
      Array.from({ length: 8 }, (_, index) => roadFrame({ index, kind: 'relative' })),
    );
    const { page } = await open(server.url);
    await moreThan(page, 5);
    expect(await page.textContent('#unit')).toBe('relative, no unit');
    expect(await page.locator('#near').isVisible()).toBe(false);
    const ticks = await page.textContent('.ticks');
    expect(ticks).not.toContain('m');
    await moreThan(page, (await received(page)) + 10);
    expect(await page.textContent('.ticks')).toBe(ticks);
  });

  it('asks nobody but its own server for anything', async () => {
    const server = await serve();
    const context = await setup.browser.newContext();
    setup.endings.push(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).host));
    page.on('websocket', (socket) => asked.add(new URL(socket.url()).host));
    await page.goto(server.url);
    await moreThan(page, 2);
    expect([...asked]).toEqual([new URL(server.url).host]);
  });

  it('asks for a token, says in words what is wrong with one, and keeps a good one for the tab', async () => {
    const [good, other] = ['street-0123456789', 'other-0123456789a'];
    const server = await startServer({ port: 0, streams: ['street'], tokens: { viewer: [good] } });
    setup.endings.push(() => server.close());
    server.hub('street').publish(roadFrame());
    const { page } = await open(`${server.url}/?token=wrong-0123456789`);
    await page.waitForSelector('#token-sheet[open]');
    await says(page, '#token-sheet .why', /^This token is not valid\.$/);
    await says(page, '#badge .text', /^This token is not valid\.$/);
    expect(page.url()).not.toContain('token');
    await page.fill('#token', good);
    await page.keyboard.press('Enter');
    await moreThan(page, 0);
    await page.reload();
    await moreThan(page, 0);
    expect(page.url()).not.toContain('token');
    // Taken back, it ends here, too, and is not tried again and again.
    server.setTokens({ viewer: [other] });
    await page.waitForSelector('#token-sheet[open]');
    await expect.poll(() => server.hub('street').viewers.size, { timeout: PATIENCE_MS }).toBe(0);
  });

  cloudSuite(setup);
  handsSuite(setup);
  playbackSuite(setup);
  accessSuite(setup);
});
