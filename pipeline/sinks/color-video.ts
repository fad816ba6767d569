import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ColourRange, colourTable, paintDepth, STREET_RANGE } from '../../frames/colour-map.ts';
import { DepthcastError, type DepthFrame, type DepthMap, type Size } from '../../frames/index.ts';
import type { DepthSink } from '../../operators/depth-sink.ts';
import { capabilitiesOf } from '../ffmpeg/capabilities.ts';
import { type FfmpegBinary, locateFfmpeg } from '../ffmpeg/locate.ts';
import { UNFINISHED } from './folder/atomic-file.ts';
import type { FolderSink, FolderSinkOptions } from './folder/folder-sink.ts';
import { matroskaFrameHead, matroskaHead } from './folder/raw-matroska.ts';

const PART = /^color(-\d{4})?\.mp4$/;

/**
 * `DIR/color.mp4`: the picture and, right of it, its depth in colour, at the network's size; H.264 4:2:0, or MPEG-4
 * where the ffmpeg found has no libx264. Each frame is shown at its own time of the footage.
 *
 * Colours stand for a fixed range, stated in meta.json: 4–80 m, evenly spaced in inverse depth, for metric depth, else the middle 96 % of the first frame. The
 * file is fragmented while it grows, so that whatever kills the run, all but its last second can be played; a finished
 * one is rewritten with its index in front. A film cannot be continued: a run that goes on writes `color-0002.mp4` from
 * the first frame on that the parts before it lack, and so on.
 */
export const colorVideo: FolderSink = {
  name: 'color.mp4',
  async finished(dir): Promise<number> {
    let frames = 0;
    for (const part of await partsOf(dir)) frames += await countFrames(join(dir, part));
    return frames;
  },
  async open({ dir, networkSize, meta }: FolderSinkOptions): Promise<DepthSink> {
    const ffmpeg = await locateFfmpeg();
    let had = 0;
    let last = 0;
    for (const part of await partsOf(dir)) {
      const frames = await countFrames(join(dir, part));
      had += frames;
      // A run that was killed before its film began leaves a part that nothing can play.
      if (frames > 0) last = Number(PART.exec(part)?.[1]?.slice(1) ?? 1);
      else await rm(join(dir, part), { force: true });
    }
    const name = last === 0 ? 'color.mp4' : `color-${String(last + 1).padStart(4, '0')}.mp4`;
    let range = meta.meta.outputs['color.mp4']?.['range'] as ColourRange | undefined;
    const size = { width: networkSize.width * 2, height: networkSize.height };
    const table = colourTable('turbo');
    let film: Film | undefined;
    return {
      async write(answer: DepthFrame): Promise<void> {
        // An earlier part shows it already.
        if (answer.frame.index < had) return;
        if (!range) {
          range = answer.depth.kind === 'metric' ? STREET_RANGE : rangeOf(answer.depth);
          await meta.describe('color.mp4', { files: 'color*.mp4', range, unit: meta.meta.unit, near: 'red' });
        }
        film ??= new Film(ffmpeg.path, join(dir, name), size, await encodingOf(ffmpeg));
        const { frame, depth } = answer;
        const stride = size.width * 3;
        const picture = new Uint8Array(stride * size.height);
        for (let y = 0; y < frame.height; y++) {
          picture.set(frame.pixels.subarray(y * frame.width * 3, (y + 1) * frame.width * 3), y * stride);
        }
        paintDepth(depth, range, table, picture, frame.width * 3, stride);
        await film.add(picture, frame.timestamp);
      },
      async close(): Promise<void> {
        await film?.finish();
      },
    };
  },
};

/** One running encoder. */
class Film {
  readonly #ffmpeg: string;
  readonly #path: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #said = '';
  #start: number | undefined;
  #frames = 0;

  constructor(ffmpeg: string, path: string, size: Size, encoding: readonly string[]) {
    this.#ffmpeg = ffmpeg;
    this.#path = path;
    // Detached: a Ctrl-C in the terminal must not reach the encoder before its last frames do. When this process dies
    // the pipe closes and the encoder finishes the film by itself.
    this.#child = spawn(
      ffmpeg,
      [
        ...['-y', '-hide_banner', '-nostats', '-v', 'error', '-f', 'matroska', '-i', 'pipe:0', '-an'],
        // Without passthrough and a fine time base ffmpeg moves frames to a grid of its own. B-frames would shift the
        // times of a fragmented film.
        ...['-enc_time_base', '1:60000', ...encoding, '-bf', '0', '-pix_fmt', 'yuv420p'],
        ...['-force_key_frames', 'expr:gte(t,n_forced)', '-movflags', '+frag_keyframe+empty_moov+default_base_moof'],
        ...['-f', 'mp4', path],
      ],
      { stdio: ['pipe', 'ignore', 'pipe'], detached: true },
    );
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', resolve);
      this.#child.once('error', (error) => {
        this.#said += error.message;
        resolve(null);
      });
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#said = (this.#said + text.toString()).slice(-2000);
    });
    // A broken pipe is told by the exit code, with ffmpeg's own words.
    this.#child.stdin?.on('error', () => {});
    this.#child.stdin?.write(matroskaHead(size));
  }

  async add(picture: Uint8Array, timestamp: number): Promise<void> {
    const stdin = this.#child.stdin;
    if (!stdin || this.#child.exitCode !== null || stdin.destroyed) throw await this.#failure();
    this.#start ??= timestamp;
    stdin.write(matroskaFrameHead(timestamp - this.#start, picture.length));
    if (!stdin.write(picture)) await Promise.race([once(stdin, 'drain').catch(() => {}), this.#ended]);
    this.#frames++;
  }

  async finish(): Promise<void> {
    this.#child.stdin?.end();
    if ((await this.#ended) !== 0) throw await this.#failure();
    // Index in front, so that players in a browser start at once; the fragmented film stays if this copy lacks a frame.
    const tidy = this.#path + UNFINISHED;
    const copied = await run(this.#ffmpeg, [
      ...['-y', '-v', 'error', '-i', `file:${this.#path}`, '-map', '0:v:0', '-c', 'copy', '-movflags', '+faststart'],
      ...['-f', 'mp4', `file:${tidy}`],
    ]);
    if (copied.code === 0 && (await countFrames(tidy)) === this.#frames) await rename(tidy, this.#path);
    else await rm(tidy, { force: true });
  }

  async #failure(): Promise<DepthcastError> {
    const code = await this.#ended;
    return new DepthcastError(
      'output-failed',
      `ffmpeg could not write ${this.#path} (${this.#said.trim() || (code ?? 'it was killed')}).`,
      {
        advice: 'Check the space on the disk, or leave color.mp4 out of --write.',
        facts: { path: this.#path, code },
      },
    );
  }
}

async function partsOf(dir: string): Promise<string[]> {
  const files = await readdir(dir).catch(() => []);
  return files.filter((file) => PART.test(file)).sort((a, b) => a.length - b.length || a.localeCompare(b));
}

async function countFrames(path: string): Promise<number> {
  const { path: ffmpeg } = await locateFfmpeg();
  const { out } = await run(ffmpeg, [
    '-v',
    'error',
    '-i',
    `file:${path}`,
    '-map',
    '0:v:0',
    '-c',
    'copy',
    '-f',
    'framecrc',
    'pipe:1',
  ]);
  return out.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

/** Options that keep every frame at its time, and the best encoder the program has. */
async function encodingOf(ffmpeg: FfmpegBinary): Promise<readonly string[]> {
  const { encoders, passthrough } = await capabilitiesOf(ffmpeg);
  const encoder = encoders.has('libx264')
    ? ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20']
    : ['-c:v', 'mpeg4', '-q:v', '4'];
  return [...passthrough, ...encoder];
}

async function run(command: string, args: readonly string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  let out = '';
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString();
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, out }));
    child.once('close', (code) => resolve({ code, out }));
  });
}

/** The middle 96 % of the known values, near end first. */
function rangeOf(map: DepthMap): ColourRange {
  const known = map.data.filter((value) => Number.isFinite(value) && value > 0).sort();
  const low = known[Math.floor(known.length * 0.02)] ?? 0.1;
  const high = Math.max(known[Math.floor(known.length * 0.98)] ?? 1, low * 1.01);
  return map.kind === 'inverse' ? { near: high, far: low } : { near: low, far: high };
}
