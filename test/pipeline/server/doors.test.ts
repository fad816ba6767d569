import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { DepthServer, SocketDoor } from '../../../pipeline/server/depth-server.ts';
import { roadFrame } from './road-frames.ts';
import { ask, endAll, endings, serve, UPGRADE } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

const STREET = 'street-0123456789';

function echo(): SocketDoor & { readonly seen: WebSocket[]; readonly allowed: boolean[]; closed: number } {
  return {
    path: '/echo',
    protocols: ['echo.v2', 'echo.v1'],
    seen: [],
    allowed: [],
    closed: 0,
    accept(socket, _, mayWatch) {
      this.seen.push(socket);
      this.allowed.push(mayWatch('street'), mayWatch('yard'));
      socket.on('message', (data: Buffer) => socket.send(data.length));
    },
    close() {
      this.closed++;
    },
  };
}

async function open(url: string, path: string, protocols: string[], headers = {}): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, protocols, { headers });
  endings.push(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}

describe('another door', () => {
  it('takes over sockets of its path and protocols, with longer messages than viewers may send', async () => {
    const door = echo();
    const server = await serve({ doors: [door] });
    const socket = await open(server.url, '/echo', ['echo.v1', 'echo.v2', 'other']);
    expect(socket.protocol).toBe('echo.v2');
    const answers: string[] = [];
    socket.on('message', (data: Buffer) => answers.push(data.toString()));
    socket.send('x'.repeat(60_000));
    await until('the answer', () => answers[0] === '60000');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.send('x'.repeat(70_000));
    expect(await closed).toBe(1009);
    await expect(open(server.url, '/echo', ['other'])).rejects.toThrow('400');
    expect((await ask(server, '/echo')).status).toBe(426);
  });

  it('is behind the same rules: host, origin, caps, pings, goodbye', async () => {
    const door = echo();
    const server = await serve({ doors: [door], maxViewers: 1, pingIntervalMs: 700 });
    const knock = (headers: Record<string, string>) => ask(server, '/echo', { headers: { ...UPGRADE, ...headers } });
    expect((await knock({ Origin: 'https://evil.example' })).status).toBe(403);
    expect((await knock({ Host: 'evil.example' })).status).toBe(421);
    const socket = await open(server.url, '/echo', ['echo.v1']);
    let pings = 0;
    socket.on('ping', () => pings++);
    await expect(open(server.url, '/streams/street', ['depthcast.v1'])).rejects.toThrow('503');
    await until('pings', () => pings > 2);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await server.close();
    expect(await closed).toBe(1001);
    expect(door.closed).toBe(1);
  });

  it('is open to desktop apps on loopback, which call themselves file://; streams and other origins are not', async () => {
    const knock = (server: DepthServer, path: string, Origin: string) =>
      ask(server, path, { headers: { ...UPGRADE, Origin } }).then(({ status }) => status);
    const server = await serve({ doors: [echo()] });
    await open(server.url, '/echo', ['echo.v1'], { Origin: 'file://' });
    expect(await knock(server, '/streams/street', 'file://')).toBe(403);
    expect(await knock(server, '/echo', 'null')).toBe(403);
    expect(await knock(server, '/echo', 'file://evil.example')).toBe(403);
    const everywhere = await serve({ doors: [echo()], host: '0.0.0.0', allowPublic: true, withoutToken: true });
    expect(await knock(everywhere, '/echo', 'file://')).toBe(403);
  });

  it('is told what a token is good for, and never offered the token as a protocol', async () => {
    const door = echo();
    const tokens = { viewer: [{ token: STREET, streams: ['street'] }] };
    const server = await serve({ doors: [door], tokens });
    await expect(open(server.url, '/echo', ['echo.v1'])).rejects.toThrow('401');
    const socket = await open(server.url, '/echo', ['echo.v1', `depthcast.token.${STREET}`]);
    expect(socket.protocol).toBe('echo.v1');
    expect(door.allowed).toEqual([true, false]);
  });

  it.each(['/streams', '/', 'echo', '/a/b', '/Echo', '/healthz?'])('cannot have the path %s', async (path) => {
    await expect(serve({ doors: [{ ...echo(), path }] })).rejects.toThrow(/cannot have the path/);
  });
});

describe('a tap', () => {
  it('hears every frame until it is ended; what it throws harms nobody', async () => {
    const errors: unknown[] = [];
    const server = await serve({ onError: (error) => errors.push(error) });
    const hub = server.hub('street');
    const heard: number[] = [];
    const end = hub.tap(({ frame }) => heard.push(frame.index));
    const endBroken = hub.tap(() => {
      throw new Error('broken');
    });
    for (let index = 0; index < 3; index++) hub.publish(roadFrame({ index, width: 32, height: 32 }));
    end();
    endBroken();
    hub.publish(roadFrame({ index: 3, width: 32, height: 32 }));
    expect(heard).toEqual([0, 1, 2]);
    expect(errors).toHaveLength(3);
    expect(hub.status()).toMatchObject({ frames: 4, encoded: 0 });
  });
});
