import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startServer } from '../../pipeline/server/depth-server.ts';
import { hasNoBrowser, openBrowser } from '../helpers/browser.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
if (!existsSync(`${root}dist/viewer/client.js`)) {
  throw new Error('Samples import the built package: npm run build comes first (npm test does it).');
}

const truth = roadFrame({ index: 9 });
const metresAt = (x: number, y: number) => truth.depth.data[y * truth.depth.width + x]!;

/** A running server for the samples to watch; its frames come again and again, as a camera's do. */
async function serve(): Promise<string> {
  const server = await startServer({ port: 0, streams: ['street'] });
  const publish = () => server.hub('street').publish(truth);
  publish();
  const timer = setInterval(publish, 100);
  onTestFinished(() => {
    clearInterval(timer);
    return server.close();
  });
  return `${server.url}/streams/street`;
}

/** Runs a program until it has written a whole line, which is the answer, and lets Ctrl-C end it. */
async function firstLine(command: string, ...args: readonly string[]): Promise<{ line: string; code: number | null }> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const line = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (piece: Buffer) => {
      stdout += piece.toString();
      if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')));
    });
    void ended.then(() => reject(new Error(`It wrote no line: ${stderr}`)));
  });
  const text = await line;
  child.kill('SIGINT');
  return { line: text, code: await ended };
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Hands out the package's folder, as its README tells a newcomer to do with any server. */
async function folderServer(): Promise<string> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const path = join(root, normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    try {
      const body = await readFile(path);
      response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the clients among the samples', { timeout: 120_000 }, () => {
  it('metres-at writes the depth at a point, and ends on Ctrl-C', async () => {
    const url = await serve();
    const { line, code } = await firstLine(process.execPath, 'samples/clients/metres-at.mjs', url, '320', '150');
    const [, seconds, metres] = /^([\d.]+) s\t([\d.]+) m$/.exec(line)!;
    expect(Number(seconds)).toBeCloseTo(truth.frame.timestamp, 3);
    expect(Number(metres)).toBeCloseTo(metresAt(320, 150), 2);
    expect(code).toBe(0);
  });

  const python = 'import numpy, websockets.sync.client';
  const hasPython = spawnSync('python3', ['-c', python]).status === 0;
  if (!hasPython) console.warn('skipped: the Python client needs python3 with numpy and websockets.');
  it.skipIf(!hasPython)('depth_client.py reads the same stream, from the protocol alone', async () => {
    const url = (await serve()).replace('http', 'ws');
    const { line } = await firstLine('python3', 'samples/clients/depth_client.py', url, '1', '320', '150');
    expect(line).toMatch(/^\d+\t0\.60 s\t[\d.]+ m\ttc-depth-lite$/);
    expect(Number.parseFloat(line.split('\t')[2]!)).toBeCloseTo(metresAt(320, 150), 1);
  });

  it.skipIf(hasNoBrowser())('canvas and three.js show the stream in a browser', async () => {
    const [url, folder, browser] = await Promise.all([serve(), folderServer(), openBrowser()]);
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 800, height: 400 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    const open = (sample: string) => page.goto(`${folder}/samples/clients/${sample}/?url=${encodeURIComponent(url)}`);

    await open('canvas');
    await page.waitForFunction(() => document.querySelector('p')!.textContent!.startsWith('tc-depth-lite'));
    const pixel = (x: number, y: number) =>
      page.evaluate(
        ([x, y]) => [...document.querySelector('canvas')!.getContext('2d')!.getImageData(x!, y!, 1, 1).data],
        [x, y],
      );
    const grey = Math.min(255, (2 / metresAt(320, 150)) * 255);
    expect(Math.abs((await pixel(320, 150))[0]! - grey)).toBeLessThanOrEqual(1);
    expect(await pixel(320, 2)).toEqual([30, 50, 120, 255]);

    await open('three');
    const isDrawn = async () => {
      const { channels } = await sharp(await page.screenshot()).stats();
      return Math.max(...channels.map(({ max }) => max));
    };
    await expect.poll(isDrawn, { timeout: 60_000 }).toBeGreaterThan(150);
    expect(complaints).toEqual([]);
  });
});
