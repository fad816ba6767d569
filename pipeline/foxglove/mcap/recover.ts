import { rename, rm } from 'node:fs/promises';
import { McapWriter } from '@mcap/core';
import { outputFailed, UNFINISHED } from '../../files/atomic-file.ts';
import { McapOutput } from './mcap-output.ts';
import { mcapRecords, mcapState } from './mcap-records.ts';

/** Library names of the files that may be mended: nobody else's. */
const OWN = 'depthcast';

/**
 * Mends a recording whose program was killed: writes what is whole in it into a new file with an index, which takes its
 * place. A file in which nothing is whole is removed. Answers how many messages it holds; `undefined` where there was
 * nothing to mend, because the file is whole, is no MCAP file, or was not written by depthcast.
 */
export async function recoverMcap(path: string): Promise<number | undefined> {
  if ((await mcapState(path)) !== 'cut-off') return undefined;
  const part = path + UNFINISHED;
  try {
    return await mend(path, part);
  } catch (error) {
    // Half a file is of no use, and the whole one still lies beside it.
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
}

async function mend(path: string, part: string): Promise<number | undefined> {
  await rm(part, { force: true });
  let output: McapOutput | undefined;
  let writer: McapWriter | undefined;
  const schemas = new Map<number, number>();
  const channels = new Map<number, number>();
  let messages = 0;
  try {
    for await (const record of mcapRecords(path)) {
      if (record.type === 'Header') {
        if (!record.library.startsWith(OWN)) return undefined;
        output = await McapOutput.create(part);
        writer = new McapWriter({ writable: output, chunkSize: 256 << 10 });
        await writer.start({ profile: record.profile, library: record.library });
      } else if (record.type === 'Schema' && writer) {
        const { name, encoding, data } = record;
        if (!schemas.has(record.id)) {
          schemas.set(record.id, await writer.registerSchema({ name, encoding, data: data.slice() }));
        }
      } else if (record.type === 'Channel' && writer) {
        const { topic, messageEncoding, metadata } = record;
        const schemaId = schemas.get(record.schemaId) ?? 0;
        if (!channels.has(record.id)) {
          channels.set(record.id, await writer.registerChannel({ topic, messageEncoding, metadata, schemaId }));
        }
      } else if (record.type === 'Message' && writer) {
        const { sequence, logTime, publishTime, data } = record;
        const channelId = channels.get(record.channelId);
        if (channelId === undefined) continue;
        await writer.addMessage({ channelId, sequence, logTime, publishTime, data });
        messages++;
      }
    }
    await writer?.end();
  } catch (error) {
    throw outputFailed(part, error);
  } finally {
    await output?.close();
  }
  if (!writer) return undefined;
  if (messages > 0) await rename(part, path);
  else {
    await rm(part, { force: true });
    await rm(path, { force: true });
  }
  return messages;
}
