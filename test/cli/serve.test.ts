import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { namedSources } from '../../cli/serve-config.ts';
import { type DepthMessage, decodeMessage } from '../../frames/index.ts';
import { emptyFolder, makeFootage, pressCtrlC, type Running, start } from './depthcast.ts';

async function clip(seconds = 1, rate = 10): Promise<string> {
  const file = join(await emptyFolder(), 'clip.mp4');
  await makeFootage('-f', 'lavfi', '-i', `testsrc2=s=300x140:r=${rate}:d=${seconds}`, '-pix_fmt', 'yuv420p', file);
  return file;
}

/** The address on the first line of stdout. */
async function addressOf({ child, ended }: Running): Promise<string> {
  let text = '';
  child.stdout!.on('data', (part: Buffer) => {
    text += part.toString();
  });
  while (!text.includes('\n')) {
    const { stderr } = await Promise.race([ended, once(child.stdout!, 'data').then(() => ({ stderr: undefined }))]);
    if (stderr !== undefined) throw new Error(`It ended before it listened: ${stderr}`);
  }
  expect(text.split('\n')[0]).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
  return text.split('\n')[0]!.slice('listening on '.length);
}

/** The first messages of a stream. */
async function messages(address: string, stream: string, count: number): Promise<DepthMessage[]> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/streams/${stream}`, ['depthcast.v1']);
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  const got: DepthMessage[] = [];
  for await (const [data] of iterate(socket)) {
    got.push(decodeMessage(new Uint8Array(data as Buffer)));
    if (got.length >= count) break;
  }
  return got;
}

async function* iterate(socket: WebSocket): AsyncGenerator<unknown[]> {
  const queue: unknown[][] = [];
  let wake = (): void => {};
  socket.on('message', (...message) => {
    queue.push(message);
    wake();
  });
  for (;;) {
    const next = queue.shift();
    if (next) yield next;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

describe('depthcast serve', { timeout: 240_000 }, () => {
  it('prints its address, plays files in a loop and ends in order on Ctrl-C', async () => {
    const running = start(['serve', `yard=${await clip()}`, '--port', '0', '--json']);
    const address = await addressOf(running);
    const health = (await (await fetch(`${address}/healthz`)).json()) as { streams: { name: string }[] };
    expect(health.streams.map(({ name }) => name)).toEqual(['yard']);
    // One second of footage has ten frames, so the fifteenth is of the second round.
    const got = await messages(address, 'yard', 12);
    expect(got.at(-1)!.frameIndex).toBeGreaterThan(9);
    expect(
      got.every(({ stream, picture, depth }) => stream === 'yard' && picture.length > 0 && depth.kind === 'metric'),
    ).toBe(true);
    pressCtrlC(running);
    const { code, json } = await running.ended;
    expect(code).toBe(0);
    expect(json).toMatchObject({ streams: [{ name: 'yard' }] });
  });

  it('ends within its time on SIGTERM although a viewer is connected', async () => {
    const running = start(['serve', await clip(5), '--port', '0']);
    const address = await addressOf(running);
    const socket = new WebSocket(`${address.replace('http', 'ws')}/streams/1`, ['depthcast.v1']);
    socket.on('error', () => {});
    await once(socket, 'message');
    running.child.kill('SIGTERM');
    const [closeCode] = await once(socket, 'close');
    expect(closeCode).toBe(1001);
    expect((await running.ended).code).toBe(0);
  });

  it('is not ended by a SIGHUP that comes while its modules load', async () => {
    const hooks = join(await emptyFolder(), 'hooks.mjs');
    // Runs in the program itself, as the first of its modules is asked for.
    const load = `export async function load(url, context, next) {
      if (url.endsWith('/dist/cli/main.js')) process.kill(process.pid, 'SIGHUP');
      return next(url, context);
    }`;
    const url = `data:text/javascript,${encodeURIComponent(load)}`;
    await writeFile(hooks, `import { register } from 'node:module';\nregister(${JSON.stringify(url)});\n`);
    const { code, stdout } = await start(['serve', '--config', 'cams.yaml', '--help'], {
      NODE_OPTIONS: `--import=${pathToFileURL(hooks)}`,
    }).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('SIGHUP');
  });

  it('ends when its terminal is closed, having nothing to read again', async () => {
    const running = start(['serve', await clip(2), '--port', '0']);
    await addressOf(running);
    running.child.kill('SIGHUP');
    await running.ended;
    expect(running.child.signalCode).toBe('SIGHUP');
  });

  it('plays once with --once, counts every frame, and ends by itself', async () => {
    const { code, json } = await start(['serve', await clip(2), '--port', '0', '--once', '--json']).ended;
    expect(code).toBe(0);
    const [stream] = json!['streams'] as { frames: number; dropped: number }[];
    expect(stream!.frames + stream!.dropped).toBe(20);
  });

  it('serves two streams side by side by one model', async () => {
    const running = start(['serve', await clip(), `b=${await clip()}`, '--port', '0']);
    const address = await addressOf(running);
    const both = await Promise.all([messages(address, '1', 2), messages(address, 'b', 2)]);
    expect(both.map((got) => got[0]!.stream)).toEqual(['1', 'b']);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
  });
});

describe('names of streams', () => {
  it('are given by NAME=SOURCE, else by position', () => {
    expect(namedSources(['a.mp4', 'yard=rtsp://u:p@h/x?y=1', 'rtsp://h/x?y=1', './dir=1/a.mp4'])).toEqual([
      { name: '1', source: 'a.mp4' },
      { name: 'yard', source: 'rtsp://u:p@h/x?y=1' },
      { name: '3', source: 'rtsp://h/x?y=1' },
      { name: '4', source: './dir=1/a.mp4' },
    ]);
  });
});
