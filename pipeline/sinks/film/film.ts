import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { DepthcastError, type Size } from '../../../frames/index.ts';
import { capabilitiesOf } from '../../ffmpeg/capabilities.ts';
import { type FfmpegBinary, locateFfmpeg } from '../../ffmpeg/locate.ts';
import { UNFINISHED } from '../../files/atomic-file.ts';
import { matroskaFrameHead, matroskaHead } from '../folder/raw-matroska.ts';

/**
 * One running encoder: RGB pictures with their times in, an MP4 file out.
 *
 * The file is fragmented while it grows, so that whatever kills the run, all but its last second can be played; a
 * finished one is rewritten with its index in front.
 */
export class Film {
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
        advice: 'Check the space on the disk, or leave that film out of --write.',
        facts: { path: this.#path, code },
      },
    );
  }
}

/** Frames of a film, half-written ones included; 0 where it cannot be played. */
export async function countFrames(path: string): Promise<number> {
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

/** Options that keep every frame at its time, and the best encoder the program has: H.264, or MPEG-4 where there is no libx264. */
export async function encodingOf(ffmpeg: FfmpegBinary, size: Size, sideBySide: boolean): Promise<readonly string[]> {
  const { encoders, passthrough } = await capabilitiesOf(ffmpeg);
  const encoder = encoders.has('libx264')
    ? [
        ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20'],
        // Says in the stream that the halves are the two eyes' (H.264, frame packing arrangement 3).
        ...(sideBySide ? ['-x264-params', 'frame-packing=3'] : []),
      ]
    : ['-c:v', 'mpeg4', '-q:v', '4'];
  return [...passthrough, ...doubled(size), ...encoder];
}

/**
 * 4:2:0 halves the resolution of colour, which bleeds over the edges of things; all players take it, and hardly any but
 * ffmpeg's take 4:4:4. With every pixel doubled, colour keeps the resolution of the picture. Not beyond 4096 columns,
 * where decoders in hardware end.
 */
function doubled({ width }: Size): readonly string[] {
  return width * 2 > 4096 ? [] : ['-vf', 'scale=iw*2:ih*2:flags=neighbor'];
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
