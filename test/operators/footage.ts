import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Frame } from '../../frames/index.ts';
import { frame } from './frames.ts';

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** True where the shared footage is there; says so aloud where it is not. */
export function hasFootage(folder: string): boolean {
  const there = existsSync(DATA + folder);
  if (!there) console.warn(`skipped: no footage at ../shared/data/${folder}`);
  return there;
}

/** Pictures of a folder of the shared footage, in the order of their names, at the given size. */
export async function footage(
  folder: string,
  width = 640,
  height = 192,
  most = Number.POSITIVE_INFINITY,
): Promise<Frame[]> {
  const names = readdirSync(DATA + folder).filter((name) => /\.(jpe?g|png)$/.test(name) && !name.includes('depth'));
  const frames: Frame[] = [];
  for (const name of names.sort().slice(0, most)) {
    const picture = sharp(`${DATA}${folder}/${name}`).resize(width, height, { fit: 'fill' });
    const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3));
    pixels.set(await picture.removeAlpha().toColourspace('srgb').raw().toBuffer());
    frames.push(frame(frames.length, { width, height, pixels }));
  }
  return frames;
}
