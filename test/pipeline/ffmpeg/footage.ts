import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { capabilitiesOf } from '../../../pipeline/ffmpeg/capabilities.ts';
import { bundledPath, type FfmpegBinary, identify, locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';

const run = promisify(execFile);

/** Every ffmpeg that this machine has: the one that is found, and the bundled one of 2018 where that is another. */
export async function everyFfmpeg(): Promise<FfmpegBinary[]> {
  const found = await locateFfmpeg();
  const file = await bundledPath();
  const bundled = file === undefined ? undefined : await identify(file, 'bundled');
  if (!bundled) console.warn('skipped: the bundled ffmpeg is not installed, only one ffmpeg is tested');
  return bundled && bundled.path !== found.path ? [found, bundled] : [found];
}

/** Runs ffmpeg to make footage for a test. */
export async function makeFootage(...args: string[]): Promise<void> {
  const { path: file } = await locateFfmpeg();
  await run(file, ['-nostdin', '-hide_banner', '-v', 'error', '-y', ...args]);
}

/** A folder of the running test file, removed after it. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'depthcast-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The moving test picture of ffmpeg. */
export function testPicture(options: string): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=${options}`];
}

/**
 * A file of variable rate with B-frames: 75 pictures that come at times of an uneven grid. Returns their times in
 * microseconds, as the filter that made them states.
 */
export async function makeVariableRate(file: string): Promise<number[]> {
  const times: number[] = [];
  // Steps of 20, 45 and 90 ms in turn, in units of 1/90000 s.
  let ticks = 0;
  for (let n = 0; n < 75; n++) {
    times.push(Math.round((ticks / 90_000) * 1e6));
    ticks += [1800, 4050, 8100][n % 3]!;
  }
  const { passthrough } = await capabilitiesOf(await locateFfmpeg());
  const pts = 'floor(N/3)*13950+if(eq(mod(N,3),1),1800)+if(eq(mod(N,3),2),5850)';
  await makeFootage(
    ...testPicture('s=160x96:r=25:d=3'),
    ...['-vf', `settb=1/90000,setpts='${pts}'`, ...passthrough, '-enc_time_base', '1:90000'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '25', '-pix_fmt', 'yuv420p'],
    // The muxer of 2018 writes an edit list that ends before the last frame of such a file, and players then leave it out.
    ...['-video_track_timescale', '90000', '-use_editlist', '0', file],
  );
  return times;
}

/** Ids of the processes that this one started and that are not gone; zombies count. */
export async function childProcesses(): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const id of ids) {
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
    // The name in parentheses may hold anything; state and parent come behind it.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid) found.push(Number(id));
  }
  return found;
}
