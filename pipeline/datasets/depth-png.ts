import path from 'node:path';
import sharp from 'sharp';
import { DepthcastError } from '../../frames/index.ts';
import type { TrueDepth } from './ground-truth.ts';

/** How the 16 bits of a depth picture are meant. */
export interface DepthPngScale {
  /** Steps a metre: 256 on KITTI, 5000 on TUM RGB-D, 1000 for millimetres. */
  readonly perMetre: number;
  /** Codes that mean "not measured" besides 0. */
  readonly unknown?: number | undefined;
}

/**
 * Reads depth from a 16-bit grey PNG; 0 = unknown, as KITTI's development kit, TUM RGB-D and 7-Scenes have it.
 *
 * Throws `input-format` for anything else: an 8-bit picture is the usual accident of a program that saved with the
 * wrong depth, and would read as depths below one metre.
 */
export async function readDepthPng(file: string, { perMetre, unknown = 0 }: DepthPngScale): Promise<TrueDepth> {
  try {
    const image = sharp(file);
    const { depth, channels, format } = await image.metadata();
    if (format !== 'png' || depth !== 'ushort' || channels !== 1) {
      throw new Error(`it is ${format}, ${channels} channels of ${depth}`);
    }
    const { data, info } = await image
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const codes = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    const metres = new Float32Array(codes.length);
    for (let i = 0; i < codes.length; i++) metres[i] = codes[i] === unknown ? 0 : codes[i]! / perMetre;
    return { width: info.width, height: info.height, data: metres };
  } catch (cause) {
    throw new DepthcastError('input-format', `"${path.basename(file)}" is not a 16-bit grey PNG with depth.`, {
      advice: `Save depth with 16 bits a pixel, ${perMetre} steps a metre, or leave ${file} out.`,
      facts: { file },
      cause,
    });
  }
}
