import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { locateFfmpeg } from '../../pipeline/ffmpeg/locate.ts';
import { packageFile } from '../package-file.ts';

/** Pictures a second of the footage that the fake cameras send. */
export const CAMERA_FPS = 10;

/** The sample street as H.264 that a fake camera can send: Annex B, a key frame a second, delimiters. */
export async function cameraFootage(folder: string): Promise<string> {
  const { path: ffmpeg } = await locateFfmpeg();
  const file = join(folder, 'street.h264');
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-bf', '0', '-g', String(CAMERA_FPS)];
  const shape = ['-vf', 'scale=320:96', '-r', String(CAMERA_FPS), '-pix_fmt', 'yuv420p'];
  await promisify(execFile)(ffmpeg, [
    ...['-v', 'error', '-y', '-i', packageFile('samples/street/street.mp4'), '-an', ...shape, ...x264],
    ...['-x264-params', 'aud=1:repeat-headers=1:sliced-threads=0', '-f', 'h264', file],
  ]);
  return file;
}
