// Makes the README's pictures from the running program: serves the sample, opens the page in Chromium, takes pictures.
// Needs a build and a Chromium (CHROMIUM_PATH, else /usr/bin/chromium). WebGL runs on the processor, so that the
// pictures are the same on every machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Media time, in seconds, at which the street looks its best. */
const BEST = 6.5;

/** The page with a view, at the best moment of the clip. */
async function open(browser, address, view, look) {
  const page = await browser.newPage({ viewport: look.size, colorScheme: look.scheme });
  await page.goto(`${address}?view=${view}&stream=street`);
  await page.waitForFunction(
    (best) => {
      const [minutes, seconds] = document.querySelector('[data-reading="time"]').textContent.split(':').map(Number);
      const kept = document.querySelector('.transport-text').textContent;
      return minutes * 60 + seconds >= best && Number.parseInt(kept, 10) >= 4;
    },
    BEST,
    { timeout: 120_000, polling: 30 },
  );
  return page;
}

async function take(page, name) {
  const picture = await page.screenshot();
  await page.close();
  // Large pictures make a slow README; JPEG where the picture is a photograph of many colours.
  const path = fileURLToPath(new URL(`images/${name}`, import.meta.url));
  const image = sharp(picture);
  const { size } = await (name.endsWith('.png')
    ? image.png({ palette: true, quality: 90 })
    : image.jpeg({ quality: 84 })
  ).toFile(path);
  process.stdout.write(`${name}: ${(size / 1000).toFixed(0)} kB\n`);
}

/** Serves the clip under some names for as long as pictures are taken of it. */
async function withServer(names, takePictures) {
  const streams = names.map((name) => `${name}=samples/street/street.mp4`);
  const call = ['bin/depthcast.js', 'serve', ...streams, '--intrinsics', 'samples/street/calib.txt', '--port', '0'];
  const server = spawn(process.execPath, call, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface({ input: server.stdout }), 'line');
    await takePictures(`${line.replace('listening on ', '')}/`);
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--ignore-gpu-blocklist',
    '--no-first-run',
    '--disable-background-networking',
  ],
});
try {
  await withServer(['street'], async (address) => {
    const side = await open(browser, address, 'side', { size: { width: 1280, height: 600 }, scheme: 'dark' });
    const box = await side.locator('#depth').boundingBox();
    await side.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.6);
    await side.waitForTimeout(400);
    await take(side, 'viewer.png');
    const cloud = await open(browser, address, 'cloud', { size: { width: 1280, height: 590 }, scheme: 'dark' });
    await cloud.keyboard.press(' ');
    await cloud.waitForFunction(() => Number(document.querySelector('.cloud-note').dataset.drawn) > 2);
    await cloud.waitForTimeout(3000);
    await take(cloud, 'viewer-3d.jpg');
    const overlay = await open(browser, address, 'overlay', { size: { width: 1280, height: 610 }, scheme: 'light' });
    await take(overlay, 'viewer-overlay.jpg');
  });
  await withServer(['street', 'second'], async (address) => {
    const grid = await open(browser, address, 'grid', { size: { width: 1280, height: 520 }, scheme: 'dark' });
    await take(grid, 'viewer-grid.jpg');
  });
} finally {
  await browser.close();
}
