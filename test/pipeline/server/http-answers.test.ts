import { afterEach, describe, expect, it } from 'vitest';
import { roadFrame } from './road-frames.ts';
import { ask, endAll, serve, watch } from './serving.ts';

afterEach(endAll);

describe('plain HTTP', () => {
  it('/healthz says how each stream does', async () => {
    const server = await serve({ streams: ['street', 'yard'] });
    server.hub('street').publish(roadFrame({ index: 0 }));
    server.hub('street').publish(roadFrame({ index: 3, fallbackReason: 'time-gap' }));
    await watch(server);
    const { status, headers, body } = await ask(server, '/healthz');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json');
    const { streams, ...rest } = JSON.parse(body);
    expect(rest.status).toBe('ok');
    expect(streams[0]).toMatchObject({
      name: 'street',
      state: 'live',
      frames: 2,
      dropped: 2,
      estimator: 'tc-depth-lite-single',
      fallbackReason: 'time-gap',
      viewers: 1,
    });
    expect(streams[0].lastFrameAgeMs).toBeGreaterThanOrEqual(0);
    expect(streams[1]).toMatchObject({ name: 'yard', state: 'waiting', frames: 0, lastFrameAgeMs: null });
    server.hub('street').end();
    expect(JSON.parse((await ask(server, '/healthz')).body).streams[0].state).toBe('ended');
  });

  it('/metrics is Prometheus text whose lines are all well-formed', async () => {
    const server = await serve();
    server.hub('street').publish(roadFrame({ fallbackReason: 'scene-cut' }));
    const { headers, body } = await ask(server, '/metrics');
    expect(headers['content-type']).toContain('version=0.0.4');
    expect(body).toContain('depthcast_frames_total{stream="street"} 1\n');
    expect(body).toContain('depthcast_fallbacks_total{stream="street",reason="scene-cut"} 1\n');
    for (const line of body
      .trimEnd()
      .split('\n')
      .filter((text) => text !== '')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+)$/);
    }
  });

  it.each([
    ['/../package.json', 404],
    ['/%2e%2e/package.json', 404],
    ['/assets/../../index.js', 404],
    ['/assets/..%2f..%2findex.js', 404],
    ['//etc/passwd', 404],
    ['/constructor', 404],
    ['/streams/street', 426],
  ])('answers %s with %i', async (path, status) => {
    expect((await ask(await serve(), path)).status).toBe(status);
  });

  it('answers nothing but GET and HEAD, and no other name', async () => {
    const server = await serve();
    expect((await ask(server, '/healthz', { method: 'POST' })).status).toBe(405);
    const head = await ask(server, '/healthz', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect((await ask(server, '/healthz', { headers: { Host: 'evil.example' } })).status).toBe(421);
  });

  it('sends a strict content policy with everything', async () => {
    const { headers } = await ask(await serve(), '/nothing');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});
