import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isCamera } from '../../../pipeline/sources/frame-source.ts';
import { openSource, sourceLayouts } from '../../../pipeline/sources/registry.ts';
import { everyFfmpeg, makeFootage, scratchFolder, testPicture } from '../ffmpeg/footage.ts';

const folder = await scratchFolder();
const at = (name: string): string => path.join(folder, name);

async function failure(spec: string, layout?: string): Promise<{ code: string; message: string; advice: string }> {
  const error = await openSource(spec, { layout }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'DepthcastError' });
  return error as { code: string; message: string; advice: string };
}

describe('what a SOURCE text may be', () => {
  it.each([
    'concat:/etc/hostname|/etc/hosts',
    'subfile,,start,0,end,0,,:/etc/hostname',
    'data:video/mp4;base64,AAAA',
    'crypto:/etc/hostname',
    'pipe:0',
    'unix:/run/x',
    'tcp://127.0.0.1:9/',
    'ftp://example.org/x.mp4',
    'udp://127.0.0.1:1234',
    'httpproxy://127.0.0.1/x',
    'rtsp:',
    'http:',
    'rtsp://127.0.0.1/x y',
    'rtsp://127.0.0.1/x\n-i /etc/hostname',
  ])('is not %j', async (spec) => {
    expect((await failure(spec)).code).toBe('input-refused');
  });

  it('never opens a connection for what it refuses', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const address = `http://127.0.0.1:${port}/x.ts`;
    // A camera is connected to when it is read, and not before.
    for (const url of [address, address.replace('http', 'rtsp')]) expect((await openSource(url)).info.live).toBe(true);
    await failure(address.replace('http', 'tcp'));
    await writeFile(at('list.mp4'), `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${address}\n`);
    const dash = `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${address}</BaseURL><SegmentBase/></Representation></AdaptationSet></Period></MPD>`;
    await writeFile(at('dash.mp4'), dash);
    await writeFile(at('session.mp4'), `v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video ${port} RTP/AVP 96\n`);
    for (const ffmpeg of await everyFfmpeg()) {
      for (const name of ['list.mp4', 'dash.mp4', 'session.mp4']) {
        await expect(openSource(at(name), { ffmpeg })).rejects.toMatchObject({ code: 'input-format' });
      }
    }
    expect(connections).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });

  it('is no pipe and no device, not even behind a link, and nothing waits for one', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    await symlink('/dev/zero', at('zero.mp4'));
    for (const spec of [at('fifo'), at('zero.mp4'), '/dev/null'])
      expect((await failure(spec)).code).toBe('input-not-regular');
    await mkdir(at('with-fifo'));
    execFileSync('mkfifo', [at('with-fifo/0.png')]);
    expect((await failure(at('with-fifo'))).code).toBe('input-not-regular');
  });

  it.each(['', 'no-such-file.mp4', 'no/such/folder/*.png', 'x\0y'])('%j is not found', async (spec) => {
    expect((await failure(spec)).code).toBe('input-not-found');
  });

  it('may be a file whose name looks like something else', async () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      for (const name of ['concat:x.mp4', '-i.mp4', 'a*b.mp4', 'file with %20.mp4']) {
        await makeFootage(...testPicture('s=64x64:r=5:d=1'), '-c:v', 'mpeg4', '-f', 'mp4', `file:${at(name)}`);
        expect((await openSource(name)).info.size).toEqual({ width: 64, height: 64 });
      }
      const url = new URL(`file://${at('file with %2520.mp4').replaceAll(' ', '%20')}`);
      expect((await openSource(url.href)).info.codec).toBe('mpeg4');
    } finally {
      process.chdir(here);
    }
  });

  it('is taken for what --layout says, or that is an error', async () => {
    expect((await failure(folder, 'nonsense')).advice).toContain('kitti-odometry');
    expect((await failure(folder, 'nonsense')).code).toBe('option-invalid');
    expect((await failure(folder, 'video')).code).toBe('input-not-regular');
    expect((await failure(folder, 'kitti-odometry')).code).toBe('input-no-pictures');
    for (const layout of ['rtsp', 'rtmp', 'hls', 'mjpeg', 'webcam']) {
      expect((await failure(folder, layout)).code).toBe('option-invalid');
    }
    expect((await failure(folder, 'stdin')).code).toBe('option-invalid');
    expect(new Set(sourceLayouts).size).toBe(sourceLayouts.length);
  });

  it('is never repeated with its password', async () => {
    const written = ['ftp://me:hush@host/x', 'tcp://me:hush@host/x?token=hush', '/no/such/rtsp://me:hush@host'];
    const wrong = [
      'rtsp://cam:my hush@host/x',
      "srt://cam:hu'hush@host/x",
      'rtsp://cam:my\nhush@host/x',
      'rtsp:cam:hush@h',
    ];
    for (const spec of [...written, ...wrong]) {
      const error = await failure(spec);
      expect(JSON.stringify([error.message, error.advice, error])).not.toContain('hush');
    }
  });

  it.each(['rtsp', 'http', 'rtmp'])('is never shown with a login that stands in its path (%s)', async (scheme) => {
    for (const name of ['x', 'x.m3u8']) {
      const source = await openSource(`${scheme}://127.0.0.1:9/user=admin&password=hush&${name}`);
      expect(JSON.stringify(source.info)).not.toContain('hush');
      if (!isCamera(source)) throw new Error('no camera');
      const reading = source.frames({ stream: 'a', size: { width: 64, height: 32 } })[Symbol.asyncIterator]();
      const faults: string[] = [];
      const refused = new Promise<void>((resolve) => {
        source.onChange((status) => {
          if (status.fault) resolve(void faults.push(`${status.fault.message} ${JSON.stringify(status)}`));
        });
      });
      void reading.next();
      await refused;
      await reading.return?.();
      expect(faults.join()).toContain('127.0.0.1');
      expect(faults.join()).not.toContain('hush');
    }
  });
});
