import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startFfmpeg } from '../../../pipeline/ffmpeg/decoder.ts';
import { everyFfmpeg, scratchFolder } from './footage.ts';

const programs = await everyFfmpeg();
const folder = await scratchFolder();

/** An endless picture, as fast as it is taken. */
const ENDLESS = { inputOptions: ['-v', 'error', '-f', 'lavfi'], input: 'testsrc2=s=320x240:r=25' };
const RAW = ['-pix_fmt', 'rgb24', '-f', 'rawvideo'];

function swallow(): Writable & { bytes: number } {
  const sink = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        sink.bytes += chunk.length;
        done();
      },
    }),
    { bytes: 0 },
  );
  return sink;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function openDescriptors(): Promise<number> {
  const entries = await readdir('/proc/self/fd');
  const targets = await Promise.all(entries.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => /^(pipe|socket):/.test(target)).length;
}

describe.each(programs.map((binary) => ({ name: binary.version, binary })))('a run of ffmpeg $name', ({ binary }) => {
  it('hands over all of the output and ends with 0', async () => {
    const output = swallow();
    const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: ['-frames:v', '5', ...RAW], output });
    expect(await run.exited).toMatchObject({ code: 0, signal: null, stopped: false, stderr: [] });
    expect(output.bytes).toBe(5 * 320 * 240 * 3);
  });

  it('takes options with blanks as they are', async () => {
    const file = path.join(folder, 'two words.raw');
    const run = startFfmpeg(binary, {
      ...ENDLESS,
      outputOptions: ['-frames:v', '1', '-metadata', 'title=two words', ...RAW],
      output: file,
    });
    expect((await run.exited).code).toBe(0);
    expect((await readFile(file)).length).toBe(320 * 240 * 3);
  });

  it('can be stopped before it started', async () => {
    const output = swallow();
    const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: RAW, output });
    const exit = await run.stop();
    expect(exit.stopped).toBe(true);
    expect(run.pid === undefined || !alive(run.pid)).toBe(true);
  });

  it('stops while nobody takes its output, and leaves no process', async () => {
    const stuck = new Writable({ write() {} });
    const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: RAW, output: stuck });
    await expect.poll(() => run.pid, { timeout: 60_000 }).toBeDefined();
    // Until the pipe is full.
    await sleep(300);
    const pid = run.pid!;
    expect(alive(pid)).toBe(true);
    const exit = await run.stop();
    expect(exit.stopped).toBe(true);
    expect(alive(pid)).toBe(false);
  });

  it('is stopped twice without harm', async () => {
    const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: RAW, output: swallow() });
    const [first, second] = await Promise.all([run.stop(), run.stop(true)]);
    expect(second).toEqual(first);
    expect(await run.stop()).toEqual(first);
  });

  it('tells a crash from a stop', async () => {
    const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: RAW, output: swallow() });
    await expect.poll(() => run.pid, { timeout: 60_000 }).toBeDefined();
    process.kill(run.pid!, 'SIGKILL');
    expect(await run.exited).toMatchObject({ stopped: false, code: null, signal: 'SIGKILL' });
  });

  it('keeps the last words of ffmpeg without the password in them', async () => {
    const run = startFfmpeg(binary, {
      inputOptions: ['-v', 'error', '-protocol_whitelist', 'rtsp,tcp,rtp,udp'],
      input: 'rtsp://cam:hush%40hush@127.0.0.1:1/x',
      outputOptions: RAW,
      output: swallow(),
      secrets: ['hush%40hush', 'hush@hush'],
    });
    const { code, stderr } = await run.exited;
    expect(code).toBe(1);
    expect(stderr.join('\n')).toMatch(/refused/);
    expect(stderr.join('\n')).not.toMatch(/hush/);
  });

  it('ends when the stream that takes its output fails', async () => {
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) });
    const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: RAW, output: broken });
    await run.exited;
    expect(run.pid === undefined || !alive(run.pid)).toBe(true);
  });

  it('leaves no pipe and no listener behind after twenty runs', async () => {
    const round = async (): Promise<void> => {
      const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: RAW, output: swallow() });
      await sleep(30);
      await run.stop(true);
    };
    await round();
    await sleep(500);
    const before = await openDescriptors();
    const listeners = process.eventNames().map((name) => process.listenerCount(name));
    for (let i = 0; i < 20; i++) await round();
    await expect.poll(openDescriptors, { timeout: 60_000 }).toBeLessThanOrEqual(before);
    expect(process.eventNames().map((name) => process.listenerCount(name))).toEqual(listeners);
  });
});

describe('a program that is not there', () => {
  it('is told by the exit, not thrown', async () => {
    const binary = { ...programs[0]!, path: path.join(folder, 'no-ffmpeg') };
    const run = startFfmpeg(binary, { ...ENDLESS, outputOptions: RAW, output: swallow() });
    expect((await run.exited).spawnError?.message).toMatch(/ENOENT/);
  });
});
