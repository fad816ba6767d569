import { afterEach, describe, expect, it } from 'vitest';
import { DepthcastError } from '../../../frames/index.ts';
import { roadFrame } from './road-frames.ts';
import { ask, endAll, serve, watch } from './serving.ts';
import { until } from './until.ts';

afterEach(endAll);

const ADMIN = 'admin-0123456789a';
const VIEWER = 'viewer-0123456789';
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const POST = { method: 'POST' };

describe('POST /admin/reload', () => {
  it('reloads and says what came of it', async () => {
    let reloads = 0;
    const server = await serve({ admin: { reload: async () => ({ reloads: ++reloads }) } });
    expect(await ask(server, '/admin/reload', POST)).toMatchObject({ status: 200, body: '{"reloads":1}' });
    expect((await ask(server, '/admin/reload')).status).toBe(405);
    expect((await ask(await serve(), '/admin/reload', POST)).status).toBe(404);
    expect(reloads).toBe(1);
  });

  it('says why it failed, and hides what nobody foresaw', async () => {
    const errors: unknown[] = [];
    const faults = [
      new DepthcastError('option-invalid', 'The port is none.', { advice: 'Give one.' }),
      new Error('secret stack'),
    ];
    const server = await serve({
      admin: { reload: () => Promise.reject(faults.shift()) },
      onError: (error) => errors.push(error),
    });
    const told = await ask(server, '/admin/reload', POST);
    expect(told.status).toBe(422);
    expect(JSON.parse(told.body)).toEqual({
      error: { code: 'option-invalid', message: 'The port is none.', advice: 'Give one.' },
    });
    const hidden = await ask(server, '/admin/reload', POST);
    expect(hidden.status).toBe(500);
    expect(hidden.body).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });

  it('runs one at a time', async () => {
    let finish: (() => void) | undefined;
    const reload = () => new Promise<void>((resolve) => (finish = resolve));
    const server = await serve({ admin: { reload } });
    const first = ask(server, '/admin/reload', POST);
    await until('the first has begun', () => finish !== undefined);
    expect((await ask(server, '/admin/reload', POST)).status).toBe(409);
    finish!();
    expect(await first).toMatchObject({ status: 200, body: '{"ok":true}' });
  });

  it('is for admins, and for no page from elsewhere', async () => {
    const admin = { reload: async () => ({}) };
    const server = await serve({ admin, tokens: { viewer: [VIEWER], admin: [ADMIN] } });
    const knock = (headers: Record<string, string>) => ask(server, '/admin/reload', { ...POST, headers });
    expect((await knock({})).status).toBe(401);
    expect((await knock(bearer(VIEWER))).status).toBe(403);
    expect((await knock(bearer(ADMIN))).status).toBe(200);
    expect((await knock({ ...bearer(ADMIN), Origin: 'https://evil.example' })).status).toBe(403);
    const open = await serve({ admin });
    expect((await ask(open, '/admin/reload', { ...POST, headers: { Origin: 'https://evil.example' } })).status).toBe(
      403,
    );
    const viewersOnly = await serve({ admin, tokens: { viewer: [VIEWER] } });
    expect((await ask(viewersOnly, '/admin/reload', { ...POST, headers: bearer(VIEWER) })).status).toBe(403);
    const wide = await serve({ admin, host: '0.0.0.0', allowPublic: true, withoutToken: true });
    expect((await ask(wide, '/admin/reload', POST)).status).toBe(401);
  });
});

describe('/readyz', () => {
  it('is 503 until a stream shows something, when all have stalled, and when the server stops', async () => {
    const server = await serve({ streams: ['front', 'back'] });
    const ready = async () => {
      const { status, body } = await ask(server, '/readyz');
      return `${status} ${body.trim()}`;
    };
    expect(await ready()).toBe('503 starting');
    server.hub('front').publish(roadFrame({ stream: 'front' }));
    expect(await ready()).toBe('200 ready');
    server.hub('front').explain(() => ({ state: 'refused' }));
    expect(await ready()).toBe('503 starting');
    server.hub('back').explain(() => ({ state: 'stalled' }));
    expect(await ready()).toBe('503 stalled');
    server.hub('back').explain(() => ({ state: 'thinned' }));
    expect(await ready()).toBe('200 ready');
    expect((await ask(server, '/livez')).status).toBe(200);
    const inside = await watch(server, 'front');
    server.stopping();
    expect(await ready()).toBe('503 stopping');
    await expect(watch(server, 'front')).rejects.toThrow('503');
    await until('who is in goes on watching', () => inside.messages.length === 1);
  });
});
