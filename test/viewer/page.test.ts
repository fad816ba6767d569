import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../frames/index.ts';
import { type DepthServer, startServer } from '../../pipeline/server/depth-server.ts';
import { hasNoBrowser, openBrowser } from '../helpers/browser.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import { streetFrames } from './street-frames.ts';

const PICTURES = fileURLToPath(new URL('../../out/test/', import.meta.url));
const isBuilt = existsSync(new URL('../../dist/viewer-page/index.html', import.meta.url));
if (!isBuilt) console.warn('skipped: the viewer page is not built; `npm run build` makes it.');

describe.skipIf(hasNoBrowser() || !isBuilt)('the page in a real browser', () => {
  let browser: Browser;
  let street: readonly DepthFrame[];
  const endings: (() => unknown)[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
    street = await streetFrames(30);
    mkdirSync(PICTURES, { recursive: true });
  });

  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  afterAll(() => browser?.close());

  /** A server whose streams show the same frames over and over. */
  async function serve(port = 0, streams = ['street'], frames = street): Promise<DepthServer> {
    const server = await startServer({ port, streams });
    let index = 0;
    const timer = setInterval(() => {
      const { frame, ...answer } = frames[index % frames.length]!;
      const now = { index, arrivedAt: performance.now() - 30, timestamp: index / 15 };
      for (const stream of streams) server.hub(stream).publish({ ...answer, frame: { ...frame, ...now, stream } });
      index++;
    }, 66);
    endings.push(() => {
      clearInterval(timer);
      return server.close();
    });
    return server;
  }

  async function open(url: string, look: { scheme?: 'dark' | 'light'; width?: number; height?: number } = {}) {
    const context = await browser.newContext({
      viewport: { width: look.width ?? 1280, height: look.height ?? 720 },
      colorScheme: look.scheme ?? 'dark',
    });
    endings.push(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => {
      // Chromium reports each refused connection; the tests that stop a server cause those on purpose.
      if (line.type() === 'error' && !line.text().includes('ERR_CONNECTION_REFUSED')) complaints.push(line.text());
    });
    await page.goto(url);
    return { page, complaints };
  }

  const received = async (page: Page) => Number(await page.textContent('[data-reading="frames"]'));
  const moreThan = (page: Page, count: number) =>
    page.waitForFunction(
      (least) => Number(document.querySelector('[data-reading="frames"]')?.textContent) > least,
      count,
    );

  it('shows frames as they arrive, with their readings, and complains of nothing', async () => {
    const server = await serve();
    const { page, complaints } = await open(server.url);
    await moreThan(page, 20);
    const before = await received(page);
    await moreThan(page, before + 5);
    await page.waitForFunction(() => Number(document.querySelector('[data-reading="rate"]')?.textContent) > 3);
    expect(await page.textContent('#badge')).toBe('Live');
    expect(await page.textContent('#unit')).toBe('in metres');
    expect(await page.textContent('[data-reading="estimator"]')).toBe('tc-depth-lite');
    expect(await page.textContent('[data-reading="reason"]')).toBe('no fallback needed');
    expect(await page.textContent('[data-reading="latency"]')).toBe('30');
    expect(Number(await page.textContent('[data-reading="score"]'))).toBeGreaterThan(0.9);
    expect(await page.isHidden('.chooser')).toBe(true);
    const box = (await page.locator('#depth').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.66, box.y + box.height * 0.7);
    await page.waitForFunction(() => document.querySelector('.cross-label')?.textContent !== '');
    await page.screenshot({ path: `${PICTURES}viewer.png` });
    expect(complaints).toEqual([]);
  });

  it('shows the depth under the mouse, on both pictures, equal to the truth of the server', async () => {
    const server = await startServer({ port: 0, streams: ['street'] });
    endings.push(() => server.close());
    const truth = roadFrame({ index: 9 });
    server.hub('street').publish(truth);
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
      await page.waitForFunction(() => document.querySelector('.cross-label')?.textContent !== '');
      const labels = await page.locator('.cross-label').allTextContents();
      expect(labels[0]).toBe(labels[1]);
      expect(labels[0]).toMatch(/^[\d.]+ m$/);
      // What the format may change, and what the label's last digit may.
      expect(Math.abs(Number.parseFloat(labels[0]!) - z)).toBeLessThanOrEqual(3.86e-5 * z * z + 0.051);
      await page.mouse.move(0, 0);
    }
    const box = (await page.locator('#depth').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 4);
    await page.waitForFunction(() => document.querySelector('.cross-label')?.textContent === 'unknown');
  });

  it('paints unknown depth grey and near depth in another colour than far depth', async () => {
    const server = await startServer({ port: 0, streams: ['street'] });
    endings.push(() => server.close());
    server.hub('street').publish(roadFrame());
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
    expect(await page.locator('#spoken').textContent()).toMatch(/^[\d.]+ m$/);
    expect(await page.locator('.cross-label').last().isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.locator('.cross-label').last().isVisible()).toBe(false);
  });

  it('says that the server is away, and comes back by itself', async () => {
    const server = await serve();
    const { page } = await open(server.url);
    await moreThan(page, 3);
    await server.close();
    await page.waitForSelector('#badge[data-state="waiting"]');
    expect(await page.textContent('#badge')).toContain('trying again');
    const before = await received(page);
    await serve(Number(new URL(server.url).port));
    await moreThan(page, before + 3);
    await page.waitForSelector('#badge[data-state="live"]');
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
    expect(server.hub('front').viewers.size).toBe(0);
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

  it('fits a phone without scrolling sideways', async () => {
    const server = await serve();
    const { page } = await open(server.url, { width: 390, height: 844 });
    await moreThan(page, 5);
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(content).toBeLessThanOrEqual(screen!);
    const [picture, depth] = await Promise.all(['#picture', '#depth'].map((id) => page.locator(id).boundingBox()));
    expect(depth!.y).toBeGreaterThan(picture!.y + picture!.height);
    await page.screenshot({ path: `${PICTURES}viewer-phone.png` });
  });

  it('asks nobody but its own server for anything', async () => {
    const server = await serve();
    const context = await browser.newContext();
    endings.push(() => context.close());
    const page = await context.newPage();
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).host));
    page.on('websocket', (socket) => asked.add(new URL(socket.url()).host));
    await page.goto(server.url);
    await moreThan(page, 2);
    expect([...asked]).toEqual([new URL(server.url).host]);
  });
});
