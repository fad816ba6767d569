import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { McapFile } from '../../../pipeline/foxglove/mcap/mcap-file.ts';
import { mcapState } from '../../../pipeline/foxglove/mcap/mcap-records.ts';
import { foxgloveProfile } from '../../../pipeline/foxglove/messages/foxglove-profile.ts';
import { recordTo } from '../../../pipeline/foxglove/record-to.ts';
import { endAll, serve } from '../server/serving.ts';
import { emptyFolder } from '../sinks/folder.ts';
import { ALL, indexOf, played, record } from './recorded.ts';
import { streetAnswers } from './street-answers.ts';

afterEach(endAll);

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(6);
});

describe('a recorder', () => {
  it('ends the file of a stream that is removed, and begins another where it comes again', async () => {
    const dir = await emptyFolder();
    const recorder = await recordTo(dir);
    recorder.tap('street', answers[0]!);
    recorder.tap('yard', answers[0]!);
    await recorder.end('street');
    await recorder.end('nobody');
    const ofStreet = async () => (await readdir(dir)).filter((name) => name.startsWith('street')).sort();
    const [first] = await ofStreet();
    expect(await mcapState(join(dir, first!))).toBe('whole');
    recorder.tap('street', answers[1]!);
    void recorder.end('street');
    await recorder.close();
    const files = await ofStreet();
    expect(files).toHaveLength(2);
    for (const name of files) expect(await mcapState(join(dir, name))).toBe('whole');
  });

  it('follows a server: streams that come later, those that go, and one that comes again', async () => {
    const dir = await emptyFolder();
    const server = await serve({ streams: ['street'] });
    const recorder = await recordTo(dir);
    recorder.follow(server);
    server.hub('street').publish(answers[0]!);
    server.addStream('yard').publish(answers[1]!);
    await server.removeStream('yard');
    server.addStream('yard').publish(answers[2]!);
    await recorder.close();
    server.hub('street').publish(answers[3]!);
    const names = (await readdir(dir)).filter((name) => name.endsWith('.mcap'));
    expect(names.map((name) => name.split('-')[0]).sort()).toEqual(['street', 'yard', 'yard']);
    for (const name of names) {
      expect(await mcapState(join(dir, name))).toBe('whole');
      expect((await indexOf(join(dir, name))).counts['/tf']).toBe(1);
    }
    expect(recorder.status().streams).toMatchObject([
      { stream: 'street', frames: 1 },
      { stream: 'yard', frames: 1 },
    ]);
  });

  it('leaves no empty file where one cannot be begun', async () => {
    const dir = await emptyFolder();
    const profile = {
      ...foxgloveProfile,
      get mcapProfile(): '' {
        throw new Error('The disk is full.');
      },
    };
    const options = { profile, stream: 'street', library: 'depthcast' };
    await expect(McapFile.create(join(dir, 'a.mcap'), options)).rejects.toMatchObject({ code: 'output-failed' });
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('recordTo', () => {
  it('records every topic at the time of day', async () => {
    const dir = await emptyFolder();
    const status = await record(dir, answers);
    expect(status.streams).toMatchObject([
      { stream: 'street', frames: 6, files: 1, dropped: 0, fault: null, file: null },
    ]);
    const [name] = (await readdir(dir)).filter((file) => file.endsWith('.mcap'));
    expect(name).toMatch(/^street-\d{8}T\d{6}Z\.mcap$/);
    const { reader, counts } = await indexOf(join(dir, name!));
    expect(counts).toEqual(ALL);
    const start = Number(reader.statistics!.messageStartTime / 1_000_000n);
    expect(Math.abs(start - Date.now())).toBeLessThan(600_000);
    expect(status.streams[0]!.bytes).toBe((await stat(join(dir, name!))).size);
    const { frames } = await played(join(dir, name!));
    expect(frames).toHaveLength(6);
    expect(frames[0]!.timestamp).toBe(0);
  });

  it('begins a new file when one is large enough, and loses nothing between them', async () => {
    const dir = await emptyFolder();
    const status = await record(dir, answers, { maxBytes: 1_500_000 });
    expect(status.streams[0]).toMatchObject({ frames: 6, dropped: 0 });
    const names = (await readdir(dir)).filter((file) => file.endsWith('.mcap'));
    expect(names.length).toBe(status.streams[0]!.files);
    expect(names.length).toBeGreaterThan(1);
    const counts = await Promise.all(names.map(async (name) => (await indexOf(join(dir, name))).counts['/tf']!));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
  });

  it('begins a new file when one is long enough', async () => {
    const dir = await emptyFolder();
    const late = answers.map((answer, i) => ({ ...answer, frame: { ...answer.frame, arrivedAt: i * 1000 } }));
    const status = await record(dir, late, { maxSeconds: 2 });
    expect(status.streams[0]).toMatchObject({ frames: 6, files: 2 });
  });

  it('records only the topics that are wanted', async () => {
    const dir = await emptyFolder();
    await record(dir, answers, { topics: ['image', 'consistency'] });
    const [name] = (await readdir(dir)).filter((file) => file.endsWith('.mcap'));
    expect((await indexOf(join(dir, name!))).counts).toEqual({ '/street/camera/image': 6, '/street/consistency': 6 });
  });

  it('lets the oldest frames go, counted, when the disk is slower than the stream', async () => {
    const dir = await emptyFolder();
    const recorder = await recordTo(dir);
    // All at once: faster than any disk.
    for (let i = 0; i < 40; i++) {
      recorder.tap('street', { ...answers[i % 6]!, frame: { ...answers[i % 6]!.frame, index: i } });
    }
    await recorder.close();
    const [stream] = recorder.status().streams;
    expect(stream!.dropped).toBeGreaterThan(15);
    expect(stream!.frames + stream!.dropped).toBe(40);
  });

  it('tells a disk that cannot be written to, once, and counts what it costs', async () => {
    const dir = await emptyFolder();
    const errors: unknown[] = [];
    const recorder = await recordTo(dir, { onError: (error) => errors.push(error) });
    await rm(dir, { recursive: true });
    for (const answer of answers) {
      recorder.tap('street', answer);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await expect.poll(() => recorder.status().streams[0], { timeout: 60_000 }).toMatchObject({ frames: 0, dropped: 6 });
    expect(errors).toEqual([expect.objectContaining({ code: 'output-failed' })]);
    await recorder.close();
  });

  it.each([{ maxBytes: 0 }, { maxSeconds: Number.NaN }, { topics: ['video'] }, { jpegQuality: 0 }])(
    'refuses %j',
    async (options) => {
      await expect(recordTo(await emptyFolder(), options)).rejects.toMatchObject({ code: 'option-invalid' });
    },
  );

  it('refuses a folder that another recorder holds', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, '.running'), `${process.ppid} `);
    await expect(recordTo(dir)).rejects.toMatchObject({ code: 'output-exists' });
  });
});
