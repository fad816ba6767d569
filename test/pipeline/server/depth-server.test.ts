import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../../pipeline/server/depth-server.ts';
import { roadFrame } from './road-frames.ts';
import { ask, endAll, endings, serve, shakeHands, UPGRADE, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

describe('the door', () => {
  it.each([
    ['an unknown stream', '/streams/other', {}, 404],
    ['no stream', '/streams/', {}, 404],
    ['a path that climbs', '/streams/../street', {}, 404],
    ['another path', '/foxglove', {}, 404],
    ['a page from elsewhere', '/streams/street', { Origin: 'https://evil.example' }, 403],
    ['a page without an origin', '/streams/street', { Origin: 'null' }, 403],
    [
      'a name that only points at this machine',
      '/streams/street',
      { Host: 'evil.example', Origin: 'http://evil.example' },
      421,
    ],
    ['another subprotocol only', '/streams/street', { 'Sec-WebSocket-Protocol': 'chat, depthcast.v9' }, 400],
    ['a page of this machine', '/streams/street', { Origin: 'http://localhost:5173' }, 101],
    ['a program', '/streams/street', {}, 101],
    ['a page on the list', '/streams/street', { Origin: 'https://friend.example' }, 101],
  ])('answers %s', async (_, path, headers, status) => {
    const server = await serve({ allowedOrigins: ['https://friend.example'] });
    expect((await ask(server, path, { headers: { ...UPGRADE, ...headers } })).status).toBe(status);
  });

  it('answers to the names of its allowed origins, as a reverse proxy that keeps the Host header asks', async () => {
    const admin = { reload: async () => ({}) };
    const server = await serve({ admin, allowedOrigins: ['https://depth.example', 'file://', 'null'] });
    const as = (host: string, path = '/livez', method = 'GET', headers = {}) =>
      ask(server, path, { method, headers: { Host: host, ...headers } });
    expect((await as('depth.example')).status).toBe(200);
    expect((await as('depth.example:8443')).status).toBe(200);
    expect((await as('evil.example')).status).toBe(421);
    const page = { ...UPGRADE, Origin: 'https://depth.example' };
    expect((await as('depth.example', '/streams/street', 'GET', page)).status).toBe(101);
    // What is open to this machine is not open to whom the proxy lets in, nor to a page in a sandbox.
    expect((await as('depth.example', '/admin/reload', 'POST')).status).toBe(401);
    expect((await as('127.0.0.1', '/admin/reload', 'POST', { Origin: 'null' })).status).toBe(403);
    expect((await as('127.0.0.1', '/admin/reload', 'POST')).status).toBe(200);
  });

  it('lets in a page of the same host when it is open to the network, and no other', async () => {
    const server = await serve({ host: '0.0.0.0', allowPublic: true, withoutToken: true });
    const from = (origin: string) =>
      ask(server, '/streams/street', { headers: { ...UPGRADE, Host: 'cam.lan:80', Origin: origin } });
    expect((await from('http://cam.lan:80')).status).toBe(403);
    expect((await from('http://cam.lan')).status).toBe(403);
    expect((await from('http://localhost:5173')).status).toBe(403);
    const named = await ask(server, '/streams/street', {
      headers: { ...UPGRADE, Host: 'cam.lan:8080', Origin: 'http://cam.lan:8080' },
    });
    expect(named.status).toBe(101);
  });

  it('lets in no more viewers than it may', async () => {
    const server = await serve({ maxViewers: 3, maxViewersPerAddress: 2 });
    const first = await watch(server);
    await watch(server);
    await expect(watch(server)).rejects.toThrow('429');
    first.socket.close();
    await first.closed;
    await until('one place is free', () => server.hub('street').viewers.size === 1);
    await watch(server);
    const small = await serve({ maxViewers: 1 });
    await watch(small);
    await expect(watch(small)).rejects.toThrow('503');
  });

  it.each([
    ['a name', { streams: ['a/b'] }, /cannot stand in an address/],
    ['the same name twice', { streams: ['a', 'a'] }, /same name/],
    ['a port', { port: 70_000 }, /port 70000/],
    ['an open host that nobody asked for', { host: '0.0.0.0' }, /anyone on the network/],
    ['an open host without a token', { host: '0.0.0.0', allowPublic: true }, /no viewer token/],
    ['no token but a closed host asked for', { host: '0.0.0.0', withoutToken: true }, /anyone on the network/],
    ['a short token', { tokens: { viewer: ['short'] } }, /16 to 256/],
    ['a token with a space', { tokens: { admin: ['a b c d e f g h i j k'] } }, /16 to 256/],
    ['a token that ends at no date', { tokens: { viewer: [{ token: 'x'.repeat(16), expires: 'soon' }] } }, /no date/],
    ['a host of another machine', { host: '192.0.2.1', allowPublic: true, withoutToken: true }, /Cannot listen/],
  ])('refuses to start with %s', async (_, options, message) => {
    const start = startServer({ port: 0, streams: ['street'], ...options });
    await expect(start).rejects.toMatchObject({ code: 'option-invalid', message: expect.stringMatching(message) });
  });

  it('says that a port is in use, and what to do', async () => {
    const port = Number(new URL((await serve()).url).port);
    await expect(startServer({ port, streams: ['street'] })).rejects.toMatchObject({
      code: 'port-in-use',
      message: `Port ${port} of 127.0.0.1 is in use.`,
      advice: expect.stringContaining('another port'),
    });
  });

  it('says goodbye with 1001 and frees its port', async () => {
    const server = await serve();
    const { closed } = await watch(server);
    await server.close();
    expect(await closed).toBe(1001);
    const again = await startServer({ port: Number(new URL(server.url).port), streams: ['street'] });
    await again.close();
  });

  it('closes within seconds whoever is in: a stalled viewer, one that never answers, a request that is never whole', async () => {
    const server = await serve({ depthCodec: 'raw' });
    const hub = server.hub('street');
    const stalled = await watch(server);
    stalled.socket.pause();
    shakeHands(server).pause();
    const healthy = await watch(server);
    const half = connect(Number(new URL(server.url).port), '127.0.0.1');
    endings.push(() => half.destroy());
    half.on('error', () => {});
    half.write('GET / HTTP/1.1\r\n');
    const frame = roadFrame();
    for (let index = 0; index < 20; index++) {
      hub.publish({ ...frame, frame: { ...frame.frame, index } });
      await until('it', () => healthy.messages.at(-1)?.frameIndex === index);
    }
    const closing = server.close();
    expect(await healthy.closed).toBe(1001);
    await closing;
    expect(hub.viewers.size).toBe(0);
    const { messages } = hub.status();
    const { slow, rate, encode, closed } = messages.lost;
    expect(messages.offered).toBe(messages.sent + slow + rate + encode + closed);
  });
});
