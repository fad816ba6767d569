import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { DepthFrame } from '../../frames/index.ts';
import { type DepthServer, startServer } from '../../pipeline/server/depth-server.ts';

/** Milliseconds after which a page that a starved machine shows will not do any more what it should. */
export const PATIENCE_MS = 120_000;
/** As `expect.poll` wants it. */
export const PATIENCE = { timeout: PATIENCE_MS } as const;

/** How a page is opened. */
export interface Look {
  readonly scheme?: 'dark' | 'light';
  readonly width?: number;
  readonly height?: number;
  readonly view?: string;
  /** A screen for fingers, as phones have it. */
  readonly touch?: boolean;
  /** What the browser kept of an earlier visit. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** What the tests of the page share: one browser, and whatever a test has to end. */
export class PageSetup {
  browser!: Browser;
  readonly endings: (() => unknown)[] = [];
  readonly #street: () => readonly DepthFrame[];

  constructor(street: () => readonly DepthFrame[]) {
    this.#street = street;
  }

  /** A server whose streams show the same frames over and over. */
  async serve(port = 0, streams = ['street'], frames = this.#street(), intervalMs = 100): Promise<DepthServer> {
    const server = await startServer({ port, streams });
    let index = 0;
    const publish = () => {
      const { frame, ...answer } = frames[index % frames.length]!;
      const now = { index, arrivedAt: performance.now() - 30, timestamp: index / 15 };
      for (const stream of streams) server.hub(stream).publish({ ...answer, frame: { ...frame, ...now, stream } });
      index++;
    };
    publish();
    const timer = setInterval(publish, intervalMs);
    this.endings.push(() => {
      clearInterval(timer);
      return server.close();
    });
    return server;
  }

  /** A server with one frame, which stays. */
  async serveOne(frame: DepthFrame): Promise<DepthServer> {
    const server = await startServer({ port: 0, streams: ['street'] });
    this.endings.push(() => server.close());
    server.hub('street').publish(frame);
    return server;
  }

  /** Opens the page and writes down what it complains of. */
  async open(url: string, look: Look = {}): Promise<{ page: Page; context: BrowserContext; complaints: string[] }> {
    const context = await this.browser.newContext({
      viewport: { width: look.width ?? 1280, height: look.height ?? 720 },
      colorScheme: look.scheme ?? 'dark',
      hasTouch: look.touch ?? false,
      isMobile: look.touch ?? false,
    });
    this.endings.push(() => context.close());
    if (look.settings) {
      const kept = JSON.stringify(look.settings);
      await context.addInitScript((text) => localStorage.setItem('depthcast.viewer', text), kept);
    }
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => {
      // Chromium reports each refused connection; the tests that stop a server cause those on purpose.
      if (line.type() === 'error' && !line.text().includes('ERR_CONNECTION_REFUSED')) complaints.push(line.text());
    });
    await page.goto(look.view === undefined ? url : `${url}?view=${look.view}`);
    return { page, context, complaints };
  }

  async end(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end();
  }
}

/** Frames that the page has received. */
export async function received(page: Page): Promise<number> {
  return Number(await page.textContent('[data-reading="frames"]'));
}

/** Waits until an element says what it should. */
export async function says(page: Page, selector: string, text: RegExp): Promise<void> {
  await page.waitForFunction(
    ([where, pattern]) => new RegExp(pattern!).test(document.querySelector(where!)?.textContent ?? ''),
    [selector, text.source],
  );
}

/** Waits until the page has received more frames. */
export async function moreThan(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (least) => Number(document.querySelector('[data-reading="frames"]')?.textContent) > least,
    count,
  );
}
