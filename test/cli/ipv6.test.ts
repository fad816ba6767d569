import { on, once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { decodeMessage } from '../../frames/index.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';
import { emptyFolder, makeFootage, start } from './depthcast.ts';

async function hasIpv6(): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(0, '::1');
    await once(server, 'listening');
    return true;
  } catch {
    console.warn('skipped: this machine has no IPv6 loopback address');
    return false;
  } finally {
    server.close();
  }
}

const there = await hasIpv6();

describe('depthcast serve over IPv6', { timeout: 120_000 }, () => {
  it.skipIf(!there)('reads a camera at [::1] and answers there, health, metrics and frames', async () => {
    const file = join(await emptyFolder(), 'cam.h264');
    await makeFootage(
      ...['-f', 'lavfi', '-i', 'testsrc2=s=320x96:r=10:d=3', '-c:v', 'libx264', '-preset', 'veryfast'],
      ...['-tune', 'zerolatency', '-bf', '0', '-g', '10', '-pix_fmt', 'yuv420p'],
      ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-f', 'h264', file],
    );
    const camera = await FakeCamera.start({ file, fps: 10, host: '::1', login: { user: 'cam', password: 'p@ss' } });
    onTestFinished(() => camera.close());
    expect(camera.url()).toContain('@[::1]:');
    const call = ['serve', `cam=${camera.url()}`, '--host', '::1', '--port', '0', '--size', '320x96', '--threads', '1'];
    const running = start(call);
    const [line] = (await Promise.race([
      once(running.child.stdout!, 'data'),
      running.ended.then(({ stderr }) => [stderr]),
    ])) as [Buffer | string];
    const url = /^listening on (http:\/\/\[::1\]:\d+)$/m.exec(line.toString())?.[1];
    expect(url, line.toString()).toBeDefined();
    const socket = new WebSocket(`${url!.replace('http', 'ws')}/streams/cam`, ['depthcast.v1']);
    onTestFinished(() => socket.terminate());
    for await (const [bytes, isBinary] of on(socket, 'message')) {
      if (!isBinary) continue;
      expect(decodeMessage(new Uint8Array(bytes as Buffer))).toMatchObject({ stream: 'cam' });
      break;
    }
    const health = await (await fetch(`${url}/healthz`)).json();
    expect(health).toMatchObject({ streams: [{ name: 'cam' }] });
    const metrics = async () => (await fetch(`${url}/metrics`)).text();
    await expect
      .poll(metrics, { timeout: 60_000, interval: 200 })
      .toContain('depthcast_source_state{stream="cam",state="live"} 1');
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});
