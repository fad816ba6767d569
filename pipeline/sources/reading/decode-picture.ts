import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { DepthcastError, type ResizeFilter, type Size } from '../../../frames/index.ts';
import { MAX_PIXELS } from '../../ffmpeg/recipe.ts';
import { scaledPixels } from './scaled-pixels.ts';

/** Largest picture file in bytes. */
const LONGEST = 256 << 20;

/**
 * Bytes of a regular file. Pipes and devices are refused without waiting on them: a FIFO would block for ever, even at
 * being opened.
 */
async function bytesOf(file: string): Promise<Buffer> {
  const name = path.basename(file);
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: NodeJS.ErrnoException) => {
    throw new DepthcastError('input-not-found', `"${name}" could not be read (${cause.code}).`, {
      advice: `Check that ${file} exists and may be read.`,
      facts: { file },
      cause,
    });
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) {
      throw new DepthcastError('input-not-regular', `"${name}" is not a regular file.`, {
        advice: 'Give a folder of ordinary picture files.',
        facts: { file },
      });
    }
    if (found.size === 0) {
      throw new DepthcastError('input-empty', `"${name}" is empty.`, { advice: 'Copy it again.', facts: { file } });
    }
    if (found.size > LONGEST) throw notAPicture(file, new Error('it is larger than 256 MiB'));
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Size of a picture as it will come out: rotation tags (EXIF) applied. Throws `input-format`, `input-dimensions`. */
export async function pictureSize(file: string): Promise<Size & { readonly codec: string }> {
  const bytes = await bytesOf(file);
  try {
    const { width, height, format, orientation = 1 } = await sharp(bytes, { limitInputPixels: MAX_PIXELS }).metadata();
    return orientation >= 5 ? { width: height, height: width, codec: format } : { width, height, codec: format };
  } catch (cause) {
    throw notAPicture(file, cause);
  }
}

/**
 * One picture as RGB at `to`, in memory of its own; see scaledPixels for what a filter does.
 *
 * A picture whose own size is not `from` is refused: intrinsics and poses hold for one size, and stretching it would be
 * wrong in silence. Damaged files are refused, not shown half. Throws `input-dimensions`, `input-format`, `input-empty`,
 * `input-not-found`.
 */
export async function decodePicture(
  file: string,
  from: Size,
  to: Size,
  filter?: ResizeFilter,
): Promise<Uint8Array<SharedArrayBuffer>> {
  const bytes = await bytesOf(file);
  try {
    const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true });
    const { width, height, orientation = 1 } = await picture.metadata();
    const size = orientation >= 5 ? { width: height, height: width } : { width, height };
    if (size.width !== from.width || size.height !== from.height) throw otherSize(file, size, from);
    return await scaledPixels(orientation > 1 ? picture.autoOrient() : picture, size, to, filter);
  } catch (cause) {
    throw cause instanceof DepthcastError ? cause : notAPicture(file, cause);
  }
}

function otherSize(file: string, size: Size, from: Size): DepthcastError {
  const sizes = `${size.width}x${size.height}, not ${from.width}x${from.height} as the first picture`;
  return new DepthcastError('input-dimensions', `"${path.basename(file)}" is ${sizes}.`, {
    advice: 'Put pictures of one size into one folder; the frames before it were delivered.',
    facts: { file, size, expected: from },
  });
}

function notAPicture(file: string, cause: unknown): DepthcastError {
  const why = cause instanceof Error ? cause.message : '';
  const large = /pixel limit/i.test(why);
  const name = path.basename(file);
  return new DepthcastError(
    large ? 'input-dimensions' : 'input-format',
    large ? `"${name}" has more than ${MAX_PIXELS} pixels.` : `"${name}" is damaged or no picture.`,
    { advice: 'Replace or remove it; the frames before it were delivered.', facts: { file, why }, cause },
  );
}
