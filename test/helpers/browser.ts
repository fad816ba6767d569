import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium of this machine: `CHROMIUM_PATH`, else where distributions put it; `undefined` where none is. */
export function chromiumPath(): string | undefined {
  return [process.env['CHROMIUM_PATH'], ...PLACES].find((path) => path !== undefined && existsSync(path));
}

/** True, said aloud, when a test that needs a browser has none. */
export function hasNoBrowser(): boolean {
  const isMissing = chromiumPath() === undefined;
  if (isMissing) console.warn('skipped: no Chromium found; install it or set CHROMIUM_PATH to test the page.');
  return isMissing;
}

/** Starts headless Chromium, kept from talking to anybody but the page's server. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath()!,
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      // WebGL on the processor, for the 3-D view.
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--ignore-gpu-blocklist',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
