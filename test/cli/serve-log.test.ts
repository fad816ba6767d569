import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogSink } from '../../cli/log-sink.ts';
import { ServeLog } from '../../cli/serve-log.ts';
import { ServeStats } from '../../cli/serve-stats.ts';
import { DepthcastError } from '../../frames/index.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'depthcast-log-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A log into a file, and what stands in it. */
function logged(format: 'text' | 'json', level: 'info' | 'debug' = 'info') {
  const path = join(folder(), 'log');
  const fd = openSync(path, 'w');
  onTestFinished(() => closeSync(fd));
  const log = new ServeLog({ level, format, sink: new LogSink(fd) });
  return { log, lines: () => readFileSync(path, 'utf8').trimEnd().split('\n') };
}

/** A pipe whose reading end the test holds. */
function pipe(): { readonly reader: number; readonly writer: number } {
  const path = join(folder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  onTestFinished(() => closeSync(writer));
  return { reader, writer };
}

describe('the log of serve', () => {
  it('is lines for a person, of the levels that were asked for', () => {
    const { log, lines } = logged('text');
    log.info({ stream: 'yard' }, 'yard: live');
    log.debug({}, 'nobody asked');
    log.error(new DepthcastError('source-lost', 'The camera is gone.', { advice: 'Look for it.' }));
    expect(lines()).toEqual(['yard: live', 'depthcast: source-lost: The camera is gone. Look for it.']);
  });

  it('is an object a line with --log-format json', () => {
    const { log, lines } = logged('json');
    const error = new DepthcastError('source-auth', 'The login was refused.', { advice: 'Correct it.' });
    log.warn({ stream: 'yard', state: 'refused', error }, 'yard: the login was refused');
    const line = JSON.parse(lines()[0]!) as Record<string, unknown>;
    expect(line).toMatchObject({
      level: 'warn',
      stream: 'yard',
      state: 'refused',
      error: { code: 'source-auth' },
      msg: 'yard: the login was refused',
    });
    expect(Date.parse(String(line['time']))).not.toBeNaN();
  });

  it.each(['text', 'json'] as const)('holds no password, however it came into a sentence (%s)', (format) => {
    const { log, lines } = logged(format, 'debug');
    log.hide(['p@ss:w/rd', 'p%40ss%3Aw%2Frd', 'tok-en-of-the-wall']);
    log.warn({ url: 'rtsp://cam:p%40ss%3Aw%2Frd@h/x' }, 'rtsp://cam:p@ss:w/rd@h/x said 401');
    log.info({ token: 'tok-en-of-the-wall' }, 'somebody came with tok-en-of-the-wall');
    const text = lines().join('\n');
    expect(text).toContain('said 401');
    for (const secret of ['p@ss', 'p%40ss', 'tok-en']) expect(text).not.toContain(secret);
  });

  it('is JSON and holds no password that looks different in JSON, or like a part of it', () => {
    const { log, lines } = logged('json');
    log.hide(['pa"ss\\word', 'e', '"']);
    const error = new DepthcastError('source-auth', 'refused: pa"ss\\word', {
      advice: 'x',
      facts: { at: ['pa"ss\\word'] },
    });
    log.warn({ stream: 'yard', said: 'pa"ss\\word', error, state: 3 }, 'pa"ss\\word');
    log.error(error);
    for (const line of lines()) {
      const told = JSON.parse(line) as { level: string; msg: string };
      expect(['warn', 'error']).toContain(told.level);
      expect(JSON.stringify(Object.values(told))).not.toMatch(/ss.{1,4}word/);
    }
    expect(lines()).toHaveLength(2);
  });

  it('shows what --stats says without passwords as well', async () => {
    const { log, lines } = logged('text');
    log.hide(['hunter2']);
    const message = 'rtsp://h/user=admin&password=hunter2&channel=1.sdp was refused.';
    const source = { decoded: 0, emitted: 0, discarded: {}, reconnects: {}, decoderExits: {} };
    const none = { stalls: 0, decodeErrors: 0, timestampJumps: 0, sizeChanges: 0 };
    const report = {
      ...({ name: 'yard', state: 'refused' } as const),
      ...{ fault: { code: 'source-auth', message }, every: 1, modelFaults: 0 },
      ...{ in: 0, out: 0, dropped: {}, inside: 0, source: { ...source, ...none } },
    } as const;
    const stats = new ServeStats(() => [{ report, viewers: 0, ageMs: null, fallbacks: 0, lost: {} }], log, false);
    while (lines()[0] === '') await sleep(20);
    stats.stop();
    expect(lines()[0]).toContain('was refused');
    expect(lines()[0]).not.toContain('hunter2');
  });

  it('says in --stats what a recording or a slow client cost since the line before', async () => {
    const { log, lines } = logged('text');
    const source = { decoded: 9, emitted: 9, discarded: {}, reconnects: {}, decoderExits: {} };
    const none = { stalls: 0, decodeErrors: 0, timestampJumps: 0, sizeChanges: 0 };
    const report = {
      ...({ name: 'yard', state: 'live' } as const),
      ...{ every: 1, modelFaults: 0, in: 9, out: 9, dropped: {}, inside: 0, source: { ...source, ...none } },
    } as const;
    let slow = 3;
    const figures = { report, viewers: 0, ageMs: 5, fallbacks: 0 };
    const stats = new ServeStats(() => [{ ...figures, lost: { 'record/slow': slow, 'foxglove/slow': 7 } }], log, false);
    while (lines()[0] === '') await sleep(20);
    expect(lines()[0]).toContain(', lost: record/slow 3, foxglove/slow 7');
    slow += 2;
    const later = () => lines().find((line) => line.includes('record/slow 2'));
    while (later() === undefined) await sleep(20);
    stats.stop();
    expect(later()).toMatch(/, lost: record\/slow 2$/);
  });

  it('waits for nobody: a reader who stops reading costs lines, which are counted and told later', async () => {
    const { reader, writer } = pipe();
    const sink = new LogSink(writer);
    const line = `${'x'.repeat(999)}\n`;
    // A pipe holds 64 KB, the sink a megabyte; what is beyond that nobody could keep.
    for (let i = 0; i < 2000; i++) sink.write(line);
    expect(sink.dropped).toBeGreaterThan(800);
    let text = '';
    const buffer = Buffer.alloc(65_536);
    while (!text.includes('were dropped')) {
      try {
        const bytes = readSync(reader, buffer);
        text += buffer.toString('latin1', 0, bytes);
      } catch {
        await sleep(10);
      }
    }
    expect(text).toContain(`${sink.dropped} lines of the log were dropped`);
    closeSync(reader);
    sink.close();
  });

  it('outlives its reader', () => {
    const { reader, writer } = pipe();
    const sink = new LogSink(writer);
    sink.write('one\n');
    closeSync(reader);
    sink.write('two\n');
    sink.write('three\n');
    expect(sink.dropped).toBe(2);
    sink.close();
  });

  it('outlives a full disk', () => {
    const fd = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(fd));
    const sink = new LogSink(fd);
    sink.write('one\n');
    expect(sink.dropped).toBe(1);
    sink.close();
  });
});
