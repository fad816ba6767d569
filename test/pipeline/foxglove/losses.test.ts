import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DepthFrame } from '../../../frames/index.ts';
import { foxgloveDoor } from '../../../pipeline/foxglove/foxglove-door.ts';
import { recordTo } from '../../../pipeline/foxglove/record-to.ts';
import type { DepthServer } from '../../../pipeline/server/depth-server.ts';
import { ask, endAll, serve } from '../server/serving.ts';
import { until } from '../server/until.ts';
import { emptyFolder } from '../sinks/folder.ts';
import { connect } from './door-client.ts';
import { streetAnswers } from './street-answers.ts';

afterEach(endAll);

let answers: DepthFrame[];
beforeAll(async () => {
  answers = await streetAnswers(3);
});

const answer = (index: number): DepthFrame => {
  const known = answers[index % answers.length]!;
  return { ...known, frame: { ...known.frame, index } };
};

/** What `/metrics` says was let go of the stream `street`, by `STAGE/REASON`. */
async function dropped(server: DepthServer): Promise<Record<string, number>> {
  const { body } = await ask(server, '/metrics');
  const line = /^depthcast_frames_dropped_total\{stream="street",stage="(.+)",reason="(.+)"\} (\d+)$/gm;
  return Object.fromEntries(
    [...body.matchAll(line)].map(([, stage, reason, count]) => [`${stage}/${reason}`, Number(count)]),
  );
}

/** What `/healthz` says of the same. */
async function lost(server: DepthServer): Promise<Record<string, number>> {
  return JSON.parse((await ask(server, '/healthz')).body).streams[0].lost;
}

describe('what is lost behind the hub is at /metrics and /healthz', () => {
  it('where a Foxglove client does not read, and where it goes with messages waiting', async () => {
    const door = foxgloveDoor({ bufferedBytes: 1 << 18 });
    const server = await serve({ doors: [door] });
    door.follow(server);
    const url = `${server.url.replace('http', 'ws')}/foxglove`;
    const client = await connect(url, 'foxglove.sdk.v1', (topic) => topic.endsWith('metres'));
    expect(await dropped(server)).toEqual({});
    expect(await lost(server)).toEqual({});
    (client.socket as unknown as { _socket: { pause(): void } })._socket.pause();
    const hub = server.hub('street');
    let index = 0;
    await until('messages replaced by newer ones', () => {
      hub.publish(answer(index++));
      return door.status().dropped >= 3;
    });
    expect((await dropped(server))['foxglove/slow']).toBeGreaterThanOrEqual(3);
    client.socket.terminate();
    await until('it is gone', () => door.status().clients === 0);
    const counts = await dropped(server);
    expect(counts['foxglove/slow']).toBe(door.status().dropped);
    expect(counts['foxglove/closed']).toBe(1);
    expect(await lost(server)).toEqual(counts);
  });

  it('where a message for Foxglove cannot be made', async () => {
    const errors: unknown[] = [];
    const door = foxgloveDoor({ onError: (error) => errors.push(error) });
    const server = await serve({ doors: [door] });
    door.follow(server);
    const url = `${server.url.replace('http', 'ws')}/foxglove`;
    await connect(url, 'foxglove.sdk.v1', (topic) => topic.endsWith('camera/image'));
    const { frame, ...rest } = answers[0]!;
    await until('a complaint', () => {
      server.hub('street').publish({ ...rest, frame: { ...frame, width: -1 } });
      return errors.length > 0;
    });
    expect((await dropped(server))['foxglove/error']).toBeGreaterThan(0);
  });

  it('where frames come faster than they can be made into messages for Foxglove', async () => {
    const door = foxgloveDoor();
    const server = await serve({ doors: [door] });
    door.follow(server);
    const url = `${server.url.replace('http', 'ws')}/foxglove`;
    const { got } = await connect(url, 'foxglove.sdk.v1', (topic) => topic.endsWith('camera/image'));
    let index = 0;
    await until('a frame that it subscribed to', () => {
      server.hub('street').publish(answer(index++));
      return got.length > 0;
    });
    const before = (await dropped(server))['foxglove/newer'] ?? 0;
    // The first is being encoded and the last waits.
    for (let i = 0; i < 5; i++) server.hub('street').publish(answer(index++));
    expect((await dropped(server))['foxglove/newer']).toBeGreaterThanOrEqual(before + 3);
  });

  it('but not where nobody wants anything', async () => {
    const door = foxgloveDoor();
    const server = await serve({ doors: [door] });
    door.follow(server);
    for (let i = 0; i < 40; i++) server.hub('street').publish(answer(i));
    expect(await dropped(server)).toEqual({});
  });

  it('where the disk of a recording is slower than the stream', async () => {
    const server = await serve();
    const recorder = await recordTo(await emptyFolder());
    recorder.follow(server);
    // All at once: faster than any disk.
    for (let i = 0; i < 40; i++) server.hub('street').publish(answer(i));
    await recorder.close();
    const [status] = recorder.status().streams;
    expect(status!.lost.slow).toBeGreaterThan(15);
    expect(status!.frames + status!.lost.slow).toBe(40);
    expect(await dropped(server)).toEqual({ 'record/slow': status!.lost.slow });
    expect(await lost(server)).toEqual({ 'record/slow': status!.lost.slow });
  });

  it('where the disk of a recording cannot be written to', async () => {
    const server = await serve();
    const dir = await emptyFolder();
    const errors: unknown[] = [];
    const recorder = await recordTo(dir, { onError: (error) => errors.push(error) });
    recorder.follow(server);
    await rm(dir, { recursive: true });
    for (let i = 0; i < 4; i++) server.hub('street').publish(answer(i));
    await until('the fault', () => errors.length === 1);
    for (let i = 4; i < 6; i++) server.hub('street').publish(answer(i));
    await recorder.close();
    expect(errors).toEqual([expect.objectContaining({ code: 'output-failed' })]);
    expect(await dropped(server)).toEqual({ 'record/fault': 6 });
    expect(await lost(server)).toEqual({ 'record/fault': 6 });
  });

  it('and leaves nothing there of a stream that was removed, whatever is lost of it afterwards', async () => {
    const server = await serve({ streams: ['street', 'yard'] });
    const parent = await emptyFolder();
    const dir = join(parent, 'recordings');
    const errors: unknown[] = [];
    // A file for each frame: the next one cannot be begun once the folder is gone.
    const recorder = await recordTo(dir, { maxBytes: 1, onError: (error) => errors.push(error) });
    recorder.follow(server);
    for (let i = 0; i < 40; i++) server.hub('street').publish(answer(i));
    const removed = server.removeStream('street');
    await rename(dir, join(parent, 'gone'));
    await removed;
    await recorder.close();
    expect(errors).toHaveLength(1);
    expect((await ask(server, '/metrics')).body).not.toContain('stream="street"');
  });
});
