import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DownloadOptions, download } from '../../../models/hub/download.ts';
import { mirrored, redirectTarget } from '../../../models/hub/http.ts';
import { cut, noise, serve, sha256, unrulyServer } from './unruly-server.ts';

const bytes = noise(300_000);
const wanted = { sha256: sha256(bytes), bytes: bytes.length };
const quick: DownloadOptions = { pauseMs: 1, environment: {} };

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'depthcast-hub-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe('a download', () => {
  it('brings the bytes, and tells how far it is', async () => {
    const server = await unrulyServer(serve(bytes));
    const path = join(await folder(), 'model.part');
    const seen: [number, number | undefined][] = [];
    const order = { url: new URL(`${server.url}/model.onnx`), path, ...wanted };
    const found = await download(order, { ...quick, onProgress: (...told) => seen.push(told) });
    expect(found).toEqual(wanted);
    expect(sha256(await readFile(path))).toBe(wanted.sha256);
    expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(server.asked[0]!.headers['accept-encoding']).toBe('identity');
    expect(existsSync(`${path}.json`)).toBe(false);
  });

  it('that is cut goes on where it was, and asks for the same bytes only', async () => {
    const good = serve(bytes, '"v1"');
    const startOf = (range: string | undefined): number => Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
    const server = await unrulyServer((request, response, served) =>
      (startOf(request.headers.range) < 150_000 ? cut(bytes, 50_000, '"v1"') : good)(request, response, served),
    );
    const path = join(await folder(), 'model.part');
    const notes: string[] = [];
    const found = await download(
      { url: new URL(server.url), path, ...wanted },
      { ...quick, tries: 30, onNote: (text) => void notes.push(text) },
    );
    expect(found).toEqual(wanted);
    // What came just before a cut may be lost on a busy machine, and is asked for again; nothing before it is.
    const starts = server.asked.map(({ headers }) => startOf(headers.range));
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts[0]).toBe(0);
    expect(starts.at(-1)).toBeGreaterThanOrEqual(150_000);
    const later = server.asked.filter(({ headers }) => headers.range !== undefined);
    expect(later.every(({ headers }) => headers['if-range'] === '"v1"')).toBe(true);
    expect(notes[0]).toContain('trying again');
  });

  it('that was stopped goes on in the next run', async () => {
    const stop = new AbortController();
    const server = await unrulyServer((request, response, served) => {
      if (served > 0) return serve(bytes, '"v1"')(request, response, served);
      response.writeHead(200, { 'content-length': bytes.length, etag: '"v1"' });
      response.write(bytes.subarray(0, 70_000));
    });
    const path = join(await folder(), 'model.part');
    const order = { url: new URL(server.url), path, ...wanted };
    const onProgress = (have: number): void => {
      if (have >= 70_000) stop.abort(new Error('stopped'));
    };
    await expect(download(order, { ...quick, onProgress, signal: stop.signal })).rejects.toThrow('stopped');
    expect(await download(order, quick)).toEqual(wanted);
    expect(server.asked[1]!.headers.range).toBe('bytes=70000-');
  });

  it('whose file changed in the middle starts over', async () => {
    const path = join(await folder(), 'model.part');
    const other = noise(300_000, 7);
    const server = await unrulyServer((request, response, served) =>
      (served === 0 ? cut(other, 60_000, '"old"') : serve(bytes, '"new"'))(request, response, served),
    );
    expect(await download({ url: new URL(server.url), path }, quick)).toEqual(wanted);
  });

  it('whose rest does not fit what an earlier run left is got again from the start', async () => {
    const path = join(await folder(), 'model.part');
    await writeFile(path, noise(1000, 3));
    const server = await unrulyServer(serve(bytes, '"v1"'));
    await writeFile(`${path}.json`, JSON.stringify({ url: `${server.url}/`, validator: '"v1"' }));
    expect(await download({ url: new URL(server.url), path, ...wanted }, quick)).toEqual(wanted);
    expect(server.asked.map(({ headers }) => headers.range)).toEqual(['bytes=1000-', undefined]);
  });

  it('from a server without ranges starts over after a cut', async () => {
    const server = await unrulyServer((request, response, served) => {
      delete request.headers.range;
      (served === 0 ? cut(bytes, 40_000) : serve(bytes))(request, response, served);
    });
    const path = join(await folder(), 'model.part');
    expect(await download({ url: new URL(server.url), path, ...wanted }, quick)).toEqual(wanted);
  });

  it('that stalls is cut and tried again, and given up after some tries', async () => {
    const server = await unrulyServer((_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 10));
    });
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path, ...wanted }, { ...quick, stallMs: 1500, tries: 2 });
    await expect(failed).rejects.toMatchObject({ code: 'model-download', message: expect.stringContaining('nothing') });
  });

  it('from a server that never answers ends', async () => {
    const server = await unrulyServer(() => {});
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path }, { ...quick, stallMs: 500, tries: 2 });
    await expect(failed).rejects.toMatchObject({
      code: 'model-download',
      message: expect.stringContaining('did not answer'),
    });
  });

  it.each([
    ['less than the card says', 1000],
    ['more than the card says', bytes.length + 1],
    ['more than an ONNX file can be', 2 ** 31],
  ])('that is announced as %s is refused before a byte of it', async (_what, length) => {
    const server = await unrulyServer((_request, response) => {
      response.writeHead(200, { 'content-length': length });
      response.flushHeaders();
    });
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path, ...wanted }, quick);
    await expect(failed).rejects.toMatchObject({
      code: 'model-download',
      message: expect.stringContaining(`${length}`),
    });
    expect(existsSync(path)).toBe(false);
  });

  it('that is a web page is refused at once: a login is no model', async () => {
    const server = await unrulyServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Sign in</html>');
    });
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path, ...wanted }, quick);
    await expect(failed).rejects.toMatchObject({
      code: 'model-download',
      message: expect.stringContaining('a web page'),
    });
    expect(server.asked.length).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('that ends before its announced length is no whole file, however often', async () => {
    const server = await unrulyServer((_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 5000), () => response.destroy());
    });
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path, ...wanted }, { ...quick, tries: 2 });
    await expect(failed).rejects.toMatchObject({ code: 'model-download' });
  });

  it('that does not stop where it should is cut off', async () => {
    const server = await unrulyServer((_request, response) => {
      response.writeHead(200);
      response.write(Buffer.concat([bytes, bytes]));
      response.end();
    });
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path, ...wanted }, quick);
    await expect(failed).rejects.toMatchObject({
      code: 'model-download',
      message: expect.stringContaining('more than'),
    });
  });

  it('of wrong bytes of the right length is refused, and nothing of it stays', async () => {
    const server = await unrulyServer(serve(noise(bytes.length, 9)));
    const dir = await folder();
    const failed = download({ url: new URL(server.url), path: join(dir, 'model.part'), ...wanted }, quick);
    await expect(failed).rejects.toMatchObject({ code: 'model-hash' });
    expect(await readdir(dir)).toEqual([]);
  });

  it.each([
    [404, 'no such file'],
    [403, 'does not give the file away'],
    [418, 'answers 418'],
  ])('that is answered %i is not tried again', async (status, words) => {
    const server = await unrulyServer((_request, response) => void response.writeHead(status).end());
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path }, quick);
    await expect(failed).rejects.toMatchObject({ code: 'model-download', message: expect.stringContaining(words) });
    expect(server.asked.length).toBe(1);
  });

  it('that is answered 503 is tried again', async () => {
    const server = await unrulyServer((request, response, served) => {
      if (served > 1) return serve(bytes)(request, response, served);
      response.writeHead(503).end();
    });
    const path = join(await folder(), 'model.part');
    expect(await download({ url: new URL(server.url), path, ...wanted }, quick)).toEqual(wanted);
  });
});

describe('a redirect', () => {
  it('to the same host is followed', async () => {
    const server = await unrulyServer((request, response, served) => {
      if (request.url === '/there') return serve(bytes)(request, response, served);
      response.writeHead(302, { location: '/there' }).end();
    });
    const path = join(await folder(), 'model.part');
    expect(await download({ url: new URL(server.url), path, ...wanted }, quick)).toEqual(wanted);
  });

  it('to another host without https is refused, and that host is not asked', async () => {
    const other = await unrulyServer(serve(bytes));
    const server = await unrulyServer(
      (_request, response) => void response.writeHead(302, { location: other.url }).end(),
    );
    const path = join(await folder(), 'model.part');
    const failed = download({ url: new URL(server.url), path, ...wanted }, quick);
    await expect(failed).rejects.toMatchObject({
      code: 'model-download',
      message: expect.stringContaining('not safe'),
    });
    expect(other.asked).toEqual([]);
  });

  it('in a circle ends', async () => {
    const server = await unrulyServer((_request, response) => void response.writeHead(302, { location: '/' }).end());
    const path = join(await folder(), 'model.part');
    await expect(download({ url: new URL(server.url), path }, quick)).rejects.toMatchObject({ code: 'model-download' });
    expect(server.asked.length).toBe(6);
  });

  it.each([
    ['https://a.example/x', 'https://b.example/y', true],
    ['https://a.example/x', '/y', true],
    ['http://a.example/x', 'https://a.example/y', true],
    ['https://a.example/x', 'http://a.example/y', false],
    ['https://a.example/x', 'http://b.example/y', false],
    ['http://a.example/x', 'https://b.example/y', false],
    ['http://a.example/x', 'http://b.example/y', false],
    ['https://a.example/x', 'file:///etc/passwd', false],
    ['https://a.example/x', 'ftp://a.example/y', false],
  ])('from %s to %s: %s', (from, to, sound) => {
    const follow = (): URL => redirectTarget(new URL(from), to);
    if (sound) expect(follow().href).toBe(new URL(to, from).href);
    else expect(follow).toThrow(expect.objectContaining({ code: 'model-download' }));
  });

  it('does not take a password along', () => {
    expect(redirectTarget(new URL('https://a.example/'), 'https://me:secret@b.example/y').href).toBe(
      'https://b.example/y',
    );
  });
});

describe('a mirror', () => {
  it('has each file under its host and path', () => {
    const url = new URL('https://a.example/x/model.onnx?download=1');
    const there = mirrored(url, { DEPTHCAST_MIRROR: 'http://127.0.0.1:9/models/' });
    expect(there.href).toBe('http://127.0.0.1:9/models/a.example/x/model.onnx?download=1');
    expect(mirrored(url, {}).href).toBe(url.href);
    expect(() => mirrored(url, { DEPTHCAST_MIRROR: 'somewhere' })).toThrow(
      expect.objectContaining({ code: 'option-invalid' }),
    );
  });
});
