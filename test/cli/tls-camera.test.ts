import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasGstCamera, startGstCamera } from '../helpers/gst-camera.ts';
import { emptyFolder, makeFootage, start } from './depthcast.ts';

const PASSWORD = 'p@ss:w/rd';

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('skipped: a camera over TLS needs openssl to sign its certificate');
    return false;
  }
}

describe('a camera over TLS that signed its own certificate', { timeout: 120_000 }, () => {
  it.skipIf(!hasGstCamera({ tls: true }) || !hasOpenssl())(
    'plays where the certificate is trusted by file, for the name it is for, and nowhere else',
    async () => {
      const folder = await emptyFolder();
      const [stream, cert, key] = ['cam.h264', 'cert.pem', 'key.pem'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      await makeFootage(
        ...['-f', 'lavfi', '-i', 'testsrc2=s=320x96:r=25:d=2', '-c:v', 'libx264', '-preset', 'veryfast'],
        ...['-tune', 'zerolatency', '-bf', '0', '-g', '10', '-pix_fmt', 'yuv420p'],
        ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-f', 'h264', stream],
      );
      const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      const names = ['-subj', '/CN=camera', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
      const { server, port } = await startGstCamera(stream, 'cam', PASSWORD, cert, key);
      onTestFinished(() => void server.kill('SIGKILL'));
      const probe = async (host: string, trusted: boolean) => {
        const url = `rtsps://cam:${encodeURIComponent(PASSWORD)}@${host}:${port}/cam`;
        const ended = await start(['probe', url, '--json'], trusted ? { NODE_EXTRA_CA_CERTS: cert } : {}).ended;
        for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) {
          expect(ended.stdout + ended.stderr).not.toContain(secret);
        }
        return ended;
      };
      const played = await probe('127.0.0.1', true);
      expect(played.json).toMatchObject({ live: true, size: { width: 320, height: 96 }, codec: 'h264' });
      expect(played.code).toBe(0);
      const unknown = await probe('127.0.0.1', false);
      expect(unknown.code).toBe(1);
      expect(unknown.json).toMatchObject({
        error: { code: 'source-unreachable', message: expect.stringContaining('certificate that is not trusted') },
      });
      const misnamed = await probe('localhost', true);
      expect(misnamed.code).toBe(1);
      expect(misnamed.json).toMatchObject({ error: { message: expect.stringContaining('ALTNAME') } });
    },
  );
});
