import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type DepthFrame, Flow } from '../../../frames/index.ts';
import { locateFfmpeg } from '../../../pipeline/ffmpeg/locate.ts';

const STREET = new URL('../../../samples/street/', import.meta.url);
export const SIZE = { width: 640, height: 192 };
/** The camera of samples/street/calib.txt. */
export const CAMERA = { ...SIZE, fx: 371, fy: 371, cx: 319.5, cy: 95.5 };

/** The file of the sample clip. */
export const STREET_FILM = fileURLToPath(new URL('street.mp4', STREET));

/**
 * The first frames of the sample street that have exact depth (every third one), as a perfect network would answer:
 * pictures, true depth in metres (NaN = sky), camera and poses. Frame `i` is picture `3 i` of the clip.
 */
export async function streetAnswers(count: number, stream = 'street'): Promise<DepthFrame[]> {
  const { path } = await locateFfmpeg();
  const bytes = SIZE.width * SIZE.height * 3;
  const shown = ['-v', 'error', '-i', STREET_FILM, '-frames:v', String(count * 3), '-pix_fmt', 'rgb24'];
  const film = spawnSync(path, [...shown, '-f', 'rawvideo', '-'], { maxBuffer: bytes * count * 3 + 1 }).stdout;
  const poses = readFileSync(new URL('poses.txt', STREET), 'utf8').split('\n');
  const flow = new Flow();
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<DepthFrame> => {
      const pixels = new Uint8Array(new SharedArrayBuffer(bytes));
      pixels.set(film.subarray(index * 3 * bytes, (index * 3 + 1) * bytes));
      const name = String(index * 3).padStart(6, '0');
      const png = await sharp(fileURLToPath(new URL(`depth/${name}.png`, STREET)))
        .toColourspace('grey16')
        .raw({ depth: 'ushort' })
        .toBuffer();
      const codes = new Uint16Array(png.buffer, png.byteOffset, png.length / 2);
      return {
        frame: {
          stream,
          index,
          name: String(index).padStart(6, '0'),
          timestamp: index / 5,
          arrivedAt: performance.now(),
          ...SIZE,
          pixels,
          sourceSize: SIZE,
          intrinsics: CAMERA,
          pose: { worldFromCamera: poses[index * 3]!.trim().split(/\s+/).map(Number) },
          flow,
        },
        depth: {
          kind: 'metric',
          ...SIZE,
          data: Float32Array.from(codes, (code) => (code === 0 ? Number.NaN : code / 256)),
        },
        estimator: 'the-truth',
        latencyMs: 12.5,
        inferenceMs: 7.25,
        consistency: index === 0 ? undefined : { score: 0.97, flicker: -0.5 },
      };
    }),
  );
}
