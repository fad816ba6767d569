import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DepthcastError, type Frame } from '../../frames/index.ts';
import { McapFile } from '../../pipeline/foxglove/mcap/mcap-file.ts';
import { foxgloveProfile } from '../../pipeline/foxglove/messages/foxglove-profile.ts';
import type { FrameSource, ReadOptions } from '../../pipeline/sources/frame-source.ts';
import type { OpenOptions } from '../../pipeline/sources/reading/source-kind.ts';
import { openFootage, openSource, sourceKinds } from '../../pipeline/sources/registry.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';
import { FakeHttpCamera } from '../helpers/fake-http-camera.ts';
import { childProcesses, makeFootage, scratchFolder, testPicture } from '../pipeline/ffmpeg/footage.ts';
import { PATIENT } from '../pipeline/sources/camera-reader.ts';

/** Footage of 12 pictures of 128x64 at 10 a second, in every form there is a source for. */
const COUNT = 12;
const SIZE = { width: 128, height: 64 };
const READ: ReadOptions = { stream: 'test', size: { width: 64, height: 32 } };
const PICTURES = testPicture('s=128x64:r=10:d=1.2');
const PROJECTION = '100 0 63.5 10 0 100 31.5 0 0 0 1 0';
const POSES = Array.from({ length: COUNT }, (_, i) => `1 0 0 0 0 1 0 0 0 0 1 ${i}`).join('\n');

const folder = await scratchFolder();
const at = (...parts: string[]): string => path.join(folder, ...parts);

interface Example {
  open(): Promise<FrameSource>;
  readonly live?: boolean;
  readonly poses?: boolean;
  readonly intrinsics?: boolean;
  /** Stems of picture files; else names are indices. */
  readonly firstName?: string;
}

let camera: FakeCamera;
let httpCamera: FakeHttpCamera;
const spec = (text: string, options?: OpenOptions) => () => openSource(text, options);

/** One example a registry entry, by the entry's first layout. */
const examples: Record<string, Example> = {
  video: { open: spec(at('clip.mp4')) },
  stdin: { open: () => openSource('-', { stdin: createReadStream(at('clip.mkv')) }) },
  pictures: { open: spec(at('pictures')), firstName: 'img0' },
  mcap: { open: spec(at('session.mcap')), intrinsics: true },
  'kitti-odometry': { open: spec(at('sequences', '07')), poses: true, intrinsics: true, firstName: '000000' },
  'kitti-raw': { open: spec(at('day', 'drive')), intrinsics: true, firstName: '0000000000' },
  rtsp: { open: () => openSource(camera.url(), { camera: PATIENT }), live: true },
  mjpeg: { open: () => openSource(httpCamera.url('mjpeg'), { camera: PATIENT }), live: true },
};

/** Cameras whose server plays to one player, or that no machine for tests has; each has a test of its own. */
const elsewhere = ['rtmp', 'hls', 'webcam'];

beforeAll(async () => {
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  await makeFootage(...PICTURES, ...x264, at('clip.mp4'));
  await makeFootage(...PICTURES, ...x264, at('clip.mkv'));
  for (const place of [['pictures'], ['sequences', '07', 'image_2'], ['day', 'drive', 'image_02', 'data'], ['poses']]) {
    await mkdir(at(...place), { recursive: true });
  }
  // Without leading zeros, so that alphabetic order would be wrong.
  await makeFootage(...PICTURES, '-start_number', '0', at('pictures', 'img%d.png'));
  await makeFootage(...PICTURES, '-start_number', '0', at('sequences', '07', 'image_2', '%06d.jpg'));
  await makeFootage(...PICTURES, '-start_number', '0', at('day', 'drive', 'image_02', 'data', '%010d.png'));
  await recordPictures(at('pictures'), at('session.mcap'));
  await writeFile(at('sequences', '07', 'calib.txt'), `P2: ${PROJECTION}\n`);
  await writeFile(at('sequences', '07', 'times.txt'), Array.from({ length: COUNT }, (_, i) => i * 0.11).join('\n'));
  await writeFile(at('poses', '07.txt'), POSES);
  await writeFile(at('day', 'calib_cam_to_cam.txt'), `S_rect_02: 128 64\nP_rect_02: ${PROJECTION}\n`);
  const unit = [
    '-tune',
    'zerolatency',
    '-x264-params',
    'aud=1:repeat-headers=1:sliced-threads=0',
    '-bf',
    '0',
    '-g',
    '5',
  ];
  await makeFootage(...PICTURES, ...x264, ...unit, '-f', 'h264', at('camera.h264'));
  camera = await FakeCamera.start({ file: at('camera.h264'), fps: 25 });
  await mkdir(at('jpegs'));
  await makeFootage(...PICTURES, at('jpegs', '%03d.jpg'));
  httpCamera = await FakeHttpCamera.start({ folder: at('jpegs') });
});

afterAll(() => Promise.all([camera.close(), httpCamera.close()]));

/** The pictures as a recording of depthcast has them, with a camera. */
async function recordPictures(folder: string, file: string): Promise<void> {
  const intrinsics = { ...SIZE, fx: 100, fy: 100, cx: 63.5, cy: 31.5 };
  const recording = await McapFile.create(file, { profile: foxgloveProfile, stream: 'clip', library: 'depthcast' });
  const depth = { ...SIZE, kind: 'metric', data: new Float32Array(SIZE.width * SIZE.height).fill(10) } as const;
  for await (const frame of (await openFootage(folder)).frames({ stream: 'clip', size: SIZE, intrinsics })) {
    await recording.write({ frame, depth, estimator: 'none', latencyMs: 1, inferenceMs: 1 });
  }
  await recording.close();
}

async function take(source: FrameSource, count: number, options: Partial<ReadOptions> = {}): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of source.frames({ ...READ, ...options })) {
    frames.push(frame);
    if (frames.length === count) break;
  }
  return frames;
}

it('every source of the registry has an example here', () => {
  expect([...Object.keys(examples), ...elsewhere].sort()).toEqual(sourceKinds.map((kind) => kind.layouts[0]).sort());
});

describe.each(Object.entries(examples))('the source %s', (_name, example) => {
  const wanted = COUNT;

  it('says what it is before it is read', async () => {
    const source = await example.open();
    // A camera is connected to when it is read, so its size is known only then.
    const size = example.live ? undefined : SIZE;
    expect(source.info).toMatchObject({ size, live: example.live ?? false, hasPoses: example.poses ?? false });
    expect(source.info.intrinsics !== undefined).toBe(example.intrinsics ?? false);
    if (!example.live && source.info.frameCount !== undefined) expect(source.info.frameCount).toBe(COUNT);
  });

  it('gives every frame in order, without holes, at the size asked for', async () => {
    const frames = await take(await example.open(), wanted);
    expect(frames.map((frame) => frame.index)).toEqual(Array.from({ length: wanted }, (_, i) => i));
    for (const frame of frames) {
      expect(frame).toMatchObject({ stream: 'test', width: 64, height: 32, sourceSize: SIZE });
      expect(frame.pixels.length).toBe(64 * 32 * 3);
      expect(frame.segmentStart).toBeUndefined();
      expect(frame.arrivedAt).toBeGreaterThan(0);
      expect(frame.pose !== undefined).toBe(example.poses ?? false);
    }
    expect(frames[0]!.name).toBe(example.firstName ?? '000000');
    expect(new Set(frames.map((frame) => frame.name)).size).toBe(wanted);
    expect(new Set(frames.map((frame) => frame.flow)).size).toBe(1);
  });

  it('gives times that grow', async () => {
    const frames = await take(await example.open(), wanted);
    for (let i = 1; i < frames.length; i++) {
      expect(frames[i]!.timestamp).toBeGreaterThan(frames[i - 1]!.timestamp);
      expect(frames[i]!.arrivedAt).toBeGreaterThanOrEqual(frames[i - 1]!.arrivedAt);
    }
  });

  it('gives each frame shared memory of its own', async () => {
    const frames = await take(await example.open(), 5);
    expect(new Set(frames.map((frame) => frame.pixels.buffer)).size).toBe(5);
    const before = Buffer.from(frames[1]!.pixels);
    frames[0]!.pixels.fill(7);
    expect(frames[0]!.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.compare(before, Buffer.from(frames[1]!.pixels))).toBe(0);
  });

  it('scales the camera to the frame', async () => {
    const camera = { width: 256, height: 128, fx: 200, fy: 200, cx: 127.5, cy: 63.5 };
    const [frame] = await take(await example.open(), 1, { intrinsics: camera });
    expect(frame!.intrinsics).toEqual({ width: 64, height: 32, fx: 50, fy: 50, cx: 31.5, cy: 15.5 });
    const [own] = await take(await example.open(), 1);
    expect(own!.intrinsics?.fx).toBe(example.intrinsics ? 50 : undefined);
  });

  it.skipIf(example.live)('begins at `from` and ends after `maxFrames`', async () => {
    const frames = await take(await example.open(), Number.POSITIVE_INFINITY, { from: 4, maxFrames: 3 });
    expect(frames.map((frame) => frame.index)).toEqual([4, 5, 6]);
    if (example.firstName === '000000') expect(frames[0]!.name).toBe('000004');
  });

  it('is read once', async () => {
    const source = await example.open();
    await take(source, 1);
    expect(() => source.frames(READ)).toThrow(/read once/);
  });

  it.runIf(example.live)('ends after `maxFrames`, and knows its size by then', async () => {
    const source = await example.open();
    expect(await take(source, Number.POSITIVE_INFINITY, { maxFrames: 3 })).toHaveLength(3);
    expect(source.info.size).toEqual(SIZE);
  });

  it.each([
    { size: { width: 0, height: 32 } },
    { size: { width: 64.5, height: 32 } },
    { size: { width: 1e6, height: 1e6 } },
    { maxFrames: 0 },
  ])('refuses %j', async (wrong) => {
    const source = await example.open();
    expect(() => source.frames({ ...READ, ...wrong })).toThrow(DepthcastError);
    expect(() => source.frames({ ...READ, ...wrong })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });

  it('ends its decoder when the reader stops, and when the reader is stopped while it waits', async () => {
    const before = await childProcesses();
    await take(await example.open(), 2);
    expect(await childProcesses()).toEqual(before);
    const iterator = (await example.open()).frames(READ)[Symbol.asyncIterator]();
    await iterator.next();
    const pending = Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    await iterator.return?.();
    await pending;
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await childProcesses()).toEqual(before);
  });

  it('does not open when it is told to stop first', async () => {
    const stopped = AbortSignal.abort(new Error('not wanted'));
    if (example === examples['stdin']) return;
    const text = example.live ? camera.url() : at('clip.mp4');
    await expect(openSource(text, { signal: stopped })).rejects.toThrow('not wanted');
  });

  it.skipIf(example.live)('refuses to begin before its beginning', async () => {
    const source = await example.open();
    expect(() => source.frames({ ...READ, from: -1 })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });

  it.skipIf(example.live || example === examples['stdin'])('starts over when it loops, and time goes on', async () => {
    const frames = await take(await example.open(), 2 * COUNT + 3, { loop: true });
    expect(frames.map((frame) => frame.index)).toEqual(Array.from({ length: 2 * COUNT + 3 }, (_, i) => i));
    const starts = frames.filter((frame) => frame.segmentStart !== undefined);
    expect(starts.map((frame) => [frame.index, frame.segmentStart])).toEqual([
      [COUNT, 'scene-cut'],
      [2 * COUNT, 'scene-cut'],
    ]);
    for (let i = 1; i < frames.length; i++) {
      expect(frames[i]!.timestamp - frames[i - 1]!.timestamp).toBeCloseTo(frames[1]!.timestamp, 4);
    }
    expect(Buffer.compare(Buffer.from(frames[0]!.pixels), Buffer.from(frames[COUNT]!.pixels))).toBe(0);
    expect(new Set(frames.map((frame) => frame.name)).size).toBe(frames.length);
  });

  it.skipIf(example.live)('is not faster than its own pace in real time', async () => {
    const begin = performance.now();
    const frames = await take(await example.open(), 6, { realTime: true });
    const asked = (frames[5]!.timestamp - frames[0]!.timestamp) * 1000;
    expect(asked).toBeGreaterThan(400);
    expect(performance.now() - begin).toBeGreaterThan(asked - 5);
  });

  it.skipIf(example.live)('waits for a reader who is slow, and loses nothing', async () => {
    const indices: number[] = [];
    for await (const frame of (await example.open()).frames(READ)) {
      indices.push(frame.index);
      if (indices.length % 4 === 1) await sleep(60);
    }
    expect(indices).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  });
});
