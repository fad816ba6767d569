import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startFfmpeg } from '../../../pipeline/ffmpeg/decoder.ts';
import { locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';
import { HlsRelay } from '../../../pipeline/sources/live/hls-relay.ts';
import { FakeHttpCamera } from '../../helpers/fake-http-camera.ts';
import { everyFfmpeg, makeFootage, scratchFolder, testPicture } from '../ffmpeg/footage.ts';
import { PATIENT, readCamera } from './camera-reader.ts';

const folder = await scratchFolder();
const programs = await everyFfmpeg();
const quick = { ...PATIENT, retry: { leastMs: 100, mostMs: 1000 } };

/** Segments of one second, written at the pace of a live stream until the answer is called. */
async function liveStream(to: string): Promise<() => Promise<void>> {
  const { path: program } = await locateFfmpeg();
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '4', '-hls_flags', 'delete_segments'];
  const picture = testPicture('s=320x192:r=25:d=60');
  const args = ['-nostdin', '-v', 'error', '-re', ...picture, ...x264, ...hls, path.join(to, 'live.m3u8')];
  const writer: ChildProcess = spawn(program, args, { stdio: 'ignore' });
  const ended = once(writer, 'exit');
  for (let i = 0; i < 1200; i++) {
    const there = await access(path.join(to, 'live.m3u8')).then(
      () => true,
      () => false,
    );
    if (there) break;
    await sleep(50);
  }
  return async () => {
    writer.kill('SIGKILL');
    await ended;
  };
}

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'a live HLS stream through ffmpeg $name',
  ({ ffmpeg }) => {
    it('plays at its own pace over segments, with a login that ffmpeg never sees', async () => {
      const place = await mkdtemp(path.join(folder, 'live-'));
      const stop = await liveStream(place);
      const camera = await FakeHttpCamera.start({ folder: place, login: { user: 'cam', password: 'pass' } });
      const reader = await readCamera(camera.url('live.m3u8'), { ffmpeg, camera: quick });
      try {
        await reader.more(80);
        const { seen } = reader;
        const [first, last] = [seen[10]!, seen.at(-1)!];
        const media = last.frame.timestamp - first.frame.timestamp;
        // Three seconds of it; all at once would be none.
        expect(Math.abs(media - (last.at - first.at) / 1000)).toBeLessThan(1.5);
        expect(new Set(camera.asked.filter((name) => name.endsWith('.ts'))).size).toBeGreaterThanOrEqual(3);
        expect((await reader.close()).reconnects).toEqual({});
      } finally {
        await reader.close().catch(() => {});
        await camera.close();
        await stop();
      }
    });

    it('whose list names other hosts is refused before ffmpeg asks for anything there', async () => {
      const place = await mkdtemp(path.join(folder, 'evil-'));
      const elsewhere = await FakeHttpCamera.start({ folder: place });
      const away = elsewhere.url('x.ts').replace('127.0.0.1', 'localhost');
      const list = ['#EXTM3U', '#EXT-X-TARGETDURATION:1', '#EXT-X-MEDIA-SEQUENCE:0', '#EXTINF:1,', away];
      await writeFile(path.join(place, 'live.m3u8'), list.join('\n'));
      const camera = await FakeHttpCamera.start({ folder: place });
      const reader = await readCamera(camera.url('live.m3u8'), { ffmpeg, camera: quick });
      try {
        await reader.until(() => reader.status.state === 'refused');
        expect(reader.status.fault).toMatchObject({ code: 'source-refused', facts: { host: 'localhost' } });
        expect(elsewhere.asked).toEqual([]);
      } finally {
        await reader.close();
        await camera.close();
        await elsewhere.close();
      }
    });
  },
);

/** A server whose answers are written by hand; remembers every path it was asked for. */
async function handmade(
  answer: (place: string) => { type?: string; body: string | Buffer; status?: number; location?: string } | undefined,
): Promise<{ port: number; asked: string[]; close: () => Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { type = 'video/mp2t', body = '', status = 200, location } = answer(request.url ?? '') ?? { status: 404 };
    response.writeHead(status, { 'content-type': type, ...(location === undefined ? {} : { location }) }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const m3u8 = 'application/vnd.apple.mpegurl';
const head = '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-VERSION:7\n#EXT-X-MEDIA-SEQUENCE:0\n';

describe.each(programs.map((ffmpeg) => ({ name: ffmpeg.version, ffmpeg })))(
  'a hostile HLS server leads ffmpeg $name nowhere else',
  ({ ffmpeg }) => {
    // Each answers `live.m3u8` and what that names; the victim listens on another port under another name.
    const hostile: [string, (victim: string) => Record<string, { type?: string; body: string; location?: string }>][] =
      [
        [
          'by an attribute without quotes',
          (victim) => ({ '/live.m3u8': { type: m3u8, body: `${head}#EXT-X-MAP:URI=${victim}/x\n#EXTINF:1,\na.ts\n` } }),
        ],
        [
          'by a quote that does not end',
          (victim) => ({
            '/live.m3u8': { type: m3u8, body: `${head}#EXT-X-MAP:URI="${victim}/x\n#EXTINF:1,\na.ts\n` },
          }),
        ],
        [
          'by a lone carriage return',
          (victim) => ({ '/live.m3u8': { type: m3u8, body: `${head}#EXTINF:1,\r${victim}/x.ts\r` } }),
        ],
        ['by a NUL', (victim) => ({ '/live.m3u8': { type: m3u8, body: `${head}#EXTINF:1,\n#\0${victim}/x.ts\n` } })],
        [
          'by a list that is called and sent as a segment',
          (victim) => ({
            '/live.m3u8': { type: m3u8, body: '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.ts\n' },
            '/low.ts': { body: `${head}#EXTINF:1,\n${victim}/x.ts\n` },
          }),
        ],
        [
          'by a list that is sent as text under another name',
          (victim) => ({ '/live': { type: 'text/plain', body: `${head}#EXTINF:1,\n${victim}/x.ts\n` } }),
        ],
        [
          'by a redirection of a segment',
          (victim) => ({
            '/live.m3u8': { type: m3u8, body: `${head}#EXTINF:1,\na.ts\n` },
            '/a.ts': { body: '', location: `${victim}/x.ts` },
          }),
        ],
      ];

    it.each(hostile)('%s', async (_, answersFor) => {
      const victim = await handmade(() => ({ body: 'secret' }));
      const answers = answersFor(`http://localhost:${victim.port}`);
      const server = await handmade((place) => {
        const found = answers[place];
        return found && { ...found, status: found.location === undefined ? 200 : 302 };
      });
      const place = '/live.m3u8' in answers ? '/live.m3u8' : '/live';
      const reader = await readCamera(`http://127.0.0.1:${server.port}${place}`, {
        ffmpeg,
        layout: 'hls',
        camera: quick,
      });
      try {
        // A segment that cannot be had is asked for again and again.
        await reader.until(() => reader.status.fault !== undefined || server.asked.length > 4);
        expect(victim.asked).toEqual([]);
      } finally {
        await reader.close();
        await server.close();
        await victim.close();
      }
    });

    it('and what the relay would overlook comes to the relay, whatever proxies the environment names', async () => {
      const elsewhere = await handmade(() => ({ body: 'secret' }));
      const server = await handmade(() => ({ type: m3u8, body: `${head}#EXTINF:1,\na.ts\n` }));
      const before = { ...process.env };
      const ended = new AbortController();
      const options = { subject: 'The stream', signal: ended.signal, allowHosts: [], insecureTls: false };
      const relay = await HlsRelay.open(new URL(`http://127.0.0.1:${server.port}/live.m3u8`), ended.signal, options);
      Object.assign(process.env, { http_proxy: `http://127.0.0.1:${elsewhere.port}`, no_proxy: '*' });
      try {
        // As if a list had named it: the same options as the source's, another target.
        const exit = await startFfmpeg(ffmpeg, {
          inputOptions: ['-http_proxy', relay.proxy, '-protocol_whitelist', 'http,tcp'],
          input: `http://localhost:${elsewhere.port}/x.ts`,
          outputOptions: ['-f', 'null'],
          output: '-',
        }).exited;
        expect(exit.code).not.toBe(0);
        expect(relay.fault).toMatchObject({ code: 'source-refused', facts: { host: 'localhost' } });
        expect(elsewhere.asked).toEqual([]);
      } finally {
        for (const name of ['http_proxy', 'no_proxy']) {
          if (before[name] === undefined) delete process.env[name];
          else process.env[name] = before[name];
        }
        relay.close();
        await server.close();
        await elsewhere.close();
      }
    });

    it('and a proxy in the environment does not come between ffmpeg and the relay', async () => {
      const proxy = await handmade(() => ({ status: 502, body: '' }));
      const place = await mkdtemp(path.join(folder, 'proxy-'));
      await makeFootage(...testPicture('s=320x192:r=25:d=1'), '-c:v', 'mpeg2video', path.join(place, 'a.ts'));
      await writeFile(path.join(place, 'live.m3u8'), `${head}#EXTINF:1,\na.ts\n`);
      const camera = await FakeHttpCamera.start({ folder: place });
      const before = process.env['http_proxy'];
      process.env['http_proxy'] = `http://127.0.0.1:${proxy.port}`;
      const reader = await readCamera(camera.url('live.m3u8'), { ffmpeg, camera: quick });
      try {
        await reader.more(5);
        expect(proxy.asked).toEqual([]);
      } finally {
        if (before === undefined) delete process.env['http_proxy'];
        else process.env['http_proxy'] = before;
        await reader.close();
        await camera.close();
        await proxy.close();
      }
    });
  },
);

describe('the relay of an HLS stream', () => {
  async function relayed<T>(
    answer: Parameters<typeof handmade>[0],
    use: (relay: HlsRelay, server: Awaited<ReturnType<typeof handmade>>) => Promise<T>,
    allowHosts: string[] = [],
  ): Promise<T> {
    const server = await handmade(answer);
    const ended = new AbortController();
    const options = { subject: 'The stream', signal: ended.signal, allowHosts, insecureTls: false };
    const relay = await HlsRelay.open(new URL(`http://127.0.0.1:${server.port}/live.m3u8`), ended.signal, options);
    try {
      return await use(relay, server);
    } finally {
      ended.abort();
      relay.close();
      await server.close();
    }
  }

  it('keeps the list behind a master list however many segments pass', async () => {
    let sequence = 0;
    const answer = (place: string) => {
      if (place === '/live.m3u8') return { type: m3u8, body: '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n' };
      if (place !== '/low.m3u8') return { body: 'segment' };
      const names = Array.from({ length: 500 }, () => `#EXTINF:1,\n${sequence++}.ts`);
      return { type: m3u8, body: `${head}${names.join('\n')}\n` };
    };
    await relayed(answer, async (relay) => {
      const master = await (await fetch(relay.target)).text();
      const low = `${new URL(relay.target).origin}${master.split('\n').find((line) => line.startsWith('/'))}`;
      let newest = '';
      for (let i = 0; i < 8; i++) {
        const list = await fetch(low);
        expect(list.status).toBe(200);
        newest = (await list.text()).trim().split('\n').at(-1)!;
      }
      expect(await (await fetch(`${new URL(relay.target).origin}${newest}`)).text()).toBe('segment');
    });
  });

  it('forgets what was wrong once something could be had again', async () => {
    let there = true;
    const answer = () => (there ? { type: m3u8, body: `${head}#EXTINF:1,\na.ts\n` } : undefined);
    await relayed(answer, async (relay) => {
      there = false;
      expect((await fetch(relay.target)).status).toBe(502);
      expect(relay.fault).toMatchObject({ code: 'source-not-found' });
      there = true;
      expect((await fetch(relay.target)).status).toBe(200);
      expect(relay.fault).toBeUndefined();
    });
  });

  it.each([0, 3, 6, 7, 8, 100_000])('passes on a segment of %i bytes whole', async (length) => {
    const bytes = Buffer.alloc(length, 'G');
    const answer = (place: string) =>
      place === '/live.m3u8' ? { type: m3u8, body: `${head}#EXTINF:1,\na.ts\n` } : { body: bytes };
    await relayed(answer, async (relay) => {
      const list = await (await fetch(relay.target)).text();
      const segment = list.split('\n').find((line) => line.startsWith('/'));
      expect(Buffer.from(await (await fetch(`${new URL(relay.target).origin}${segment}`)).arrayBuffer())).toEqual(
        bytes,
      );
    });
  });
});

it('a file that is no play list is refused in words', async () => {
  const place = await mkdtemp(path.join(folder, 'none-'));
  await writeFile(path.join(place, 'live.m3u8'), '<html>');
  const camera = await FakeHttpCamera.start({ folder: place });
  const reader = await readCamera(camera.url('live.m3u8'), { camera: quick });
  await reader.until(() => reader.status.state === 'refused');
  expect(reader.status.fault).toMatchObject({ message: expect.stringMatching(/no HLS play list/) });
  await reader.close();
  await camera.close();
});
