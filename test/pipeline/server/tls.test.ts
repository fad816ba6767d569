import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../../pipeline/server/depth-server.ts';
import { roadFrame } from './road-frames.ts';
import { endAll, endings, serve, watch } from './serving.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'depthcast-tls-'));
const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };

/** A certificate for localhost, signed by itself, made on the spot: no key lies in the repository. */
function make(name: string): { cert: string; key: string } {
  const made = { cert: join(folder, `${name}.cert.pem`), key: join(folder, `${name}.key.pem`) };
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-subj', `/CN=${name}`, '-keyout', made.key, '-out', made.cert], {
    stdio: 'ignore',
  });
  return made;
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('openssl is not here: the TLS tests are skipped.');
    return false;
  }
}

const use = ({ cert, key }: { cert: string; key: string }) => {
  copyFileSync(cert, files.cert);
  copyFileSync(key, files.key);
};

function certificateOf(url: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

afterEach(endAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasOpenssl())('TLS', () => {
  let first: { cert: string; key: string };
  let second: { cert: string; key: string };
  beforeAll(() => {
    first = make('first');
    second = make('second');
  });

  it('serves viewers by https and wss only, and a new certificate without losing them', async () => {
    use(first);
    const server = await serve({ tls: files });
    expect(server.url).toMatch(/^https:/);
    expect((await certificateOf(server.url)).subject.CN).toBe('first');
    const viewer = await watch(server, 'street', { rejectUnauthorized: false });
    server.hub('street').publish(roadFrame());
    await until('a frame', () => viewer.messages.length === 1);
    use(second);
    expect((await certificateOf(server.url)).subject.CN).toBe('first');
    await server.reloadTls();
    expect((await certificateOf(server.url)).subject.CN).toBe('second');
    server.hub('street').publish(roadFrame({ index: 1 }));
    await until('the next frame on the old connection', () => viewer.messages.length === 2);
    const later = await watch(server, 'street', { rejectUnauthorized: false });
    await until('a frame on a new one', () => later.messages.length === 1);
  });

  it('keeps the old certificate when the new files do not fit', async () => {
    use(first);
    const server = await serve({ tls: files });
    copyFileSync(second.cert, files.cert);
    await expect(server.reloadTls()).rejects.toMatchObject({ code: 'option-invalid', message: /do not make a pair/ });
    writeFileSync(files.key, 'no key');
    await expect(server.reloadTls()).rejects.toMatchObject({ code: 'option-invalid' });
    rmSync(files.cert);
    await expect(server.reloadTls()).rejects.toMatchObject({ message: expect.stringContaining('cannot be read') });
    expect((await certificateOf(server.url)).subject.CN).toBe('first');
  });

  it('refuses to start without a pair', async () => {
    const start = startServer({ port: 0, streams: [], tls: { cert: first.cert, key: second.key } });
    await expect(start).rejects.toMatchObject({ code: 'option-invalid' });
    const nowhere = startServer({ port: 0, streams: [], tls: { cert: join(folder, 'none'), key: first.key } });
    await expect(nowhere).rejects.toMatchObject({ message: 'The certificate file cannot be read (ENOENT).' });
  });

  it('ends a client that never begins its handshake', async () => {
    use(first);
    const server = await serve({ tls: files });
    const socket = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
    endings.push(() => socket.destroy());
    await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
    expect(socket.destroyed).toBe(true);
  });
});
