import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { DepthServer } from '../../../pipeline/server/depth-server.ts';
import { randomNumbers } from '../../frames/random-numbers.ts';
import { roadFrame } from './road-frames.ts';
import { ask, endAll, endings, serve, shakeHands, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

/** A bare connection that writes down what it gets. */
function call(server: DepthServer): { socket: Socket; heard: () => string; closed: () => boolean } {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  endings.push(() => socket.destroy());
  let heard = '';
  let closed = false;
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  return { socket, heard: () => heard, closed: () => closed };
}

const bytes = (random: () => number, length: number) => Uint8Array.from({ length }, () => random() * 256);

describe('clients that mean no good', () => {
  it('trickle their headers or say nothing at all: a hundred of each end, and a viewer still comes in', async () => {
    const server = await serve();
    const silent = Array.from({ length: 100 }, () => call(server));
    const slow = Array.from({ length: 100 }, () => {
      const client = call(server);
      client.socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n');
      return client;
    });
    const trickle = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('X-Slow: 1\r\n');
    }, 400);
    endings.push(() => clearInterval(trickle));
    const { messages } = await watch(server);
    server.hub('street').publish(roadFrame());
    await until('a frame', () => messages.length === 1);
    await until('the slow ones are out', () => slow.every(({ closed }) => closed()));
    await until('the silent ones are out', () => silent.every(({ closed }) => closed()));
    expect(slow.every(({ heard }) => heard() === '' || heard().startsWith('HTTP/1.1 408'))).toBe(true);
    expect(slow.some(({ heard }) => heard().startsWith('HTTP/1.1 408'))).toBe(true);
  });

  it('knock a thousand times: those over the cap are told 503, and those inside see every frame', async () => {
    const server = await serve({ maxViewers: 20, maxViewersPerAddress: 2000 });
    const inside = await Promise.all(Array.from({ length: 20 }, () => watch(server)));
    const knocks: Socket[] = [];
    let refused = 0;
    for (let round = 0; round < 10; round++) {
      const batch = Array.from({ length: 98 }, () => shakeHands(server));
      knocks.push(...batch);
      const answers = batch.map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.on('data', (data) => {
              if (data.toString('latin1').startsWith('HTTP/1.1 503')) refused++;
            });
            socket.on('close', () => resolve());
          }),
      );
      server.hub('street').publish(roadFrame({ index: round, width: 64, height: 32 }));
      await Promise.all(answers);
      await until('the frame', () => inside.every(({ messages }) => messages.at(-1)?.frameIndex === round));
    }
    expect(knocks).toHaveLength(980);
    expect(refused).toBe(980);
    expect(server.hub('street').viewers.size).toBe(20);
    expect((await ask(server, '/metrics')).body).toContain('depthcast_ws_rejected_total{reason="viewers"} 980\n');
  });

  it('send noise instead of HTTP, instead of a handshake, and instead of frames: others lose no frame', async () => {
    const server = await serve({ maxViewersPerAddress: 1000 });
    const random = randomNumbers(20_261_121);
    const { messages } = await watch(server);
    let index = 0;
    for (let round = 0; round < 30; round++) {
      const batch = Array.from({ length: 10 }, (_, i) => {
        const kind = (round + i) % 3;
        const client = kind === 2 ? { socket: shakeHands(server), closed: () => false } : call(server);
        const noise = bytes(random, 2 + Math.floor(random() * 600));
        if (kind === 1)
          client.socket.write('GET /streams/street HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n');
        // Half of what comes after a handshake looks like a frame for its first bytes.
        if (kind === 2 && random() < 0.5) noise.set([0x80 | (random() * 16), 0x80 | (random() * 128)]);
        client.socket.write(noise);
        if (random() < 0.5) client.socket.write(bytes(random, 50));
        if (random() < 0.3) client.socket.resetAndDestroy();
        else client.socket.end();
        return new Promise<void>((resolve) => {
          client.socket.on('close', () => resolve());
          client.socket.resume();
        });
      });
      server.hub('street').publish(roadFrame({ index, width: 64, height: 32 }));
      await until('the frame', () => messages.at(-1)?.frameIndex === index);
      index++;
      await Promise.all(batch);
    }
    await until('the noise is out', () => server.hub('street').viewers.size === 1);
    expect(messages.map(({ frameIndex }) => frameIndex)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect((await ask(server, '/livez')).status).toBe(200);
  });

  it('send noise as well-formed text and binary: each is answered or cut off, none gets anything else', async () => {
    const server = await serve();
    const random = randomNumbers(7);
    for (let client = 0; client < 12; client++) {
      const { socket, texts, closed } = await watch(server, client % 2 ? 'street' : '');
      const count = client % 3 === 0 ? 40 : 8;
      for (let i = 0; i < count; i++) {
        const noise = Buffer.from(bytes(random, Math.floor(random() * 200)));
        socket.send(i % 2 ? noise : noise.toString('latin1'));
      }
      if (count > 10) expect(await closed).toBe(1008);
      else await until('an answer to each', () => texts.length === count);
      expect(texts.every(({ op }) => op === 'error')).toBe(true);
      socket.terminate();
    }
  });

  it('vanish without a word: a half-open viewer is out after two pings', async () => {
    const server = await serve({ pingIntervalMs: 100 });
    const hub = server.hub('street');
    const socket = shakeHands(server);
    await until('it is in', () => hub.viewers.size === 1);
    socket.pause();
    await until('it is out', () => hub.viewers.size === 0);
    expect(hub.status().messages).toMatchObject({ waiting: 0 });
  });

  it('come and go by the hundred: nobody is left over, and every message is accounted for', async () => {
    const server = await serve({ maxViewersPerAddress: 1000 });
    const hub = server.hub('street');
    for (let round = 0; round < 10; round++) {
      const viewers = await Promise.all(Array.from({ length: 20 }, () => watch(server)));
      hub.publish(roadFrame({ index: round, width: 64, height: 32 }));
      for (const [i, { socket }] of viewers.entries()) {
        if (i % 2) socket.terminate();
        else socket.close();
      }
      await until('they are gone', () => hub.viewers.size === 0);
    }
    const { messages } = hub.status();
    const { slow, rate, encode, closed } = messages.lost;
    expect(messages.offered).toBe(messages.sent + slow + rate + encode + closed);
    expect((await ask(server, '/metrics')).body).toContain('depthcast_ws_clients 0\n');
  });
});
