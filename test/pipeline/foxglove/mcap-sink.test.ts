import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { mcapState } from '../../../pipeline/foxglove/mcap/mcap-records.ts';
import { mcap, mcapRos2 } from '../../../pipeline/sinks/mcap.ts';
import { emptyFolder, writeAll } from '../sinks/folder.ts';
import { decodeBySchema } from './reading.ts';
import { ALL, indexOf, played } from './recorded.ts';
import { CAMERA, SIZE, streetAnswers } from './street-answers.ts';

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(6);
});

const RUN = {
  identity: { source: 'street.mp4', size: SIZE, networkSize: SIZE, intrinsics: CAMERA },
  networkSize: SIZE,
} as const;

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
