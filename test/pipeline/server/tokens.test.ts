import { afterEach, describe, expect, it } from 'vitest';
import { clientOf } from '../../../pipeline/server/client-of.ts';
import { FailedAttempts } from '../../../pipeline/server/failed-attempts.ts';
import { roadFrame } from './road-frames.ts';
import { ask, endAll, serve, UPGRADE, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

const VIEWER = 'viewer-0123456789';
const STREET = 'street-0123456789';
const OVER = 'over-0123456789ab';
const ADMIN = 'admin-0123456789a';
const TOKENS = {
  viewer: [VIEWER, { token: STREET, streams: ['street'] }, { token: OVER, expires: '2020-01-01T00:00:00Z' }],
  admin: [ADMIN],
};
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('a door with tokens', () => {
  const house = () => serve({ streams: ['street', 'yard'], tokens: TOKENS });

  it.each([
    ['no token', '/streams/street', {}, 401],
    ['a wrong token', '/streams/street', bearer('wrong-0123456789a'), 401],
    ['a token cut short', '/streams/street', bearer(VIEWER.slice(0, -1)), 401],
    ['an empty token', '/streams/street', bearer(''), 401],
    ['a token that has ended', '/streams/street', bearer(OVER), 401],
    ['a token for another stream', '/streams/yard', bearer(STREET), 403],
    ['a token in the address', `/streams/street?token=${VIEWER}`, {}, 401],
    [
      'a right token with a wrong origin',
      '/streams/street',
      { ...bearer(VIEWER), Origin: 'https://evil.example' },
      403,
    ],
    ['no token and a stream that is none', '/streams/nobody', {}, 401],
    ['a right token and a stream that is none', '/streams/nobody', bearer(VIEWER), 404],
    ['a right token', '/streams/street', bearer(VIEWER), 101],
    ['a token for this stream', '/streams/street', bearer(STREET), 101],
    ['an admin token', '/streams/yard', bearer(ADMIN), 101],
    [
      'a token among the subprotocols',
      '/streams/street',
      { 'Sec-WebSocket-Protocol': `depthcast.v1, depthcast.token.${VIEWER}` },
      101,
    ],
  ])('answers %s', async (_, path, headers, status) => {
    expect((await ask(await house(), path, { headers: { ...UPGRADE, ...headers } })).status).toBe(status);
  });

  it('never says a token back, and counts who was turned away by reason', async () => {
    const server = await house();
    const { socket } = await watch(server, 'street', { protocols: ['depthcast.v1', `depthcast.token.${VIEWER}`] });
    expect(socket.protocol).toBe('depthcast.v1');
    for (const [path, headers] of [
      ['/streams/street', {}],
      ['/streams/street', bearer('wrong-0123456789a')],
      ['/streams/street', bearer(OVER)],
      ['/streams/yard', bearer(STREET)],
      ['/streams/street', { Origin: 'https://evil.example' }],
    ] as const) {
      await ask(server, path, { headers: { ...UPGRADE, ...headers } });
    }
    const { body } = await ask(server, '/metrics', { headers: bearer(VIEWER) });
    for (const reason of ['token-missing', 'token-wrong', 'token-expired', 'token-scope', 'origin']) {
      expect(body).toContain(`depthcast_ws_rejected_total{reason="${reason}"} 1\n`);
    }
    expect(body).not.toContain(VIEWER);
  });

  it('makes wrong tokens wait after ten of them from an address, and no right one', async () => {
    const server = await house();
    const knock = (token: string) => ask(server, '/streams/street', { headers: { ...UPGRADE, ...bearer(token) } });
    for (let i = 0; i < 10; i++) expect((await knock(`guess-0123456789${i}`)).status).toBe(401);
    const answer = await knock('guess-0123456789x');
    expect(answer.status).toBe(429);
    // A minute, less what the knocking took.
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(10);
    expect((await knock(VIEWER)).status).toBe(101);
    expect((await knock(OVER)).status).toBe(401);
    expect((await ask(server, '/livez')).status).toBe(200);
  });

  it('shows the page, /livez and /readyz to everybody, health and metrics to those with a token', async () => {
    const server = await house();
    for (const path of ['/livez', '/readyz', '/nothing']) {
      expect((await ask(server, path)).status).not.toBe(401);
    }
    for (const path of ['/healthz', '/metrics']) {
      const without = await ask(server, path);
      expect(without.status).toBe(401);
      expect(without.headers['www-authenticate']).toContain('Bearer');
      expect((await ask(server, path, { headers: bearer(VIEWER) })).status).toBe(200);
    }
    const scoped = JSON.parse((await ask(server, '/healthz', { headers: bearer(STREET) })).body);
    expect(scoped.streams.map(({ name }: { name: string }) => name)).toEqual(['street']);
  });

  it('shows a token for one stream nothing of the others on the connection for all', async () => {
    const server = await house();
    const viewer = await watch(server, '', { headers: bearer(STREET) });
    viewer.socket.send('{"op":"subscribe","streams":["yard"]}');
    await until('the answer', () => viewer.texts.length === 1);
    expect(viewer.texts[0]).toMatchObject({ op: 'error', message: expect.stringContaining('not good for') });
    viewer.socket.send('{"op":"subscribe","streams":"*"}');
    for (const stream of server.streams) server.hub(stream).publish(roadFrame({ stream }));
    await until('the street', () => viewer.messages.length === 1);
    expect(viewer.texts.at(-1)).toMatchObject({ op: 'streams', streams: [{ name: 'street' }] });
    expect(server.hub('yard').viewers.size).toBe(0);
  });

  it('lets viewers go whose token was taken away, and keeps the others', async () => {
    const server = await house();
    const one = await watch(server, 'street', { headers: bearer(VIEWER) });
    const other = await watch(server, 'street', { headers: bearer(STREET) });
    expect(() => server.setTokens({ viewer: ['short'] })).toThrow(/16 to 256/);
    server.setTokens({ viewer: [VIEWER] });
    expect(await other.closed).toBe(1008);
    expect(one.socket.readyState).toBe(one.socket.OPEN);
    expect((await ask(server, '/healthz', { headers: bearer(STREET) })).status).toBe(401);
  });

  it('follows a token that is made good for fewer streams or for more: on one stream, on all, and in other doors', async () => {
    const may: ((stream: string) => boolean)[] = [];
    const door = {
      path: '/other',
      protocols: ['depthcast.v1'],
      accept: (_socket: unknown, _request: unknown, mayWatch: (stream: string) => boolean) => void may.push(mayWatch),
      close: () => {},
    };
    const server = await serve({ streams: ['street', 'yard'], tokens: TOKENS, doors: [door] });
    const headers = bearer(VIEWER);
    const yard = await watch(server, 'yard', { headers });
    const street = await watch(server, 'street', { headers });
    const all = await watch(server, '', { headers });
    await ask(server, '/other', { headers: { ...UPGRADE, ...headers, 'Sec-WebSocket-Protocol': 'depthcast.v1' } });
    all.socket.send('{"op":"subscribe","streams":"*"}');
    await until('both', () => server.hub('yard').viewers.size === 2);
    server.setTokens({ viewer: [{ token: VIEWER, streams: ['street'] }] });
    expect(await yard.closed).toBe(1008);
    expect(server.hub('yard').viewers.size).toBe(0);
    expect(street.socket.readyState).toBe(street.socket.OPEN);
    expect([may[0]!('street'), may[0]!('yard')]).toEqual([true, false]);
    server.hub('yard').publish(roadFrame({ stream: 'yard' }));
    server.hub('street').publish(roadFrame({ stream: 'street' }));
    await until('the street', () => all.messages.length > 0);
    expect(all.messages.map(({ stream }) => stream)).toEqual(['street']);
    server.setTokens({ viewer: [VIEWER] });
    expect(server.hub('yard').viewers.size).toBe(1);
  });

  it('checks a reload as a whole before any of it is in force', async () => {
    const server = await house();
    const { socket } = await watch(server, 'street', { headers: bearer(STREET) });
    await expect(server.prepareReload({ viewer: ['short'] })).rejects.toMatchObject({ code: 'option-invalid' });
    const putInForce = await server.prepareReload({ viewer: [VIEWER] });
    expect((await ask(server, '/healthz', { headers: bearer(STREET) })).status).toBe(200);
    expect(socket.readyState).toBe(socket.OPEN);
    putInForce();
    expect((await ask(server, '/healthz', { headers: bearer(STREET) })).status).toBe(401);
  });

  it('lets viewers go when their token ends', async () => {
    // Time enough to come in by it, also for a machine that is busy.
    const soon = { token: OVER, expires: new Date(Date.now() + 5000) };
    const server = await serve({ tokens: { viewer: [soon] } });
    const { closed } = await watch(server, 'street', { headers: bearer(OVER) });
    expect(await closed).toBe(1008);
  });

  it('takes a token for wrong that only begins like a right one', async () => {
    const server = await house();
    for (const token of [`${VIEWER}x`, VIEWER.slice(0, 16), VIEWER.toUpperCase(), 'v'.repeat(256)]) {
      expect((await ask(server, '/healthz', { headers: bearer(token) })).status).toBe(401);
    }
  });
});

describe('wrong tokens', () => {
  it('are counted for a network of IPv6 together, and for IPv4 alone', () => {
    expect(clientOf('::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(clientOf('192.0.2.8')).toBe('192.0.2.8');
    expect(clientOf('2001:db8:1:2::77')).toBe(clientOf('2001:db8:1:2:3:4:5:6'));
    expect(clientOf('2001:db8:1:2::77')).not.toBe(clientOf('2001:db8:1:3::77'));
    expect(clientOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
    expect(clientOf('::1')).toBe('0:0:0:0::/64');
    expect(clientOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(clientOf(undefined)).toBe('');
  });

  it('of very many addresses cost a bounded amount of memory, and the newest are remembered', () => {
    const attempts = new FailedAttempts(1);
    for (let i = 0; i < 30_000; i++) attempts.add(`a${i}`);
    expect(attempts.waitOf('a29999')).toBeGreaterThan(0);
    expect(attempts.waitOf('a0')).toBe(0);
    expect(new FailedAttempts(1, 0).waitOf('a')).toBe(0);
  });
});
