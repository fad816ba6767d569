import path from 'node:path';
import { type CameraIntrinsics, type CameraPose, DepthcastError, type Size } from '../../../frames/index.ts';
import type { Footage } from '../frame-source.ts';
import { decodePicture, pictureSize } from './decode-picture.ts';
import type { PictureSequence } from './picture-names.ts';
import { type Picture, type PlayRequest, sourceOf } from './read-frames.ts';

/** A folder's pictures and what is known of them. */
export interface PictureFolder {
  readonly directory: string;
  readonly sequence: PictureSequence;
  /** What a hole in the numbers does: end the stream with `sequence-gap`, or begin a new stretch behind it. */
  readonly onGap: 'fail' | 'time-gap';
  /** Seconds, an entry a picture at least; without it 10 pictures a second are assumed. */
  readonly times?: readonly number[] | undefined;
  readonly fps?: number | undefined;
  readonly poses?: readonly CameraPose[] | undefined;
  /** The camera, told the size of the first picture. */
  readonly intrinsics?: ((size: Size) => CameraIntrinsics) | undefined;
}

/** Pictures a second where nothing states their times: the rate of KITTI. */
const ASSUMED_FPS = 10;

/** Pictures decoded ahead of the one that is taken. */
const AHEAD = 3;

/**
 * A source of picture files, one a frame. The first picture gives the size, and the frames' names are the files' stems;
 * two files of one stem are refused with `input-format`.
 * The folder was listed before; a file that goes missing meanwhile is an error, not an end.
 */
export async function openPictures(folder: PictureFolder): Promise<Footage> {
  const { sequence, directory, times, poses } = folder;
  const { pictures, gaps } = sequence;
  refuseTwins(directory, sequence);
  const { codec, width, height } = await pictureSize(path.join(directory, pictures[0]!.file));
  const size = { width, height };
  return sourceOf({
    info: {
      live: false,
      size,
      fps: folder.fps,
      frameCount: pictures.length,
      names: pictures.map(({ stem }) => stem),
      codec,
      intrinsics: folder.intrinsics?.(size),
      hasPoses: poses !== undefined,
    },
    play,
  });

  async function* play(request: PlayRequest): AsyncGenerator<Picture, void, void> {
    const stop = firstGap();
    const end = stop === undefined ? pictures.length : stop.at;
    // Frames named by position: with a hole further up, `from` may lie behind it, and then the hole is all there is.
    const waiting: Promise<Uint8Array<SharedArrayBuffer>>[] = [];
    let next = Math.min(request.from, end);
    for (let i = next; i < end; i++) {
      for (; next < end && waiting.length < AHEAD; next++) {
        const decoding = decodePicture(path.join(directory, pictures[next]!.file), size, request.size, request.resize);
        // Its turn to fail comes when the pictures before it were delivered, and maybe never.
        decoding.catch(() => {});
        waiting.push(decoding);
      }
      const pixels = await waiting.shift()!;
      if (request.signal.aborted) return;
      yield {
        ordinal: i,
        timestamp: times ? times[i]! : i / (folder.fps ?? ASSUMED_FPS),
        pixels,
        name: pictures[i]!.stem,
        pose: poses?.[i],
        segmentStart: gaps.has(i) ? 'time-gap' : undefined,
      };
    }
    if (stop) throw stop.error;
  }

  function firstGap(): { at: number; error: DepthcastError } | undefined {
    if (folder.onGap !== 'fail') return undefined;
    const first = gaps.entries().next();
    if (first.done) return undefined;
    const [at, missing] = first.value;
    const before = pictures[at - 1]!.file;
    const error = new DepthcastError(
      'sequence-gap',
      `The picture with number ${missing} is missing behind "${before}" in "${path.basename(directory)}".`,
      {
        advice:
          'Put it back, or give the folder of the pictures themselves with --layout pictures-with-gaps: then a new stretch begins behind each hole.',
        facts: { directory, missing, index: at, delivered: at },
      },
    );
    return { at, error };
  }
}

/** Results are named after the stem of a picture: of two with one name the first result would be lost. */
function refuseTwins(directory: string, { pictures }: PictureSequence): void {
  const files = new Map<string, string>();
  for (const { file, stem } of pictures) {
    const twin = files.get(stem);
    files.set(stem, file);
    if (twin === undefined) continue;
    throw new DepthcastError(
      'input-format',
      `"${twin}" and "${file}" in "${path.basename(directory)}" differ in their ending alone, so their results would have one name.`,
      {
        advice: `Remove one, or name one kind by a pattern such as "${path.join(directory, `*${path.extname(file)}`)}".`,
        facts: { directory, files: [twin, file] },
      },
    );
  }
}
