import { open } from 'node:fs/promises';
import { McapIndexedReader, McapStreamReader, type McapTypes } from '@mcap/core';
import { DECOMPRESSORS } from './decompress.ts';

/** Bytes read at a time. */
const STEP = 1 << 20;

/** Bytes of one record beyond which its length is taken for damage: else a wrong one would fill the memory. */
const LONGEST = 512 << 20;

/** Magic bytes that an MCAP file begins and ends with (https://mcap.dev/spec). */
const MAGIC = [0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a];

/** What a file's first and last bytes say of it: whole, begun but cut off, or no MCAP at all. */
export async function mcapState(path: string): Promise<'whole' | 'cut-off' | 'other'> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(MAGIC.length);
    await file.read(head, 0, head.length, 0);
    if (MAGIC.some((byte, i) => head[i] !== byte)) return 'other';
    const tail = new Uint8Array(MAGIC.length);
    if (size >= 2 * MAGIC.length) await file.read(tail, 0, tail.length, size - MAGIC.length);
    return MAGIC.every((byte, i) => tail[i] === byte) ? 'whole' : 'cut-off';
  } finally {
    await file.close();
  }
}

/**
 * The records of a file from its beginning, chunks opened, in bounded memory; needs no index. A file that is cut off
 * gives what was finished and then ends; `onDamage` is told of a record that makes no sense, which ends it as well.
 */
export async function* mcapRecords(
  path: string,
  onDamage: (error: unknown) => void = () => {},
): AsyncGenerator<McapTypes.TypedMcapRecord, void, void> {
  const file = await open(path, 'r');
  const reader = new McapStreamReader({ decompressHandlers: DECOMPRESSORS });
  try {
    while (!reader.done()) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(STEP), 0, STEP);
      if (bytesRead === 0) return;
      reader.append(buffer.subarray(0, bytesRead));
      for (;;) {
        let record: McapTypes.TypedMcapRecord | undefined;
        try {
          record = reader.nextRecord();
        } catch (error) {
          onDamage(error);
          return;
        }
        if (!record) break;
        yield record;
      }
      if (reader.bytesRemaining() > LONGEST) {
        onDamage(new Error('A record is longer than 512 MiB.'));
        return;
      }
    }
  } finally {
    await file.close();
  }
}

/** A file with an index, open. */
export interface IndexedMcap {
  readonly reader: McapIndexedReader;
  close(): Promise<void>;
}

/** Opens a whole file by its index; `undefined` where it has none that can be used. */
export async function openIndexed(path: string): Promise<IndexedMcap | undefined> {
  const file = await open(path, 'r');
  const readable: McapTypes.IReadable = {
    size: async () => BigInt((await file.stat()).size),
    async read(offset, length) {
      const bytes = new Uint8Array(Number(length));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, Number(offset));
      if (bytesRead < bytes.length) throw new Error('The file ends early.');
      return bytes;
    },
  };
  try {
    const reader = await McapIndexedReader.Initialize({ readable, decompressHandlers: DECOMPRESSORS });
    if (reader.chunkIndexes.length > 0) return { reader, close: () => file.close() };
  } catch {
    // Whatever is wrong with the index, the records before it can still be read one by one.
  }
  await file.close();
  return undefined;
}
