import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { pinned } from '../../../../pipeline/sources/live/address.ts';
import { dial } from '../../../../pipeline/sources/live/dial.ts';
import { httpGet } from '../../../../pipeline/sources/live/http-get.ts';

// No name of several addresses can be relied on everywhere; the connections are real ones.
const names = vi.hoisted(() => ({ addresses: [] as { address: string; family: number }[] }));
vi.mock('node:dns/promises', () => ({
  lookup: (_name: string, options?: { all?: boolean }) =>
    Promise.resolve(options?.all ? names.addresses : names.addresses[0]),
}));

const signal = AbortSignal.timeout(300_000);
const taken: string[] = [];
const server = createServer((socket) => {
  taken.push(socket.localAddress ?? '');
  socket.on('error', () => {});
  socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
afterAll(() => void server.close());

function resolvesTo(...addresses: string[]): void {
  names.addresses = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

beforeEach(() => void taken.splice(0));

describe('a host of several addresses', () => {
  it('is connected to at those that are allowed, in turn', async () => {
    // Nobody listens at the second.
    resolvesTo('169.254.169.254', '127.0.0.2', '127.0.0.1');
    const to = await pinned(new URL(`rtsp://camera:${port}/`), [], signal);
    expect(to.addresses.map(({ address }) => address)).toEqual(['127.0.0.2', '127.0.0.1']);
    const socket = await dial(to, { subject: 'The camera', signal });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
    const url = new URL(`http://camera:${port}/`);
    const { body } = await httpGet(url, { subject: 'The camera', signal, allowHosts: [], insecureTls: false });
    expect(body.statusCode).toBe(200);
    body.destroy();
    expect(taken).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it.each([
    ['169.254.169.254'],
    ['169.254.1.1', 'fe80::1', '0.0.0.0'],
    ['::ffff:169.254.169.254'],
    ['::ffff:0.0.0.0'],
    ['224.0.0.1', 'ff02::1', '::'],
  ])('is refused where none is allowed: %s', async (...addresses) => {
    resolvesTo(...addresses);
    const url = new URL('rtsp://camera:8554/');
    await expect(pinned(url, [], signal)).rejects.toMatchObject({ code: 'source-refused' });
    expect((await pinned(url, ['camera'], signal)).addresses).toHaveLength(addresses.length);
    expect((await pinned(url, [`${addresses[0]}:8554`], signal)).addresses).toHaveLength(1);
  });

  it('at which nobody answers is told in words', async () => {
    resolvesTo('127.0.0.2', '127.0.0.3');
    const to = await pinned(new URL(`rtsp://camera:${port}/`), [], signal);
    await expect(dial(to, { subject: 'The camera', signal })).rejects.toMatchObject({
      code: 'source-unreachable',
      message: 'The camera refused the connection.',
    });
  });
});
