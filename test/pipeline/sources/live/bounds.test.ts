import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Flow, type Frame } from '../../../../frames/index.ts';
import { CameraCounts } from '../../../../pipeline/sources/live/camera-counts.ts';
import { Epoch } from '../../../../pipeline/sources/live/epoch.ts';
import { MediaClock } from '../../../../pipeline/sources/live/media-clock.ts';
import { RtspRelay } from '../../../../pipeline/sources/live/rtsp-relay.ts';

it('pictures whose size is never told do not fill the memory', () => {
  const counts = new CameraCounts();
  const emitted: Frame[] = [];
  const size = { width: 4, height: 4 };
  const epoch = new Epoch(
    {
      options: { stream: 'door', size },
      rule: () => size,
      counts,
      clock: new MediaClock(),
      flow: new Flow(),
      staleAfterMs: 1000,
      nextIndex: 0,
      begun: false,
      emit: (frame) => emitted.push(frame),
    },
    () => size,
  );
  const begin = performance.now();
  for (let i = 0; i < 100; i++) {
    const pixels = new Uint8Array(new SharedArrayBuffer(48));
    epoch.take({ microseconds: i * 40_000, pixels }, begin + i * 40);
  }
  expect(counts.status().discarded['unknown-size']).toBe(92);
  epoch.sized(size, size);
  epoch.end(true);
  const { decoded, discarded } = counts.status();
  expect(decoded).toBe(100);
  expect(emitted.length + Object.values(discarded).reduce((sum, count) => sum + count, 0)).toBe(100);
  expect(emitted.length).toBeGreaterThan(0);
});

it('a camera that answers no keep-alive, ever, is not cut', async () => {
  const cameras = createServer();
  cameras.listen(0, '127.0.0.1');
  await once(cameras, 'listening');
  const port = (cameras.address() as AddressInfo).port;
  const outward = connect(port, '127.0.0.1');
  const [camera] = (await once(cameras, 'connection')) as [Socket];
  let asked = '';
  camera.on('data', (chunk: Buffer) => {
    asked += chunk.toString('latin1');
  });
  const relay = await RtspRelay.open(new URL(`rtsp://127.0.0.1:${port}/x`), outward, undefined);
  const player = connect(Number(new URL(relay.target).port), '127.0.0.1');
  let heard = '';
  player.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
  });
  try {
    for (let i = 1; i <= 200; i++) player.write(`GET_PARAMETER ${relay.target} RTSP/1.0\r\nCSeq: ${i}\r\n\r\n`);
    while (!asked.includes('CSeq: 200\r\n')) await sleep(5);
    camera.write('RTSP/1.0 200 OK\r\nCSeq: 200\r\n\r\n');
    while (!heard.includes('CSeq: 200')) await sleep(5);
    expect(player.destroyed).toBe(false);
  } finally {
    relay.close();
    player.destroy();
    camera.destroy();
    cameras.close();
  }
});
