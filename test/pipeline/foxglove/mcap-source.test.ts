import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { McapWriter } from '@mcap/core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { DepthcastError, type Frame, RESIZE_FILTERS } from '../../../frames/index.ts';
import { encodeCdr } from '../../../pipeline/foxglove/messages/cdr.ts';
import { COMPRESSED_IMAGE, RAW_IMAGE } from '../../../pipeline/foxglove/messages/foxglove-schemas.ts';
import { encodeProto } from '../../../pipeline/foxglove/messages/protobuf.ts';
import { ROS_IMAGE, ROS_STRING } from '../../../pipeline/foxglove/messages/ros2-schemas.ts';
import { decodePicture } from '../../../pipeline/sources/reading/decode-picture.ts';
import { openFootage } from '../../../pipeline/sources/registry.ts';
import { emptyFolder } from '../sinks/folder.ts';

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
