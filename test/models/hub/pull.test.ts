import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type ModelCard, parseCard } from '../../../models/card.ts';
import { pullModel, removeModel, stateOf, verifyModel } from '../../../models/hub/index.ts';
import { findModel, openModel } from '../../../models/index.ts';
import { madeFrame, windowAt } from '../street-frames.ts';
import { meanGraph, tinyOnnx } from '../tiny-onnx.ts';
import { hubFolders } from './hub-folders.ts';
import { serve, sha256, unrulyServer } from './unruly-server.ts';

const folders = hubFolders();
const graph = tinyOnnx(meanGraph());
const whole = { sha256: sha256(graph), bytes: graph.length };

function cardOf(url: string, part: object = whole): ModelCard {
  return parseCard(
    {
      version: 1,
      id: 'far-away',
      title: 'A network somewhere else',
      family: 'single-graph',
      parts: { graph: { file: 'graph.onnx', url: `${url}/far-away.onnx`, ...part } },
      input: { tensor: '?0', layout: 'nchw-float32', range: [0, 1], size: { rule: 'fixed', width: 96, height: 64 } },
      output: { tensor: '?0', kind: 'metric', scale: 8, min: 0.001, max: 80 },
      camera: { rule: 'none' },
      licence: { name: 'for research', commercial: false, note: 'Ask before you sell it.' },
      source: 'a test',
      trained: { data: ['nothing'] },
    },
    'far-away.json',
  );
}

async function onDisk(card: ModelCard): Promise<string> {
  const path = join(folders.root, 'far-away.json');
  await writeFile(path, JSON.stringify(card));
  return path;
}

describe('pulling a model', () => {
  it('makes a card ready to use, says its licence first, and asks the server once', async () => {
    const server = await unrulyServer(serve(graph));
    const path = await onDisk(cardOf(server.url));
    expect(await stateOf(await findModel(path))).toBe('pull');
    await expect(openModel(path)).rejects.toMatchObject({
      code: 'model-not-found',
      advice: expect.stringContaining('depthcast models pull far-away'),
    });
    const notes: string[] = [];
    expect(await pullModel(cardOf(server.url), { onNote: (text) => void notes.push(text) })).toBe('pulled');
    expect(notes).toEqual([expect.stringContaining('for research) does not allow commercial use')]);
    expect(notes[0]).toContain('Ask before you sell it.');

    const found = await findModel(path);
    expect(await stateOf(found)).toBe('ready');
    expect(found).toMatchObject({
      shipped: false,
      card: { input: { tensor: 'picture' }, output: { tensor: 'depth' } },
    });
    const model = await openModel(found, { deadlineMs: 60_000 });
    const frame = madeFrame(0, 96, 64);
    const { data, kind } = await model.estimate(windowAt([frame], 0, []));
    const mean = (frame.pixels[0]! + frame.pixels[1]! + frame.pixels[2]!) / 3 / 255;
    expect(kind).toBe('metric');
    expect(data[0]).toBeCloseTo(8 * mean, 4);
    await model.close();

    expect(await pullModel(found.card)).toBe('here');
    expect(server.asked.length).toBe(1);
  });

  it('by several at once brings it once', async () => {
    const server = await unrulyServer((request, response, served) => {
      setTimeout(() => serve(graph)(request, response, served), 100);
    });
    const outcomes = await Promise.all([1, 2, 3].map(() => pullModel(cardOf(server.url))));
    expect(outcomes.sort()).toEqual(['here', 'here', 'pulled']);
    expect(server.asked.length).toBe(1);
    expect((await readdir(join(folders.cache, 'models/far-away'))).sort()).toEqual(['graph.onnx', 'pins.json']);
  });

  it.each([
    ['of a process that is gone', { pid: 2 ** 22 + 1, host: hostname(), token: 'x' }, 0],
    ['that was not touched for long', { pid: process.pid, host: 'elsewhere', token: 'x' }, 60],
  ])('does not wait for a lock %s', async (_what, content, secondsOld) => {
    const server = await unrulyServer(serve(graph));
    const lock = join(folders.cache, 'models/far-away/.lock');
    await mkdir(join(folders.cache, 'models/far-away'), { recursive: true });
    await writeFile(lock, JSON.stringify(content));
    const then = new Date(Date.now() - secondsOld * 1000);
    await utimes(lock, then, then);
    expect(await pullModel(cardOf(server.url))).toBe('pulled');
    expect(existsSync(lock)).toBe(false);
  });

  it('waits for a lock that is alive, says so, and can be stopped', async () => {
    await mkdir(join(folders.cache, 'models/far-away'), { recursive: true });
    const lock = join(folders.cache, 'models/far-away/.lock');
    await writeFile(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: 'somebody' }));
    const stop = new AbortController();
    const onNote = (text: string): void => {
      if (text.includes('another depthcast')) stop.abort(new Error('stopped'));
    };
    const pulling = pullModel(cardOf('http://127.0.0.1:9'), { onNote, signal: stop.signal });
    await expect(pulling).rejects.toThrow('stopped');
    expect(existsSync(lock)).toBe(true);
  });

  it('offline fails at once where files are missing, and is fine where they are not', async () => {
    const server = await unrulyServer(serve(graph));
    await expect(pullModel(cardOf(server.url), { offline: true })).rejects.toMatchObject({ code: 'model-offline' });
    expect(server.asked).toEqual([]);
    await pullModel(cardOf(server.url));
    expect(await pullModel(cardOf(server.url), { offline: true })).toBe('here');
  });

  it('without a known sha256 pins what comes first, says so, and then wants the same', async () => {
    let bytes = graph;
    const server = await unrulyServer((...rest) => serve(bytes)(...rest));
    const card = cardOf(server.url, {});
    const notes: string[] = [];
    await pullModel(card, { onNote: (text) => void notes.push(text) });
    expect(notes[1]).toContain(`${whole.sha256} (pinned on first use)`);
    const pins = JSON.parse(await readFile(join(folders.cache, 'models/far-away/pins.json'), 'utf8'));
    expect(pins.parts.graph).toMatchObject(whole);

    await writeFile(join(folders.cache, 'models/far-away/graph.onnx'), 'spoilt');
    bytes = tinyOnnx(meanGraph({ constants: [{ name: 'new', type: 1, shape: [0] }] }));
    const path = await onDisk(card);
    expect(await stateOf(await findModel(path))).toBe('damaged');
    await expect(pullModel((await findModel(path)).card)).rejects.toMatchObject({ code: 'model-download' });
    await removeModel('far-away');
    expect(await pullModel(card)).toBe('pulled');
  });

  it('comes from the mirror where there is one', async () => {
    const mirror = await unrulyServer(serve(graph));
    const environment = { DEPTHCAST_CACHE: folders.cache, DEPTHCAST_MIRROR: `${mirror.url}/deep` };
    const card = cardOf('https://models.example:8443');
    expect(await pullModel(card, { environment })).toBe('pulled');
    expect(mirror.asked.map(({ path }) => path)).toEqual(['/deep/models.example:8443/far-away.onnx']);
  });

  it('into a folder that cannot be written says so', async () => {
    const server = await unrulyServer(serve(graph));
    await writeFile(folders.cache, 'a file where a folder should be');
    await expect(pullModel(cardOf(server.url))).rejects.toMatchObject({
      code: 'output-failed',
      advice: expect.stringContaining('DEPTHCAST_CACHE'),
    });
  });

  it('of something that is no ONNX file is refused, with nothing put in place', async () => {
    const server = await unrulyServer(serve(Buffer.from('<html>Sign in to this network</html>')));
    await expect(pullModel(cardOf(server.url, {}))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('sent as graph.onnx'),
    });
    expect(await readdir(join(folders.cache, 'models/far-away'))).toEqual([]);
  });

  it('of other bytes than the card says is refused, with nothing put in place', async () => {
    const server = await unrulyServer(serve(graph));
    const card = cardOf(server.url, { sha256: '0'.repeat(64) });
    await expect(pullModel(card)).rejects.toMatchObject({ code: 'model-hash' });
    expect(await readdir(join(folders.cache, 'models/far-away'))).toEqual([]);
  });

  it('again after the card got another sha256 brings the new file', async () => {
    let bytes = graph;
    const server = await unrulyServer((...rest) => serve(bytes)(...rest));
    await pullModel(cardOf(server.url));
    bytes = tinyOnnx(meanGraph({ outputs: [{ name: 'depth', type: 1, shape: [1, 1, 64, 96] }] }));
    bytes = Uint8Array.from(bytes);
    bytes[bytes.length - 1] = 18;
    const card = cardOf(server.url, { sha256: sha256(bytes), bytes: bytes.length });
    expect(await pullModel(card)).toBe('pulled');
    expect(sha256(await readFile(join(folders.cache, 'models/far-away/graph.onnx')))).toBe(sha256(bytes));
  });
});

describe('a pulled model', () => {
  it('is verified by reading it through', async () => {
    const server = await unrulyServer(serve(graph));
    const path = await onDisk(cardOf(server.url));
    await pullModel(cardOf(server.url));
    const { card, files } = await findModel(path);
    expect(await verifyModel(card, files)).toMatchObject([{ part: 'graph', right: true, ...whole }]);
    const spoilt = Uint8Array.from(graph);
    spoilt[40]! ^= 1;
    await writeFile(files['graph']!, spoilt);
    expect(await verifyModel(card, files)).toMatchObject([{ right: false }]);
    await expect(openModel(path)).rejects.toMatchObject({ code: 'model-hash' });
  });

  it('is removed with its pins', async () => {
    const server = await unrulyServer(serve(graph));
    await pullModel(cardOf(server.url));
    expect(await removeModel('far-away')).toEqual([join(folders.cache, 'models/far-away')]);
    expect(existsSync(join(folders.cache, 'models/far-away'))).toBe(false);
    await expect(removeModel('far-away')).rejects.toMatchObject({ code: 'model-not-found' });
    await expect(removeModel('../..')).rejects.toMatchObject({ code: 'model-not-found' });
  });

  it('lies in the XDG cache folder where DEPTHCAST_CACHE says nothing', async () => {
    vi.stubEnv('DEPTHCAST_CACHE', undefined);
    vi.stubEnv('XDG_CACHE_HOME', join(folders.root, 'xdg'));
    const server = await unrulyServer(serve(graph));
    await pullModel(cardOf(server.url));
    expect(existsSync(join(folders.root, 'xdg/depthcast/models/far-away/graph.onnx'))).toBe(true);
  });
});
