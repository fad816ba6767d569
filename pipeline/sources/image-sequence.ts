import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import type { FrameSource } from './frame-source.ts';
import { openPictures } from './reading/picture-footage.ts';
import { isPicture, mixedSequences, sequenceOf } from './reading/picture-names.ts';
import type { OpenOptions, Place, SourceKind } from './reading/source-kind.ts';

/**
 * A folder of pictures, a pattern such as `drive/*.png`, or one picture: JPEG, PNG or WebP, in natural order of their
 * names, 10 a second. A hole in the numbers ends the stream with `sequence-gap`; the layout `pictures-with-gaps` begins
 * a new stretch there instead.
 */
export const imageSequence: SourceKind = {
  layouts: ['pictures', 'pictures-with-gaps'],
  summary: 'a folder or pattern of pictures (JPEG, PNG, WebP)',
  recognises: (place) =>
    place.kind === 'directory' ||
    place.kind === 'glob' ||
    (place.kind === 'file' && isPicture(path.basename(place.path))),
  open,
};

async function open(place: Place, options: OpenOptions): Promise<FrameSource> {
  const [directory, all] = listed(place);
  const names = all.filter(isPicture);
  if (names.length === 0) {
    const where = place.kind === 'glob' ? `The pattern "${place.pattern}"` : `"${path.basename(directory)}"`;
    throw new DepthcastError('input-no-pictures', `${where} has no pictures.`, {
      advice: 'Give a folder with JPEG, PNG or WebP files.',
      facts: { directory },
    });
  }
  const mixed = place.kind === 'directory' ? mixedSequences(names) : [];
  if (mixed.length > 0) {
    throw new DepthcastError(
      'input-format',
      `"${path.basename(directory)}" holds several sequences: ${mixed.slice(0, 4).join(', ')}.`,
      {
        advice: `Name one by a pattern, for example "${path.join(directory, mixed[0]!.replace('#', '*'))}".`,
        facts: { directory, mixed },
      },
    );
  }
  options.signal?.throwIfAborted();
  const onGap = options.layout === 'pictures-with-gaps' ? 'time-gap' : (options.onGap ?? 'fail');
  return openPictures({ directory, sequence: sequenceOf(names), onGap });
}

function listed(place: Place): [directory: string, names: readonly string[]] {
  if (place.kind === 'directory' || place.kind === 'glob') return [place.path, place.names];
  if (place.kind === 'file') return [path.dirname(place.path), [path.basename(place.path)]];
  throw new DepthcastError('input-no-pictures', 'Pictures were asked for, but this is no folder.', {
    advice: 'Name a folder or a pattern such as "drive/*.png".',
  });
}
