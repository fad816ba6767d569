import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { McapWriter } from '@mcap/core';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DepthcastError, type DepthFrame, type Frame, RESIZE_FILTERS } from '../../../frames/index.ts';
import { decompressLz4 } from '../../../pipeline/foxglove/mcap/decompress.ts';
import { encodeCdr, ros2Text } from '../../../pipeline/foxglove/messages/cdr.ts';
import { COMPRESSED_IMAGE, RAW_IMAGE } from '../../../pipeline/foxglove/messages/foxglove-schemas.ts';
import { encodeProto } from '../../../pipeline/foxglove/messages/protobuf.ts';
import { ros2Profile } from '../../../pipeline/foxglove/messages/ros2-profile.ts';
import { ROS_CAMERA_INFO, ROS_IMAGE, ROS_STRING, ROS_TF } from '../../../pipeline/foxglove/messages/ros2-schemas.ts';
import { StreamContent } from '../../../pipeline/foxglove/messages/stream-content.ts';
import { mcapRos2 } from '../../../pipeline/sinks/mcap.ts';
import { decodePicture } from '../../../pipeline/sources/reading/decode-picture.ts';
import { openFootage } from '../../../pipeline/sources/registry.ts';
import { writeAll } from '../sinks/folder.ts';
import { CAMERA, SIZE, streetAnswers } from './street-answers.ts';

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(3);
});

async function emptyFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'depthcast-mcap-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

interface Message {
  readonly topic: string;
  readonly schema: string;
  readonly encoding: 'protobuf' | 'cdr';
  readonly time: number;
  readonly data: Uint8Array;
}

/** A file as some other program would write it; times in milliseconds. */
async function fileOf(messages: readonly Message[]): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0n;
  const writable = {
    position: () => length,
    async write(bytes: Uint8Array) {
      parts.push(bytes.slice());
      length += BigInt(bytes.length);
    },
  };
  const writer = new McapWriter({ writable, chunkSize: 100 });
  await writer.start({ profile: '', library: 'another program' });
  const channels = new Map<string, number>();
  for (const { topic, schema: name, encoding, time, data } of messages) {
    if (!channels.has(topic)) {
      const schemaId = await writer.registerSchema({ name, encoding: 'whatever', data: new Uint8Array() });
      const metadata = new Map<string, string>();
      channels.set(topic, await writer.registerChannel({ schemaId, topic, messageEncoding: encoding, metadata }));
    }
    const logTime = BigInt(time) * 1_000_000n;
    await writer.addMessage({ channelId: channels.get(topic)!, sequence: 0, logTime, publishTime: logTime, data });
  }
  await writer.end();
  const path = join(await emptyFolder(), 'session.mcap');
  await writeFile(path, Buffer.concat(parts));
  return path;
}

const stampOf = (time: number) => ({ seconds: Math.floor(time / 1000), nanos: (time % 1000) * 1_000_000 });
const grey = (value: number, format: 'jpeg' | 'png' = 'png', size = { width: 64, height: 32 }): Promise<Buffer> =>
  sharp({ create: { ...size, channels: 3, background: { r: value, g: value, b: value } } })
    .toFormat(format)
    .toBuffer();
async function picture(topic: string, time: number, value: number, data?: Uint8Array): Promise<Message> {
  const bytes = encodeProto(COMPRESSED_IMAGE, {
    timestamp: stampOf(time),
    data: data ?? (await grey(value)),
    format: 'png',
  });
  return { topic, schema: 'foxglove.CompressedImage', encoding: 'protobuf', time, data: bytes };
}

async function played(path: string, size = { width: 64, height: 32 }): Promise<{ frames: Frame[]; error: unknown }> {
  const source = await openFootage(path);
  const frames: Frame[] = [];
  try {
    for await (const frame of source.frames({ stream: 'again', size })) frames.push(frame);
    return { frames, error: undefined };
  } catch (error) {
    return { frames, error };
  }
}

describe('ROS 2 messages', () => {
  it('are written as rosbags 0.11 writes them, byte by byte', () => {
    const step = {
      header: { stamp: { sec: 1, nanosec: 2 }, frame_id: 'map' },
      child_frame_id: 'street/camera',
      transform: { translation: { x: 1.5, y: -2.5, z: 3.5 }, rotation: { x: -0.5, y: 0.5, z: -0.5, w: 0.5 } },
    };
    expect(Buffer.from(encodeCdr(ROS_TF, { transforms: [step] })).toString('hex')).toBe(
      '00010000010000000100000002000000040000006d6170000e0000007374726565742f63616d657261000000000000000000f83f000000000' +
        '00004c00000000000000c40000000000000e0bf000000000000e03f000000000000e0bf000000000000e03f',
    );
    expect(Buffer.from(encodeCdr(ROS_STRING, { data: 'hi' })).toString('hex')).toBe('0001000003000000686900');
  });

  it('have their schema as text, with all they are made of', () => {
    const text = ros2Text(ROS_CAMERA_INFO);
    expect(text.split('\n').slice(0, 12).join('; ')).toBe(
      'std_msgs/Header header; uint32 height; uint32 width; string distortion_model; float64[] d; float64[9] k; ' +
        'float64[9] r; float64[12] p; uint32 binning_x; uint32 binning_y; sensor_msgs/RegionOfInterest roi; ' +
        '='.repeat(80),
    );
    expect(text.match(/^MSG: .*$/gm)).toEqual([
      'MSG: std_msgs/Header',
      'MSG: builtin_interfaces/Time',
      'MSG: sensor_msgs/RegionOfInterest',
    ]);
  });

  it('make a recording that plays again: pictures, times and camera', async () => {
    const dir = await emptyFolder();
    const identity = { source: 'street.mp4', size: SIZE, networkSize: SIZE, intrinsics: CAMERA };
    await writeAll(mcapRos2, dir, answers, { identity, networkSize: SIZE });
    const source = await openFootage(join(dir, 'street.ros2.mcap'));
    expect(source.info).toMatchObject({ size: SIZE, frameCount: 3, codec: 'jpeg', intrinsics: CAMERA });
    const times: number[] = [];
    for await (const frame of source.frames({ stream: 's', size: SIZE })) times.push(frame.timestamp);
    expect(times).toEqual([0, 0.2, 0.4]);
    expect((await readFile(join(dir, 'street.ros2.mcap'))).toString('latin1', 0, 60)).toContain('ros2');
  });

  it('pack colours as ROS does: blue, green, red', async () => {
    const [payload] = await ros2Profile.encode('points', new StreamContent('s', { pointStride: 8 }).next(answers[0]!));
    const bytes = Buffer.from(payload!);
    // The first known point of the stride, from the end of the message: its data and `is_dense`.
    const { data } = answers[0]!.depth;
    let count = 0;
    let first = -1;
    for (let v = 0; v < SIZE.height; v += 8) {
      for (let u = 0; u < SIZE.width; u += 8) {
        if (!(data[v * SIZE.width + u]! > 0)) continue;
        if (first < 0) first = v * SIZE.width + u;
        count++;
      }
    }
    const start = bytes.length - 1 - count * 16;
    expect(bytes.readFloatLE(start + 8)).toBe(data[first]);
    const [r, g, b] = answers[0]!.frame.pixels.subarray(first * 3, first * 3 + 3);
    expect([...bytes.subarray(start + 12, start + 16)]).toEqual([b, g, r, 0]);
  });
});

describe('an MCAP file of another program', () => {
  it('plays its first topic of pictures by name, colour before depth, counted from its first date', async () => {
    const now = 1_700_000_000_000;
    const path = await fileOf([
      await picture('/a_depth/image', now, 9),
      await picture('/right/image', now, 50),
      await picture('/left/image', now + 5, 100),
      await picture('/left/image', now + 105, 110),
      await picture('/right/image', now + 100, 60),
      await picture('/left/image', now + 305, 120),
    ]);
    const { frames, error } = await played(path);
    expect(error).toBeUndefined();
    expect(frames.map(({ timestamp }) => timestamp)).toEqual([0, 0.1, 0.3]);
    expect(frames.map(({ pixels }) => pixels[0])).toEqual([100, 110, 120]);
  });

  it.each([
    ['rgb8', [10, 20, 30], [10, 20, 30]],
    ['bgr8', [10, 20, 30], [30, 20, 10]],
    ['mono8', [77], [77, 77, 77]],
  ] as const)('reads raw pictures of %s, padding left out', async (encoding, pixel, shown) => {
    const [width, height, step] = [8, 4, 8 * pixel.length + 5];
    const data = new Uint8Array(step * height).fill(255);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(pixel, y * step + x * pixel.length);
    const foxglove = encodeProto(RAW_IMAGE, { timestamp: stampOf(1000), width, height, encoding, step, data });
    const header = { stamp: { sec: 1, nanosec: 0 }, frame_id: 'x' };
    const ros = encodeCdr(ROS_IMAGE, { header, width, height, encoding, is_bigendian: 0, step, data });
    for (const [schema, messageEncoding, message] of [
      ['foxglove.RawImage', 'protobuf', foxglove],
      ['sensor_msgs/msg/Image', 'cdr', ros],
    ] as const) {
      const path = await fileOf([{ topic: '/raw', schema, encoding: messageEncoding, time: 1000, data: message }]);
      const { frames, error } = await played(path, { width, height });
      expect(error).toBeUndefined();
      expect([...frames[0]!.pixels.subarray(-3)]).toEqual(shown);
      expect(frames[0]!.timestamp).toBe(1);
    }
  });

  it('is brought to size by the filter that is asked for, as a picture file is', async () => {
    const file = fileURLToPath(new URL('../../golden/preprocess/picture.png', import.meta.url));
    const path = await fileOf([await picture('/cam', 1000, 0, await readFile(file))]);
    const size = { width: 160, height: 48 };
    const seen = new Set<string>();
    for (const resize of RESIZE_FILTERS) {
      const source = await openFootage(path);
      for await (const frame of source.frames({ stream: 's', size, resize })) {
        const expected = await decodePicture(file, { width: 311, height: 93 }, size, resize);
        expect(Buffer.from(frame.pixels).equals(Buffer.from(expected)), resize).toBe(true);
        seen.add(createHash('sha256').update(frame.pixels).digest('hex'));
      }
    }
    expect(seen.size).toBe(RESIZE_FILTERS.length);
  });

  it('ends with timestamps-invalid where time runs backwards, after the pictures before', async () => {
    const path = await fileOf([await picture('/cam', 1000, 1), { ...(await picture('/cam', 900, 2)), time: 1100 }]);
    const { frames, error } = await played(path);
    expect(frames).toHaveLength(1);
    expect(error).toMatchObject({ code: 'timestamps-invalid' });
  });

  it('ends with input-dimensions where the size changes', async () => {
    const other = await grey(5, 'png', { width: 32, height: 32 });
    const path = await fileOf([await picture('/cam', 1000, 1), await picture('/cam', 1100, 2, other)]);
    const { frames, error } = await played(path);
    expect(frames).toHaveLength(1);
    expect(error).toMatchObject({ code: 'input-dimensions' });
  });

  it('ends with input-format where a picture is none', async () => {
    const path = await fileOf([
      await picture('/cam', 1000, 1),
      await picture('/cam', 1100, 2, Buffer.from('not a picture')),
      await picture('/cam', 1200, 3),
    ]);
    const { frames, error } = await played(path);
    expect(frames).toHaveLength(1);
    expect(error).toMatchObject({ code: 'input-format' });
  });

  it('is refused where it has no pictures, or is no MCAP file, or is empty', async () => {
    const nothing = await fileOf([
      {
        topic: '/chatter',
        schema: 'std_msgs/msg/String',
        encoding: 'cdr',
        time: 1,
        data: encodeCdr(ROS_STRING, { data: 'x' }),
      },
    ]);
    await expect(openFootage(nothing)).rejects.toMatchObject({ code: 'input-no-pictures' });
    await writeFile(nothing, 'these are not the magic bytes you look for');
    await expect(openFootage(nothing)).rejects.toMatchObject({ code: 'input-format' });
    await writeFile(nothing, '');
    await expect(openFootage(nothing)).rejects.toMatchObject({ code: 'input-empty' });
  });

  it('gives what comes before damage and then input-truncated', async () => {
    const path = await fileOf([await picture('/cam', 1000, 1), await picture('/cam', 1100, 2)]);
    const bytes = await readFile(path);
    const [first, last] = [bytes.indexOf('IDAT'), bytes.lastIndexOf('IDAT')];
    bytes[last] = 0;
    await writeFile(path, bytes);
    const second = await played(path);
    expect(second.frames).toHaveLength(1);
    expect(second.error).toMatchObject({ code: 'input-truncated' });
    bytes[first] = 0;
    await writeFile(path, bytes);
    await expect(openFootage(path)).rejects.toMatchObject({ code: 'input-no-pictures' });
  });
});

describe('a file with any byte wrong', () => {
  it('plays or fails with a code and advice, never otherwise', async () => {
    const path = await fileOf([await picture('/cam', 1000, 1), await picture('/cam', 1100, 2)]);
    const whole = await readFile(path);
    const unusual: unknown[] = [];
    for (let at = 8; at < whole.length; at += 13) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ (1 << (at % 8)) ^ 0x40;
      await writeFile(path, bytes);
      const { error } = await played(path).catch((fault: unknown) => ({ error: fault }));
      if (error !== undefined && !(error instanceof DepthcastError)) unusual.push([at, error]);
    }
    expect(unusual).toEqual([]);
    for (let length = 1; length < whole.length; length += 37) {
      await writeFile(path, whole.subarray(0, length));
      const { error } = await played(path).catch((fault: unknown) => ({ error: fault }));
      if (!(error instanceof DepthcastError)) unusual.push([length, error]);
    }
    expect(unusual).toEqual([]);
  });
});

describe('LZ4', () => {
  // Made with python-lz4 4.4: independent blocks with checksums, and linked blocks without a size.
  const REPEATING =
    'BCJNGHxAEA4AAAAAAAAHzQMAAGIAAEFCAQEEACYCAgQAKgMDBAAuBAQEAGIFBUFCBgYEACYABwQAKgEIBAAuAgkEAGIDCkFCBAAEACYFAQQAKgYCBAAuAAMEAGIBBEFCAgUEACYDBgQAKgQHBAAuBQgEAGIGCUFCAAoEACYBAAQAKgIBBAAuAwIEAGIEA0FCBQQEACYGBQQAKgAGBAAuAQcEAGICCEFCAwkEACYECgQAKgUABAAuBgEEAGIAAkFCAQMEACYCBAQAKgMFBAAuBAYEAGIFB0FCBggEACYACQQAKgEKBAAuAgAEAGIDAUFCBAIEACYFAwQAKgYEBAAuAAUEAGIBBkFCAgcEACYDCAQAKgQJBAAuBQoEAGIGAEFCAAEEACYBAgQAKgIDBAAuAwQEAGIEBUFCBQYEACYGBwQAKgAIBAAuAQkEAGICCkFCAwAEACYEAQQAKgUCBAAuBgMEAGIABEFCAQUEACYCBgQAKgMHBAAuBAgEAGIFCUFCBgoEACYAAAQABJgDD6ADAQioAwiQAyoFBZgDD6ADAQioAwiQAyoDCpgDD6ADAQioAwiQAyoBBJgDD6ADAQioAwiQAyoGCZgDD6ADAQioAwiQAyoEA5gDD6ADAQioAwiQAyoCCJgDD6ADAQioAwiQAyoAApgDD6ADAQioAwiQAyoFB5gDD6ADAQioAwiQAyoDAZgDD6ADAQioAwiQAyoBBpgDD6ADAQioAwiQAyoGAJgDD6ADAQioAwiQAyoEBZgDD6ADAQioAwiQAyoCCpgDD6ADAQioAwiQAyoABJgDD6ADAQioAwiQAyoFCZgDD6ADAQioAw44Bw40By4FBQQACJwDDzQHCS4DCgQACJwDDzQHCS4BBAQACJwDDzQHCS4GCQQACJwDDzQHCS4EAwQACJwDDzQHCS4CCAQACJwDDzQHCS4AAgQACJwDDzQHCS4FBwQACJwDDzQHCS4DAQQACJwDDzQHCS4BBgQACJwDDzQHCS4GAAQACJwDDzQHCS4EBQQACJwDDzQHCS4CCgQACJwDDzQHCS4ABAQACJwDDzQHCS4FCQQACJwDDjQHD9gKBwSoAw84BwEvAAfYCgsEqAMPOAcBLwUB2AoLBKgDDzgHAS8DBtgKCwSoAw84BwEvAQDYCgsEqAMPOAcBLwYF2AoLBKgDDzgHAS8ECtgKCwSoAw84BwEvAgTYCgsEqAMPOAcBLwAJ2AoLBKgDDzgHAS8FA9gKCwSoAw84BwEvAwjYCgsEqAMPOAcBLwEC2AoLBKgDDzgHAS8GB9gKCwSoAw84BwEvBAHYCgpQQgUCQUIJOZd/AAAAAAHk60w=';
  const RANDOM =
    'BCJNGGBAgsgAAIAAJooxFjmaPiBAnj8eO5Y0ECqCHfENYvXL3zbGmar5i1tptUQRHGXstr4JjVRZnCLh4yimZ2ajI9zYF49KQ3rvp53RSPjrIZBCMmDMe2iTAaiSuiXJsNU93sLkSefI50nkwt491bDJJbqSqAGTaHvMYDJCkCHr+EjRnafvekNKjxfY3COjZmemKOPhIpxZVI0JvrbsZRwRRLVpW4v5qpnGNt/L9WIN8R2CKhA0ljseP55AID6aORYxiiYAGG4H2e5G16u9EqBxgAAAAAA=';

  it('is opened, matches that reach into themselves and stored blocks included', () => {
    const content = decompressLz4(Buffer.from(REPEATING, 'base64'), 3600);
    expect(createHash('sha256').update(content).digest('hex')).toBe(
      'fcdd98eb93e43088f45ee9a3e01a0bf61024a2ea356c388ab613281f0fb17bc3',
    );
    const plain = decompressLz4(Buffer.from(RANDOM, 'base64'), 200);
    expect([...plain]).toEqual(Array.from({ length: 200 }, (_, i) => (i * i * 31 + i * 7) % 251));
  });

  it('is refused where it is damaged, without reading or writing beyond its bounds', () => {
    const bytes = Buffer.from(REPEATING, 'base64');
    for (let i = 20; i < 400; i += 7) {
      const wrong = Buffer.from(bytes);
      wrong[i] = wrong[i]! ^ 0x5a;
      try {
        expect(decompressLz4(wrong, 3600)).toHaveLength(3600);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    expect(() => decompressLz4(bytes.subarray(0, 300), 3600)).toThrow();
    expect(() => decompressLz4(Buffer.from('nothing at all'), 10)).toThrow('no LZ4 frame');
    // No memory is taken for a size that the bytes cannot have, nor for one that is too large at all.
    expect(() => decompressLz4(bytes, 400 << 20)).toThrow('cannot hold');
    expect(() => decompressLz4(bytes, 2 ** 52)).toThrow('states');
  });
});
