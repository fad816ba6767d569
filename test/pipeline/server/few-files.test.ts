import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { endAll, endings } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

const SERVER = new URL('../../../dist/pipeline/server/depth-server.js', import.meta.url);
const isBuilt = existsSync(SERVER);
if (!isBuilt) console.warn('dist/ is not built: the test with few file descriptors is skipped.');
const canLimit = process.platform !== 'win32';

/** A server that publishes fifty small frames a second and says where it is. */
const PROGRAM = `
  const { startServer } = await import(process.argv[1]);
  const server = await startServer({ port: 0, streams: ['street'], maxViewersPerAddress: 1000 });
  const pixels = new Uint8Array(new SharedArrayBuffer(16 * 16 * 3));
  const data = new Float32Array(256).fill(5);
  let index = 0;
  setInterval(() => {
    const frame = { stream: 'street', index, name: '', timestamp: index / 50, arrivedAt: performance.now(), width: 16,
      height: 16, pixels, sourceSize: { width: 16, height: 16 } };
    server.hub('street').publish({ frame, depth: { kind: 'metric', width: 16, height: 16, data }, estimator: 'none',
      latencyMs: 1, inferenceMs: 1 });
    index++;
  }, 20);
  console.log(server.url);
`;

describe.skipIf(!isBuilt || !canLimit)('a process that may open 64 files', () => {
  it('tells viewers over what it can hold 503, and those inside go on watching', async () => {
    const command = 'ulimit -n 64; exec "$0" --input-type=module -e "$1" "$2"';
    const child = spawn('bash', ['-c', command, process.execPath, PROGRAM, fileURLToPath(SERVER)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endings.push(() => child.kill('SIGKILL'));
    const url: string = await new Promise((resolve) => createInterface(child.stdout).once('line', resolve));
    let inside = 0;
    const refused: string[] = [];
    const frames: number[] = [];
    for (let i = 0; i < 60; i++) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/streams/street`, 'depthcast.v1');
      endings.push(() => socket.terminate());
      socket.on('message', () => {
        frames[i] = (frames[i] ?? 0) + 1;
      });
      await new Promise<void>((resolve) => {
        socket.on('open', () => {
          inside++;
          resolve();
        });
        socket.on('error', ({ message }) => {
          refused.push(message);
          resolve();
        });
      });
    }
    expect(inside).toBe(16);
    expect(refused).toEqual(Array(44).fill('Unexpected server response: 503'));
    await until('a frame for each inside', () => frames.filter((count) => count > 0).length === 16);
    const before = [...frames];
    await until('new frames for all inside', () => before.every((count, i) => frames[i]! > count + 5));
    expect(child.exitCode).toBeNull();
  });
});
