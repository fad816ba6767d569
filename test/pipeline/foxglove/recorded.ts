import { readFile } from 'node:fs/promises';
import { McapIndexedReader, type McapTypes } from '@mcap/core';
import type { DepthFrame, Frame } from '../../../frames/index.ts';
import { type RecordOptions, recordTo } from '../../../pipeline/foxglove/record-to.ts';
import { openFootage } from '../../../pipeline/sources/registry.ts';
import { SIZE } from './street-answers.ts';

/** Topics of a whole file and how many messages each has, read by its index. */
export async function indexOf(path: string): Promise<{ reader: McapIndexedReader; counts: Record<string, number> }> {
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

/** Records frames as the stream `street`; answers what the recorder says of it. */
export async function record(dir: string, frames: readonly DepthFrame[], options: RecordOptions = {}) {
  const recorder = await recordTo(dir, options);
  for (const frame of frames) recorder.tap('street', frame);
  await recorder.close();
  return recorder.status();
}

/** Frames of an MCAP file, and what ended them if not its end. */
export async function played(path: string): Promise<{ frames: Frame[]; error: unknown; source: { info: unknown } }> {
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

/** Messages by topic of six frames of the street. */
export const ALL = {
  '/street/camera/image': 6,
  '/street/camera/calibration': 6,
  '/street/depth/image': 6,
  '/street/depth/metres': 6,
  '/street/depth/points': 6,
  '/street/consistency': 6,
  '/tf': 6,
  '/log': 2,
};
