import { closeSync, openSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { LogSink } from '../../cli/log-sink.ts';
import { ServeLog } from '../../cli/serve-log.ts';
import { startRecording } from '../../cli/serve-record.ts';
import { mcapState } from '../../pipeline/foxglove/mcap/mcap-records.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import { ask, endAll, serve } from '../pipeline/server/serving.ts';
import { emptyFolder } from '../pipeline/sinks/folder.ts';

afterEach(endAll);

it('serve --record writes whole files, tells at the end what is in them, and what is not is at /metrics', async () => {
  const dir = await emptyFolder();
  const path = join(dir, 'log');
  const fd = openSync(path, 'w');
  onTestFinished(() => closeSync(fd));
  const log = new ServeLog({ level: 'info', format: 'text', sink: new LogSink(fd) });
  const server = await serve();
  const end = await startRecording({ record: join(dir, 'recordings'), recordTopics: ['consistency'] }, server, log);
  // All at once: more than may wait for the disk.
  for (let index = 0; index < 40; index++) server.hub('street').publish(roadFrame({ index, width: 64, height: 32 }));
  await Promise.all([end(), end()]);
  const { body } = await ask(server, '/metrics');
  const lost = Number(/^depthcast_frames_dropped_total\{.*stage="record",reason="slow"\} (\d+)$/m.exec(body)?.[1]);
  expect(lost).toBeGreaterThan(15);
  const [name] = (await readdir(join(dir, 'recordings'))).filter((file) => file.endsWith('.mcap'));
  expect(await mcapState(join(dir, 'recordings', name!))).toBe('whole');
  const last = `street: ${40 - lost} frames recorded in 1 files, ${lost} not`;
  expect(
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line === last),
  ).toHaveLength(1);
});

it('serve without --record records nothing', async () => {
  const server = await serve();
  const end = await startRecording({}, server, undefined as never);
  server.hub('street').publish(roadFrame({ width: 64, height: 32 }));
  await end();
  expect((await ask(server, '/metrics')).body).not.toContain('stage="record"');
});
