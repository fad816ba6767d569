import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McapIndexedReader, McapStreamReader, type McapTypes } from '@mcap/core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DepthFrame, Frame } from '../../../frames/index.ts';
import { McapFile } from '../../../pipeline/foxglove/mcap/mcap-file.ts';
import { mcapState } from '../../../pipeline/foxglove/mcap/mcap-records.ts';
import { recoverMcap } from '../../../pipeline/foxglove/mcap/recover.ts';
import { foxgloveProfile } from '../../../pipeline/foxglove/messages/foxglove-profile.ts';
import { type RecordOptions, recordTo } from '../../../pipeline/foxglove/record-to.ts';
import { mcap, mcapRos2 } from '../../../pipeline/sinks/mcap.ts';
import { openFootage } from '../../../pipeline/sources/registry.ts';
import { writeAll } from '../sinks/folder.ts';
import { decodeBySchema } from './reading.ts';
import { CAMERA, SIZE, streetAnswers } from './street-answers.ts';

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(6);
});

const RUN = {
  identity: { source: 'street.mp4', size: SIZE, networkSize: SIZE, intrinsics: CAMERA },
  networkSize: SIZE,
} as const;

async function emptyFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'depthcast-mcap-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Topics of a whole file and how many messages each has, read by its index. */
async function indexOf(path: string): Promise<{ reader: McapIndexedReader; counts: Record<string, number> }> {
  const bytes = await readFile(path);
  const readable: McapTypes.IReadable = {
    size: async () => BigInt(bytes.length),
    read: async (offset, length) => new Uint8Array(bytes.subarray(Number(offset), Number(offset + length))),
  };
  const reader = await McapIndexedReader.Initialize({ readable });
  const counts = Object.fromEntries(
    [...reader.channelsById.values()].map(({ id, topic }) => [
      topic,
      Number(reader.statistics!.channelMessageCounts.get(id) ?? 0),
    ]),
  );
  return { reader, counts };
}

async function record(dir: string, frames: readonly DepthFrame[], options: RecordOptions = {}) {
  const recorder = await recordTo(dir, options);
  for (const frame of frames) recorder.tap('street', frame);
  await recorder.close();
  return recorder.status();
}

/** Frames of an MCAP file, and what ended them if not its end. */
async function played(path: string): Promise<{ frames: Frame[]; error: unknown; source: { info: unknown } }> {
  const source = await openFootage(path);
  const frames: Frame[] = [];
  let error: unknown;
  try {
    for await (const frame of source.frames({ stream: 'again', size: SIZE })) frames.push(frame);
  } catch (fault) {
    error = fault;
  }
  return { frames, error, source };
}

const ALL = {
  '/street/camera/image': 6,
  '/street/camera/calibration': 6,
  '/street/depth/image': 6,
  '/street/depth/metres': 6,
  '/street/depth/points': 6,
  '/street/consistency': 6,
  '/tf': 6,
  '/log': 2,
};

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

describe('--write mcap', () => {
  it('holds every topic, at the times of the footage, each message readable by its own schema', async () => {
    const dir = await emptyFolder();
    await writeAll(mcap, dir, answers, RUN);
    const { reader, counts } = await indexOf(join(dir, 'street.mcap'));
    expect(counts).toEqual(ALL);
    const times = new Set<bigint>();
    for await (const { channelId, logTime, data } of reader.readMessages()) {
      const channel = reader.channelsById.get(channelId)!;
      const schema = reader.schemasById.get(channel.schemaId)!;
      times.add(logTime);
      if (channel.messageEncoding === 'json') expect(JSON.parse(Buffer.from(data).toString())).toHaveProperty('score');
      else expect(decodeBySchema(schema.data, schema.name, data)).toHaveProperty('timestamp');
    }
    expect([...times]).toEqual(answers.map(({ frame }) => BigInt(Math.round(frame.timestamp * 1e6)) * 1000n));
  });

  it('is read back by depthcast as a source: pictures, times and camera', async () => {
    const dir = await emptyFolder();
    await writeAll(mcap, dir, answers, RUN);
    const { frames, error, source } = await played(join(dir, 'street.mcap'));
    expect(error).toBeUndefined();
    expect(source.info).toMatchObject({ size: SIZE, frameCount: 6, codec: 'jpeg', intrinsics: CAMERA, live: false });
    expect(frames.map(({ timestamp }) => timestamp)).toEqual(answers.map(({ frame }) => frame.timestamp));
    expect(frames[3]!.intrinsics).toEqual(CAMERA);
    frames.forEach(({ pixels }, i) => {
      let sum = 0;
      for (let at = 0; at < pixels.length; at++) sum += Math.abs(pixels[at]! - answers[i]!.frame.pixels[at]!);
      expect(sum / pixels.length).toBeLessThan(8);
    });
  });

  it('goes on in a new part behind what is finished, and leaves other files alone', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'mine.mcap'), 'not yours');
    await writeAll(mcap, dir, answers.slice(0, 4), RUN);
    expect(await mcap.finished(dir)).toBe(4);
    expect(await mcapRos2.finished(dir)).toBe(0);
    await writeAll(mcap, dir, answers.slice(3), RUN);
    expect(await mcap.finished(dir)).toBe(6);
    expect((await indexOf(join(dir, 'street-0002.mcap'))).counts['/street/depth/image']).toBe(2);
    expect(await readFile(join(dir, 'mine.mcap'), 'utf8')).toBe('not yours');
  });

  it('is mended when the run that wrote it was killed', async () => {
    const dir = await emptyFolder();
    await writeAll(mcap, dir, answers, RUN);
    const path = join(dir, 'street.mcap');
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, Math.floor(whole.length * 0.6)));
    const frames = await mcap.finished(dir);
    expect(frames).toBeGreaterThanOrEqual(2);
    expect(frames).toBeLessThan(5);
    expect(await mcapState(path)).toBe('whole');
    expect((await indexOf(path)).counts['/street/consistency']).toBe(frames);
  });

  it('says which stream it is by the name of the source, whatever that was', async () => {
    const dir = await emptyFolder();
    const identity = { ...RUN.identity, source: '*weird näme*.png' };
    await writeAll(mcap, dir, answers.slice(0, 1), { ...RUN, identity });
    expect((await readdir(dir)).filter((name) => name.endsWith('.mcap'))).toEqual(['weird-n-me.mcap']);
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

describe('a recording that was killed', () => {
  it('by SIGKILL keeps all but its last frames', async () => {
    const dir = await emptyFolder();
    const script = join(dir, 'recorder.mjs');
    const recordTo = new URL('../../../dist/pipeline/foxglove/record-to.js', import.meta.url).href;
    await writeFile(
      script,
      `import { recordTo } from ${JSON.stringify(recordTo)};
      const size = { width: 640, height: 192 };
      const pixels = new Uint8Array(new SharedArrayBuffer(640 * 192 * 3)).fill(90);
      const depth = { kind: 'metric', ...size, data: new Float32Array(640 * 192).fill(12) };
      const intrinsics = { ...size, fx: 371, fy: 371, cx: 319.5, cy: 95.5 };
      const answer = { depth, estimator: 'none', latencyMs: 1, inferenceMs: 1 };
      const recorder = await recordTo(${JSON.stringify(dir)});
      for (let index = 0; ; index++) {
        const frame = { stream: 'street', index, timestamp: index / 50, ...size, pixels, intrinsics, sourceSize: size };
        recorder.tap('street', { ...answer, frame: { ...frame, arrivedAt: performance.now() } });
        await new Promise((resolve) => setTimeout(resolve, 20));
        const [status] = recorder.status().streams;
        if (status.frames > 9) process.stdout.write(status.frames + ' ');
      }`,
    );
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = once(child, 'close');
    const said = await Promise.race([once(child.stdout, 'data'), gone]);
    child.kill('SIGKILL');
    await gone;
    const atLeast = Number(String(said[0]).split(' ')[0]);
    expect(atLeast).toBeGreaterThan(9);
    const [name] = (await readdir(dir)).filter((file) => file.endsWith('.mcap'));
    expect(await mcapState(join(dir, name!))).toBe('cut-off');
    // Killed twice over: the lock of the dead holds nobody up.
    expect((await record(dir, [])).recovered).toEqual([name]);
    const { frames, error } = await played(join(dir, name!));
    expect(error).toBeUndefined();
    expect(frames.length).toBeGreaterThanOrEqual(atLeast - 1);
  });

  /** The same, made by cutting a whole file. */
  async function cut(share: number): Promise<{ dir: string; path: string; frames: number }> {
    const dir = await emptyFolder();
    await record(dir, answers);
    const [name] = (await readdir(dir)).filter((file) => file.endsWith('.mcap'));
    const path = join(dir, name!);
    const file = await open(path, 'r+');
    await file.truncate(Math.floor((await file.stat()).size * share));
    await file.close();
    return { dir, path, frames: 6 };
  }

  it('is read by the streaming reader of @mcap/core up to its last whole chunk', async () => {
    const { path } = await cut(0.5);
    const reader = new McapStreamReader();
    reader.append(await readFile(path));
    const topics = new Map<number, string>();
    const counts: Record<string, number> = {};
    for (let record = reader.nextRecord(); record; record = reader.nextRecord()) {
      if (record.type === 'Channel') topics.set(record.id, record.topic);
      if (record.type === 'Message') {
        const topic = topics.get(record.channelId)!;
        counts[topic] = (counts[topic] ?? 0) + 1;
      }
    }
    expect(reader.done()).toBe(false);
    expect(counts['/street/camera/image']).toBeGreaterThanOrEqual(2);
  });

  it('plays as a source, and says that it was not finished', async () => {
    const { path } = await cut(0.5);
    const { frames, error } = await played(path);
    expect(frames.length).toBeGreaterThanOrEqual(2);
    expect(frames[0]!.intrinsics).toEqual(CAMERA);
    expect(error).toMatchObject({ code: 'input-truncated' });
  });

  it('is whole again once a recorder is started in its folder', async () => {
    const { dir, path } = await cut(0.5);
    const before = await played(path);
    const status = await record(dir, []);
    expect(status.recovered).toHaveLength(1);
    const after = await played(path);
    expect(after.error).toBeUndefined();
    expect(after.frames.length).toBe(before.frames.length);
    expect((await indexOf(path)).reader.statistics!.messageCount).toBeGreaterThan(0n);
    expect(await recoverMcap(path)).toBeUndefined();
  });

  it('keeps nobody from starting where it cannot be mended', async () => {
    const { dir, path } = await cut(0.5);
    // No file can be made by that name.
    await mkdir(`${path}.part`);
    await writeFile(join(`${path}.part`, 'something'), '');
    const errors: unknown[] = [];
    const { recovered } = await record(dir, answers.slice(0, 2), { onError: (error) => errors.push(error) });
    expect(recovered).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(await mcapState(path)).toBe('cut-off');
    expect((await readdir(dir)).filter((name) => name.endsWith('.mcap'))).toHaveLength(2);
  });

  it('goes away where nothing in it is whole, and a file of somebody else stays as it is', async () => {
    const { dir, path } = await cut(0.5);
    const foreign = join(dir, 'foreign.mcap');
    await cp(path, foreign);
    const bytes = await readFile(foreign);
    bytes.write('somebody!', bytes.indexOf('depthcast'));
    await writeFile(foreign, bytes);
    const file = await open(path, 'r+');
    await file.truncate(100);
    await file.close();
    await record(dir, []);
    expect((await readdir(dir)).filter((name) => name.endsWith('.mcap'))).toEqual(['foreign.mcap']);
    expect(Buffer.compare(await readFile(foreign), bytes)).toBe(0);
  });
});
