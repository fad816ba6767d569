import { afterEach, describe, expect, it } from 'vitest';
import { roadFrame } from './road-frames.ts';
import { endAll, serve, shakeHands, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

describe('broken WebSocket frames', () => {
  const MASK = [0, 0, 0, 0];
  const masked = (first: number, payload: readonly number[]) =>
    payload.length < 126
      ? [first, 0x80 | payload.length, ...MASK, ...payload]
      : [first, 0xfe, payload.length >> 8, payload.length & 255, ...MASK, ...payload];
  const zeros = (count: number) => Array<number>(count).fill(0x20);

  it.each([
    ['unmasked', [0x81, 0x01, 0x61], 1002],
    ['an unknown opcode', masked(0x83, [0x61]), 1002],
    ['a reserved bit', masked(0xc1, [0x61]), 1002],
    ['text that is not UTF-8', masked(0x81, [0xff, 0xfe]), 1007],
    ['a ping of 126 bytes', masked(0x89, zeros(126)), 1002],
    ['a ping in pieces', masked(0x09, [0x61]), 1002],
    ['a continuation of nothing', masked(0x80, [0x61]), 1002],
    ['5000 bytes', masked(0x82, zeros(5000)), 1009],
    ['a claim of 2^40 bytes', [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, ...MASK], 1009],
    ['a claim of 2^63 bytes', [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, ...MASK], 1009],
    ['a close code nobody may send', masked(0x88, [0x03, 0xed]), 1002],
    ['a close of one byte', masked(0x88, [0x03]), 1002],
    ['a thousand empty pieces', [masked(0x02, []), ...Array(1000).fill(masked(0x00, []))].flat(), 1008],
  ])('%s: the connection ends with the right code and the server goes on', async (_, bytes, code) => {
    const server = await serve();
    const socket = shakeHands(server);
    const received: Buffer[] = [];
    socket.on('data', (data) => received.push(data));
    const ended = new Promise((resolve) => socket.on('close', resolve));
    await until('the handshake', () => Buffer.concat(received).includes('\r\n\r\n'));
    received.length = 0;
    socket.write(Uint8Array.from(bytes));
    await until('the close frame', () => Buffer.concat(received).length >= 4);
    const answer = Buffer.concat(received);
    expect(answer[0]).toBe(0x88);
    expect(answer.readUInt16BE(2)).toBe(code);
    socket.end();
    await ended;
    const { messages } = await watch(server);
    server.hub('street').publish(roadFrame());
    await until('a frame', () => messages.length === 1);
  });
});
