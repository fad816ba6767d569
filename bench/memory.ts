import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DepthcastError } from '../frames/index.ts';
import { locateFfmpeg } from '../pipeline/ffmpeg/locate.ts';
import { packageFile } from './package-file.ts';

const execute = promisify(execFile);

/** What is measured, and on what. */
export interface MemoryOptions {
  /** Clip that is repeated; default the sample clip. */
  readonly source?: string | undefined;
  /** Minutes of video; default 10. */
  readonly minutes?: number | undefined;
  readonly threads?: number | undefined;
  /** Called each second with the seconds passed and the megabytes resident. */
  readonly onSample?: ((seconds: number, megabytes: number) => void) | undefined;
}

/** What {@link memory} found. Resident set of the `run` process in MB (10⁶ bytes); its ffmpeg is not counted. */
export interface MemoryResult {
  readonly suite: 'memory';
  /** Minutes of video, and seconds it took. */
  readonly minutes: number;
  readonly seconds: number;
  readonly depthFrames: number;
  /** MB at 10 s, at the end, and at most. */
  readonly at10s: number;
  readonly atEnd: number;
  readonly peak: number;
  /** Slope of the least-squares line through everything after the first 10 s, in MB a minute. */
  readonly slopePerMinute: number;
}

/** Seconds until which a run may still grow: models load, pools fill, code gets compiled. */
const WARM_UP = 10;

/** Runs `depthcast run` over a clip repeated to so many minutes, and watches its memory once a second. */
export async function memory(options: MemoryOptions = {}): Promise<MemoryResult> {
  const { minutes = 10, threads, onSample } = options;
  const clip = options.source ?? packageFile('samples/street/street.mp4');
  const folder = await mkdtemp(join(tmpdir(), 'depthcast-memory-'));
  try {
    const video = join(folder, 'long.mkv');
    const { path: ffmpeg } = await locateFfmpeg();
    const repeat = ['-v', 'error', '-stream_loop', '-1', '-i', clip, '-t', String(minutes * 60), '-an', '-c', 'copy'];
    await execute(ffmpeg, [...repeat, video]);
    const began = performance.now();
    const call = ['run', video, '--out', join(folder, 'out'), '--write', 'csv', '--json', '--log-level', 'warn'];
    const child = spawn(
      process.execPath,
      [packageFile('bin/depthcast.js'), ...call, ...(threads === undefined ? [] : ['--threads', String(threads)])],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let out = '';
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString();
    });
    let running = true;
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', (code) => {
        running = false;
        resolve(code);
      });
    });
    const samples: { seconds: number; megabytes: number }[] = [];
    for (let tick = 1; running; tick++) {
      await Promise.race([sleep(Math.max(0, began + tick * 1000 - performance.now())), ended]);
      const megabytes = running ? await residentMegabytes(child.pid!) : undefined;
      if (megabytes === undefined) continue;
      const seconds = (performance.now() - began) / 1000;
      samples.push({ seconds, megabytes });
      onSample?.(seconds, megabytes);
    }
    const code = await ended;
    if (code !== 0) {
      throw new DepthcastError('output-failed', `The measured run ended with exit code ${code}.`, {
        advice: 'Its own message stands above.',
      });
    }
    const { depthFrames } = JSON.parse(out.trim().split('\n').at(-1)!) as { depthFrames: number };
    const warm = samples.filter(({ seconds }) => seconds >= WARM_UP);
    return {
      suite: 'memory',
      minutes,
      seconds: (performance.now() - began) / 1000,
      depthFrames,
      at10s: warm[0]?.megabytes ?? Number.NaN,
      atEnd: samples.at(-1)?.megabytes ?? Number.NaN,
      peak: Math.max(...samples.map(({ megabytes }) => megabytes)),
      slopePerMinute: slope(warm) * 60,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function residentMegabytes(pid: number): Promise<number | undefined> {
  const { stdout } = await execute('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  const kibibytes = Number(stdout.trim());
  return kibibytes > 0 ? (kibibytes * 1024) / 1e6 : undefined;
}

/** Slope of the least-squares line, in MB a second; 0 for fewer than two samples. */
export function slope(samples: readonly { readonly seconds: number; readonly megabytes: number }[]): number {
  const n = samples.length;
  if (n < 2) return 0;
  const meanX = samples.reduce((sum, { seconds }) => sum + seconds, 0) / n;
  const meanY = samples.reduce((sum, { megabytes }) => sum + megabytes, 0) / n;
  let over = 0;
  let under = 0;
  for (const { seconds, megabytes } of samples) {
    over += (seconds - meanX) * (megabytes - meanY);
    under += (seconds - meanX) ** 2;
  }
  return under === 0 ? 0 : over / under;
}
