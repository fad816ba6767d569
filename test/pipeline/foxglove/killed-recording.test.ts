import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { McapStreamReader } from '@mcap/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { mcapState } from '../../../pipeline/foxglove/mcap/mcap-records.ts';
import { recoverMcap } from '../../../pipeline/foxglove/mcap/recover.ts';
import { emptyFolder } from '../sinks/folder.ts';
import { indexOf, played, record } from './recorded.ts';
import { CAMERA, streetAnswers } from './street-answers.ts';

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(6);
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
