import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createWebServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { download } from '../../../models/hub/download.ts';
import { proxyFor } from '../../../models/hub/proxy.ts';
import { meanGraph, tinyOnnx } from '../tiny-onnx.ts';
import { type Behaviour, listening, noise, serve, sha256, unrulyServer } from './unruly-server.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'depthcast-hub-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe('the proxy of a URL', () => {
  const https = 'https://a.example/x';
  it.each([
    [https, {}, undefined],
    [https, { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    [https, { https_proxy: 'http://small:1', HTTPS_PROXY: 'http://large:2' }, 'http://small:1/'],
    [https, { HTTP_PROXY: 'http://p:3128' }, undefined],
    [https, { ALL_PROXY: 'p:3128' }, 'http://p:3128/'],
    ['http://a.example/x', { HTTP_PROXY: 'http://p:3128', HTTPS_PROXY: 'http://q:1' }, 'http://p:3128/'],
    [https, { HTTPS_PROXY: 'http://p:3128', NO_PROXY: 'b.example, a.example' }, undefined],
    [https, { HTTPS_PROXY: 'http://p:3128', NO_PROXY: '.example' }, undefined],
    [https, { HTTPS_PROXY: 'http://p:3128', NO_PROXY: 'example' }, undefined],
    [https, { HTTPS_PROXY: 'http://p:3128', NO_PROXY: '*' }, undefined],
    [https, { HTTPS_PROXY: 'http://p:3128', no_proxy: 'a.example:443' }, undefined],
    [https, { HTTPS_PROXY: 'http://p:3128', no_proxy: 'a.example:8443' }, 'http://p:3128/'],
    [https, { HTTPS_PROXY: 'http://p:3128', no_proxy: 'xa.example' }, 'http://p:3128/'],
    ['https://[::1]/x', { HTTPS_PROXY: 'http://p:3128', no_proxy: '::1' }, undefined],
  ])('%s with %j is %s', (url, environment, proxy) => {
    expect(proxyFor(new URL(url), environment)?.href).toBe(proxy);
  });

  it('that speaks socks is refused, and its password is not shown', () => {
    const environment = { HTTPS_PROXY: 'socks5://me:secret@p:1080' };
    expect(() => proxyFor(new URL(https), environment)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    expect(() => proxyFor(new URL(https), environment)).not.toThrow(/secret/);
  });
});

describe('a download through a proxy', () => {
  const bytes = noise(5000);

  it('asks the proxy for the whole URL, with the name and password of the variable', async () => {
    const proxy = await unrulyServer(serve(bytes));
    const environment = { HTTP_PROXY: proxy.url.replace('//', '//me:se%20cret@') };
    const url = new URL('http://models.example/x/model.onnx');
    const order = { url, path: join(await folder(), 'model.part'), sha256: sha256(bytes) };
    expect(await download(order, { environment })).toMatchObject({ bytes: 5000 });
    expect(proxy.asked[0]!.path).toBe('http://models.example/x/model.onnx');
    expect(proxy.asked[0]!.headers).toMatchObject({
      host: 'models.example',
      'proxy-authorization': `Basic ${Buffer.from('me:se cret').toString('base64')}`,
    });
  });

  it('that refuses a tunnel fails with what it said', async () => {
    const proxy = createWebServer();
    proxy.on('connect', (_request: IncomingMessage, socket: Socket) => socket.end('HTTP/1.1 407 No\r\n\r\n'));
    const environment = { HTTPS_PROXY: `http://127.0.0.1:${await listening(proxy)}` };
    const order = { url: new URL('https://models.example/x'), path: join(await folder(), 'model.part') };
    await expect(download(order, { environment })).rejects.toMatchObject({
      code: 'model-download',
      message: expect.stringContaining('407'),
    });
  });
});

/** Whatever proxies this machine goes through. */
const noProxies = { https_proxy: '', http_proxy: '', all_proxy: '', no_proxy: '', ALL_PROXY: '', DEPTHCAST_MIRROR: '' };

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl) console.warn('skipped: no openssl here to make a certificate for the https tests');

describe.skipIf(!openssl)('a pull by https', () => {
  /** A certificate for this machine, and a server under it. */
  async function secure(dir: string, behave: Behaviour): Promise<number> {
    const key = join(dir, 'key.pem');
    const certificate = join(dir, 'cert.pem');
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const wanted = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const made = spawnSync('openssl', [
      ...['req', '-x509', ...wanted, '-keyout', key, '-out', certificate, '-subj', '/CN=localhost', '-addext', names],
    ]);
    expect(made.status, made.stderr.toString()).toBe(0);
    let served = 0;
    const answer = (request: IncomingMessage, response: ServerResponse): void => behave(request, response, served++);
    return listening(createSecureServer({ key: await readFile(key), cert: await readFile(certificate) }, answer));
  }

  it('goes through a tunnel, and on to another host, which it tells', { timeout: 240_000 }, async () => {
    const dir = await folder();
    const graph = tinyOnnx(meanGraph());
    let port = 0;
    port = await secure(dir, (request, response, served) => {
      if (request.url === '/moved.onnx') return serve(graph)(request, response, served);
      response.writeHead(302, { location: `https://127.0.0.1:${port}/moved.onnx` }).end();
    });
    const tunnels: string[] = [];
    const proxy = createWebServer();
    proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
      tunnels.push(request.url ?? '');
      const there = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connected\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
      for (const each of [socket, there]) each.on('error', () => {});
    });
    const proxyPort = await listening(proxy);
    const card = join(dir, 'card.json');
    await writeFile(
      card,
      JSON.stringify({
        version: 1,
        id: 'behind-tls',
        title: 'A network behind TLS',
        family: 'single-graph',
        parts: { graph: { file: 'graph.onnx', url: `https://localhost:${port}/graph.onnx`, sha256: sha256(graph) } },
        input: { tensor: '?0', layout: 'nchw-float32', size: { rule: 'fixed', width: 96, height: 64 } },
        output: { tensor: '?0', kind: 'inverse' },
        camera: { rule: 'none' },
        licence: { name: 'MIT', commercial: true },
        source: 'a test',
        trained: { data: [] },
      }),
    );
    const pulled = (environment: NodeJS.ProcessEnv): Promise<{ code: number | null; told: string }> =>
      new Promise((resolve) => {
        const bin = fileURLToPath(new URL('../../../bin/depthcast.js', import.meta.url));
        const child = spawn(process.execPath, [bin, 'models', 'pull', card], {
          env: { ...process.env, ...noProxies, DEPTHCAST_CACHE: join(dir, 'cache'), ...environment },
        });
        let told = '';
        child.stderr.on('data', (text: Buffer) => {
          told += text.toString();
        });
        child.once('close', (code) => resolve({ code, told }));
      });

    const stranger = await pulled({ HTTPS_PROXY: '', NODE_EXTRA_CA_CERTS: '' });
    expect(stranger).toMatchObject({ code: 1, told: expect.stringContaining('model-download') });

    const friend = await pulled({
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NO_PROXY: '',
      NODE_EXTRA_CA_CERTS: join(dir, 'cert.pem'),
    });
    expect(friend.told).toContain(`localhost:${port} sends on to 127.0.0.1:${port}`);
    expect(friend.code).toBe(0);
    expect(tunnels).toEqual([`localhost:${port}`, `127.0.0.1:${port}`]);
  });
});
