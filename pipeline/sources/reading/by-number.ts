import { DepthcastError, type ErrorCode } from '../../../frames/index.ts';
import type { PictureSequence } from './picture-names.ts';

/** Something a data set states for each frame, apart from the pictures. */
export interface Stated<Entry> {
  /** What belongs to a frame's number. */
  readonly entryOf: (number: number) => Entry | undefined;
  /** Where it is stated, for errors. */
  readonly file: string;
  readonly code: ErrorCode;
}

/**
 * What is stated for each picture, joined by the picture's number: a folder that holds the frames from 100 on gets the
 * lines from 100 on. In the order of the pictures, up to the first hole in their numbers, where reading ends.
 *
 * Throws `code` for a picture without a number or without an entry: taking the next one would shift all that follow.
 */
export function byNumber<Entry>(
  { pictures, gaps }: PictureSequence,
  { entryOf, file, code }: Stated<Entry>,
  onGap: 'fail' | 'time-gap',
): Entry[] {
  const [first = pictures.length] = gaps.keys();
  const hole = onGap === 'fail' ? first : pictures.length;
  return pictures.slice(0, hole).map(({ file: picture, number }) => {
    const entry = number === undefined ? undefined : entryOf(number);
    if (entry !== undefined) return entry;
    throw new DepthcastError(code, `"${file}" has nothing for the picture "${picture}".`, {
      advice: 'Take the file from the data set again; entries belong to pictures by number, and the first is 0.',
      facts: { file, picture, number },
    });
  });
}
