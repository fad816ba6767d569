import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cut, serve, sha256, unrulyServer } from '../models/hub/unruly-server.ts';
import { meanGraph, tinyOnnx } from '../models/tiny-onnx.ts';
import { type Ended, emptyFolder, pressCtrlC, type Running, SAMPLE, start } from './depthcast.ts';

const graph = tinyOnnx(meanGraph());

/** Runs `depthcast` with hub folders inside `dir`, away from this machine's own. */
function started(dir: string, ...args: readonly string[]): ReturnType<typeof start> {
  return start(args, {
    DEPTHCAST_CACHE: join(dir, 'cache'),
    DEPTHCAST_MODELS: join(dir, 'own'),
    DEPTHCAST_MIRROR: '',
    HTTP_PROXY: '',
    http_proxy: '',
    ALL_PROXY: '',
    all_proxy: '',
  });
}

const ended = (dir: string, ...args: readonly string[]): Promise<Ended> => started(dir, ...args).ended;

async function cardFile(dir: string, url: string, part: object = { sha256: sha256(graph) }): Promise<string> {
  const path = join(dir, 'far-away.json');
  const card = {
    version: 1,
    id: 'far-away',
    title: 'A network somewhere else',
    family: 'single-graph',
    parts: { graph: { file: 'graph.onnx', url: `${url}/far-away.onnx`, ...part } },
    input: { tensor: '?0', layout: 'nchw-float32', size: { rule: 'fixed', width: 96, height: 64 } },
    output: { tensor: '?0', kind: 'relative', min: 0, max: 1e6 },
    camera: { rule: 'none' },
    licence: { name: 'for research', commercial: false },
    source: 'a test',
    trained: { data: ['nothing'] },
  };
  await writeFile(path, JSON.stringify(card));
  return path;
}

describe('depthcast models', { timeout: 240_000 }, () => {
  it('lists what is here and what can be had, for scripts and for people', async () => {
    const dir = await emptyFolder();
    const { code, json } = await ended(dir, 'models', 'list', '--json');
    expect(code).toBe(0);
    const models = json!['models'] as Record<string, unknown>[];
    for (const model of models) {
      expect(Object.keys(model)).toEqual(['id', 'kind', 'window', 'licence', 'commercial', 'bytes', 'state']);
    }
    const named = (id: string): unknown => models.find((model) => model['id'] === id);
    expect(named('tc-depth-lite')).toMatchObject({ kind: 'metric', window: [-1, 0, 1], state: 'ready' });
    expect(named('tc-depth-lite-single')).toMatchObject({ window: [0], state: 'ready' });
    expect(named('depth-anything-v2-small')).toMatchObject({
      kind: 'inverse',
      commercial: true,
      bytes: 99_060_839,
      state: 'pull',
    });
    expect(named('glp-depth-kitti')).toMatchObject({ kind: 'metric', commercial: false, state: 'pull' });
    expect(named('manydepth-640x192')).toMatchObject({ window: [-1, 0], bytes: null, state: 'import' });
    const { stdout, stderr } = await ended(dir, 'models', 'list');
    expect(stdout).toMatch(/^tc-depth-lite +metric +-1,0,1 /m);
    expect(stdout).toMatch(/^glp-depth-kitti .*246\.0 MB +GLPDepth's terms \(not for commercial use\) +pull$/m);
    expect(stderr).toContain('depthcast models pull');
  });

  it('shows a card', async () => {
    const { code, json } = await ended(await emptyFolder(), 'models', 'show', 'tc-depth-lite', '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ id: 'tc-depth-lite', family: 'windowed-features' });
  });

  it('pulls a model after a cut, verifies and removes it', async () => {
    const dir = await emptyFolder();
    // What comes just before a cut may be lost on a busy machine: cut until a rest is asked for.
    const server = await unrulyServer((request, response, served) =>
      (request.headers.range === undefined ? cut(graph, 60, '"v1"') : serve(graph, '"v1"'))(request, response, served),
    );
    const card = await cardFile(dir, server.url);
    const pulled = await ended(dir, 'models', 'pull', card, '--json');
    expect(pulled).toMatchObject({ code: 0, json: { model: 'far-away', outcome: 'pulled' } });
    expect(pulled.stderr).toContain('does not allow commercial use');
    expect(pulled.stderr).toContain('trying again');
    expect(pulled.stderr).toContain('far-away is ready');
    expect(server.asked[0]!.headers.range).toBeUndefined();
    expect(server.asked.at(-1)!.headers.range).toBe('bytes=60-');

    expect(await ended(dir, 'models', 'pull', card, '--offline', '--json')).toMatchObject({
      code: 0,
      json: { outcome: 'here' },
    });
    const verified = await ended(dir, 'models', 'verify', card, '--json');
    expect(verified.json).toMatchObject({ verified: [{ model: 'far-away', part: 'graph', right: true }] });
    await writeFile(join(dir, 'cache/models/far-away/graph.onnx'), Buffer.alloc(graph.length));
    expect(await ended(dir, 'models', 'verify', card, '--json')).toMatchObject({
      code: 1,
      json: { error: { code: 'model-hash', advice: expect.stringContaining('models remove far-away') } },
    });
    expect(await ended(dir, 'models', 'remove', 'far-away')).toMatchObject({ code: 0 });
    expect(existsSync(join(dir, 'cache/models/far-away'))).toBe(false);
  });

  it('two pulls at once ask the server once, and both end well', async () => {
    const dir = await emptyFolder();
    const server = await unrulyServer((request, response, served) => {
      setTimeout(() => serve(graph)(request, response, served), 1500);
    });
    const card = await cardFile(dir, server.url);
    const both = await Promise.all([1, 2].map(() => ended(dir, 'models', 'pull', card, '--json')));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.map(({ json }) => json!['outcome']).sort()).toEqual(['here', 'pulled']);
    expect(server.asked.length).toBe(1);
    expect(sha256(await readFile(join(dir, 'cache/models/far-away/graph.onnx')))).toBe(sha256(graph));
  });

  it.each([
    ['stopped by Ctrl-C', pressCtrlC, 130],
    ['killed without a warning', ({ child }: Running) => void child.kill('SIGKILL'), null],
  ])('%s, keeps what came, and goes on from there', async (_what, end, code) => {
    const dir = await emptyFolder();
    const server = await unrulyServer((request, response, served) => {
      if (served > 0) return serve(graph, '"v1"')(request, response, served);
      response.writeHead(200, { 'content-length': graph.length, etag: '"v1"' });
      response.write(graph.subarray(0, 50));
    });
    const card = await cardFile(dir, server.url);
    const running = started(dir, 'models', 'pull', card);
    const part = join(dir, 'cache/models/far-away/.graph.onnx.part');
    await expect.poll(async () => (await readFile(part).catch(() => '')).length, { timeout: 90_000 }).toBe(50);
    end(running);
    const first = await running.ended;
    expect(first.code).toBe(code);
    if (code === 130) expect(first.stderr).toContain('goes on from here');
    expect(await ended(dir, 'models', 'pull', card)).toMatchObject({ code: 0 });
    expect(server.asked[1]!.headers.range).toBe('bytes=50-');
  });

  it('offline says what is missing, and a model without a URL how to get it', async () => {
    const dir = await emptyFolder();
    expect(await ended(dir, 'models', 'pull', 'depth-anything-v2-small', '--offline', '--json')).toMatchObject({
      code: 1,
      json: { error: { code: 'model-offline', message: expect.stringContaining('depth-anything-v2-small') } },
    });
    expect(await ended(dir, 'models', 'pull', 'diffnet-640x192', '--json')).toMatchObject({
      code: 1,
      json: { error: { code: 'model-not-found', advice: expect.stringContaining('models import') } },
    });
    expect(await ended(dir, 'models', 'pull', 'tc-depth-lite', '--json')).toMatchObject({
      code: 0,
      json: { outcome: 'here' },
    });
  });

  it('wrong bytes end with 1, and the error is the last line of stdout', async () => {
    const dir = await emptyFolder();
    const server = await unrulyServer(serve(Buffer.from('something else')));
    const card = await cardFile(dir, server.url);
    expect(await ended(dir, 'models', 'pull', card, '--json')).toMatchObject({
      code: 1,
      json: { error: { code: 'model-hash' } },
    });
  });

  it('imports a file in one line; run then takes it by its name', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'net.onnx'), graph);
    const imported = await ended(dir, 'models', 'import', join(dir, 'net.onnx'), '--as', 'mine', '--json');
    expect(imported).toMatchObject({
      code: 0,
      json: { model: 'mine', card: join(dir, 'own/mine/card.json'), missing: [] },
      stderr: expect.stringContaining('guessed: picture (nchw-float32, 96x64, rgb 0..1) to depth (relative)'),
    });
    const options = ['--fallback', 'none', '--write', 'csv', '--max-frames', '3', '--json'];
    const run = await ended(dir, 'run', SAMPLE, '--model', 'mine', '--out', join(dir, 'out'), ...options);
    expect(run).toMatchObject({ code: 0, json: { model: 'mine', frames: 3, depthFrames: 3 } });
    expect(await ended(dir, 'models', 'import', join(dir, 'net.onnx'), '--json')).toMatchObject({
      code: 2,
      json: { error: { code: 'option-invalid', message: expect.stringContaining('--as') } },
    });
  });

  it('run says what it guesses of an ONNX file that has no card', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'net.onnx'), graph);
    const options = ['--fallback', 'none', '--write', 'csv', '--max-frames', '2', '--json'];
    const run = await ended(
      dir,
      'run',
      SAMPLE,
      '--model',
      join(dir, 'net.onnx'),
      '--out',
      join(dir, 'out'),
      ...options,
    );
    expect(run).toMatchObject({ code: 0, json: { depthFrames: 2 } });
    expect(run.stderr).toContain('net.onnx has no card; guessed: picture (nchw-float32, 96x64, rgb 0..1) to depth');
  });

  it('run with a model that is not here says how to get it', async () => {
    const dir = await emptyFolder();
    const run = await ended(dir, 'run', SAMPLE, '--model', 'midas-v2.1-small', '--out', join(dir, 'out'), '--json');
    expect(run).toMatchObject({
      code: 1,
      json: { error: { code: 'model-not-found', advice: 'Get them: depthcast models pull midas-v2.1-small' } },
    });
  });
});
