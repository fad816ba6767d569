// Makes the README's pictures from the running program: serves the sample, opens the page in Chromium, takes pictures.
// Needs a build and a Chromium (CHROMIUM_PATH, else /usr/bin/chromium).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const call = [
  'bin/depthcast.js',
  'serve',
  'street=samples/street/street.mp4',
  '--intrinsics',
  'samples/street/calib.txt',
];
const server = spawn(process.execPath, [...call, '--port', '0'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
try {
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  const address = line.replace('listening on ', '');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 580 }, colorScheme: 'dark' });
    await page.goto(address);
    // The street at its best: in the second round, with a crosshair on the car ahead.
    await page.waitForTimeout(11_500);
    const depth = page.locator('canvas').nth(1);
    const box = await depth.boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.6);
    await page.waitForTimeout(400);
    await page.screenshot({ path: fileURLToPath(new URL('images/viewer.png', import.meta.url)) });
  } finally {
    await browser.close();
  }
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
}
