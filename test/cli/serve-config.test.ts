import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { saidOptions } from '../../cli/options.ts';
import { serveCommand } from '../../cli/serve-command.ts';
import { serveOptions } from '../../cli/serve-config.ts';
import { ServeLog } from '../../cli/serve-log.ts';
import { hangups, Reloading } from '../../cli/serve-reload.ts';
import { streamPlans } from '../../cli/stream-plans.ts';
import { findModels } from '../../cli/stream-setup.ts';
import type { LiveStreams } from '../../pipeline/live/live-streams.ts';
import { startServer } from '../../pipeline/server/depth-server.ts';

async function file(text: string, name = 'cameras.yaml'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'depthcast-config-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const WHOLE = `
# Two cameras and a clip
port: 9000
origin: [https://example.org]
budgetMs: 200
tokens:
  viewer:
    - \${VIEWER}
    - { token: only-for-the-yard-0001, streams: [yard], expires: 2030-01-01T00:00:00Z }
streams:
  yard: rtsp://cam:\${PASSWORD}@192.0.2.7/stream
  gate:
    source: rtsp://192.0.2.8/stream
    transport: udp
    size: 320x96
    window: [-2, -1, 0]
  clip:
    source: ./a $\${b}.mp4
    once: true
`;
const environment = { VIEWER: 'a-viewer-of-all-0001', PASSWORD: 'p@ss:w/rd' };

describe('the options of serve', () => {
  it('come from a YAML file, with the secrets from the environment', async () => {
    const options = await serveOptions([], { config: await file(WHOLE) }, environment);
    expect([...options.streams.keys()]).toEqual(['yard', 'gate', 'clip']);
    expect(options.streams.get('yard')!.source).toBe('rtsp://cam:p%40ss%3Aw%2Frd@192.0.2.7/stream');
    expect(options.streams.get('clip')!.source).toBe(`./a ${'$'}{b}.mp4`);
    expect(options.streams.get('gate')).toMatchObject({ transport: 'udp', size: { width: 320, height: 96 } });
    expect(options).toMatchObject({ port: 9000, origin: ['https://example.org'], budgetMs: 200 });
    expect(options.tokens.viewer).toEqual([
      'a-viewer-of-all-0001',
      { token: 'only-for-the-yard-0001', streams: ['yard'], expires: '2030-01-01T00:00:00Z' },
    ]);
    for (const secret of ['p@ss:w/rd', 'p%40ss%3Aw%2Frd', 'a-viewer-of-all-0001', 'only-for-the-yard-0001']) {
      expect(options.secrets).toContain(secret);
    }
  });

  it('are those of the command line where both say something, and streams are put together', async () => {
    const given = { config: await file('port: 9000\nstreams: { a: x.mp4, b: y.mp4 }'), port: '0' };
    const options = await serveOptions(['b=z.mp4', 'rtsp://192.0.2.1/s'], given);
    expect(options.port).toBe(0);
    expect([...options.streams].map(([name, { source }]) => [name, source])).toEqual([
      ['a', 'x.mp4'],
      ['b', 'z.mp4'],
      ['2', 'rtsp://192.0.2.1/s'],
    ]);
  });

  it('take tokens from a file and from the environment as well', async () => {
    const tokenFile = await file(
      '# who may come in\nviewer aaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbb # the wall\nadmin cccccccccccccccc\n',
    );
    const variables = { DEPTHCAST_VIEWER_TOKEN: 'dddddddddddddddd', DEPTHCAST_ADMIN_TOKEN: 'eeeeeeeeeeeeeeee' };
    const { tokens } = await serveOptions(['x.mp4'], { tokenFile }, variables);
    expect(tokens).toEqual({
      viewer: ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'dddddddddddddddd'],
      admin: ['cccccccccccccccc', 'eeeeeeeeeeeeeeee'],
    });
    const wrong = await file('viewer one two');
    await expect(serveOptions(['x.mp4'], { tokenFile: wrong })).rejects.toMatchObject({
      code: 'option-invalid',
      message: expect.stringContaining('Line 1'),
    });
  });

  it.each([
    ['an unknown key', 'streams: { a: x }\nprot: 1', 'prot'],
    ['an unknown key of a stream', 'streams: { a: { source: x, sise: 320x96 } }', 'streams.a.sise'],
    ['a stream without a source', 'streams: { a: { size: 320x96 } }', 'streams.a.source'],
    ['a name that cannot stand in an address', 'streams: { "a b": x }', 'streams.a b'],
    ['a port that is none', 'port: 70000\nstreams: { a: x }', 'port'],
    ['a port below zero', 'port: -1\nstreams: { a: x }', 'port'],
    ['a number that is none', 'budgetMs: .nan\nstreams: { a: x }', 'budgetMs'],
    ['an infinite number', 'streams: { a: { source: x, budgetMs: .inf } }', 'streams.a.budgetMs'],
    ['a time below zero', 'streams: { a: { source: x, stallTimeoutMs: -5 } }', 'streams.a.stallTimeoutMs'],
    ['a key that reaches into the prototype', '__proto__: { port: 1 }\nstreams: { a: x }', '__proto__'],
    ['the same in JSON, deeper', '{"streams": {"a": {"source": "x", "constructor": {}}}}', 'streams.a.constructor'],
    ['a variable that is not set', `streams: { a: "rtsp://u:${'$'}{NOT_SET_HERE}@h/x" }`, 'streams.a'],
    ['a transport there is not', 'streams: { a: { source: x, transport: pigeon } }', 'streams.a.transport'],
    ['two windows at once', 'streams: { a: { source: x, causal: true, window: [0] } }', 'causal'],
    ['a certificate without its key', 'tlsCert: c.pem\nstreams: { a: x }', 'tlsKey'],
    ['a list in place of streams', 'streams: [x, y]', 'streams'],
    ['no streams at all', 'port: 1', 'No source'],
    ['something that is no mapping', '- a\n- b', 'no JSON object'],
    ['YAML that is none', 'streams: [a, {', 'not valid YAML'],
    ['the same key twice', 'port: 1\nport: 2', 'not valid YAML'],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((k, i) => `${k}: &${k} [${`*${'abcdefg'[i]},`.repeat(9)}]`)
        .join('\n')}`,
      'not valid YAML',
    ],
    ['levels without end', `streams: ${'{a: '.repeat(40)}x${'}'.repeat(40)}`, 'nested too deeply'],
  ])('refuse %s, by the path of the key', async (_, text, about) => {
    const config = await file(text);
    const refused = serveOptions([], { config }, {});
    await expect(refused).rejects.toMatchObject({ code: 'option-invalid', message: expect.stringContaining(about) });
  });

  it('refuse a file that is missing, a folder, and ten megabytes', async () => {
    const large = await file(`# ${'x'.repeat(10_000_000)}\nport: 1`);
    for (const config of ['no-such-file.yaml', tmpdir(), large]) {
      await expect(serveOptions([], { config })).rejects.toMatchObject({ code: 'option-invalid' });
    }
  });

  it('are those of the file where the command line says nothing, token: false among them', async () => {
    const config = await file('token: false\nstreams: { a: x.mp4 }');
    const options = async (...args: string[]) => {
      const command = serveCommand(() => {}).action(() => {});
      await command.parseAsync(['--config', config, ...args], { from: 'user' });
      return serveOptions([], saidOptions(command), {});
    };
    expect((await options()).token).toBe(false);
    const open = await file('streams: { a: x.mp4 }');
    expect((await options('--config', open)).token).toBe(true);
    expect((await options('--config', open, '--no-token')).token).toBe(false);
  });

  it('never say the password of a source that is refused', async () => {
    const refused = serveOptions([`a=rtsp://u:hunter2@h/${'$'}{NOT_SET_HERE}`], {}, {});
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
  });
});

describe('a SIGHUP', () => {
  it('that comes before there is anything to reload ends nothing, and is obeyed once there is', () => {
    const before = process.listeners('SIGHUP');
    onTestFinished(() => {
      for (const listener of process.listeners('SIGHUP')) {
        if (!before.includes(listener)) process.off('SIGHUP', listener);
      }
    });
    let reloads = 0;
    const onHangup = hangups();
    process.emit('SIGHUP');
    process.emit('SIGHUP');
    expect(reloads).toBe(0);
    onHangup(() => reloads++);
    expect(reloads).toBe(1);
    process.emit('SIGHUP');
    expect(reloads).toBe(2);
  });
});

describe('a reload', () => {
  const TOKEN = 'a-viewer-of-all-0001';

  /** A service whose options the test writes, over streams that take or refuse what comes. */
  async function service(text: string) {
    const config = await file(text);
    const read = () => serveOptions([], { config }, {});
    const options = await read();
    const server = await startServer({ port: 0, streams: ['a'], tokens: options.tokens });
    onTestFinished(() => server.close());
    let fault: Error | undefined;
    const apply = async () => {
      if (fault) throw fault;
      return { added: [], removed: [], changed: [], kept: ['a'] };
    };
    const log = new ServeLog({ level: 'silent', format: 'text' });
    const reloading = new Reloading(read, await findModels(options), log);
    reloading.begin(options, { apply } as unknown as LiveStreams, server);
    const status = async () =>
      (await fetch(`${server.url}/healthz`, { headers: { Authorization: `Bearer ${TOKEN}` } })).status;
    return {
      reloading,
      status,
      write: (other: string) => writeFile(config, other),
      refuse: (with_: Error | undefined) => (fault = with_),
    };
  }
  const withToken = (token: string): string => `tokens: { viewer: [${token}] }\nstreams: { a: x.mp4 }`;

  it('that is refused lets nobody go: tokens change only once the streams have', async () => {
    const { reloading, status, write, refuse } = await service(withToken(TOKEN));
    await write(withToken('another-token-00001'));
    refuse(new Error('A source is not there.'));
    await expect(reloading.reload()).rejects.toThrow('not there');
    expect(await status()).toBe(200);
    refuse(undefined);
    await reloading.reload();
    expect(await status()).toBe(401);
  });

  it('names what needs a restart each time, until it is as it was at the start', async () => {
    const { reloading, write } = await service('streams: { a: x.mp4 }');
    await write('port: 9000\nstreams: { a: x.mp4 }');
    expect((await reloading.reload()).needsRestart).toEqual(['port']);
    expect((await reloading.reload()).needsRestart).toEqual(['port']);
    await write('streams: { a: x.mp4 }');
    expect((await reloading.reload()).needsRestart).toEqual([]);
  });
});

describe('the plans of the streams', () => {
  const planned = async (text: string) => {
    const options = await serveOptions([], { config: await file(text) }, environment);
    return streamPlans(options, await findModels(options));
  };

  it('have the same key for the same wishes and another for any other', async () => {
    const keys = async (text: string): Promise<string[]> => (await planned(text)).map(({ key }) => key);
    const before = await keys('streams: { a: x.mp4, b: { source: y.mp4 } }');
    expect(await keys('port: 1\nstreams: { a: { source: x.mp4 }, b: y.mp4 }')).toEqual(before);
    for (const other of [
      'z.mp4',
      '{ source: x.mp4, size: 320x96 }',
      '{ source: x.mp4, transport: udp }',
      '{ source: x.mp4, causal: true }',
      '{ source: x.mp4, insecureTls: true }',
    ]) {
      expect((await keys(`streams: { a: ${other}, b: y.mp4 }`))[0]).not.toBe(before[0]);
    }
  });

  it('hold what is said for a stream above what is said for all', async () => {
    const [a, b] = await planned(
      'causal: true\nsize: 640x192\nstreams: { a: x.mp4, b: { source: y.mp4, size: 320x96, window: [-1, 0, 1] } }',
    );
    expect([a!.contextOffsets, b!.contextOffsets]).toEqual([
      [-2, -1],
      [-1, 1],
    ]);
    const camera = { width: 1920, height: 1080 };
    expect([a!.size(camera), b!.size(camera)]).toEqual([
      { width: 640, height: 192 },
      { width: 320, height: 96 },
    ]);
  });

  it('refuse a size or a window that the model cannot take, before anything is connected', async () => {
    await expect(planned('streams: { a: { source: rtsp://192.0.2.1/x, size: 300x100 } }')).rejects.toMatchObject({
      code: 'option-invalid',
    });
    await expect(planned('streams: { a: { source: x, window: [-3, -2, -1, 0] } }')).rejects.toMatchObject({
      code: 'option-invalid',
      message: expect.stringContaining('stream a'),
    });
  });
});
