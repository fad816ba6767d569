import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ColourRange, STREET_RANGE } from '../../../frames/colour-map.ts';
import type { DepthFrame, DepthMap, Size } from '../../../frames/index.ts';
import { locateFfmpeg } from '../../ffmpeg/locate.ts';
import type { FolderSink } from '../folder/folder-sink.ts';
import { countFrames, encodingOf, Film } from './film.ts';

/** What a film shows. */
export interface FilmKind {
  /** Name of the first part, and in `--write`: `color.mp4`. */
  readonly name: `${string}.mp4`;
  /** Size of its pictures for frames of a size. */
  size(frame: Size): Size;
  /** Makes a picture of a frame, RGB, `size` large. The range is the same for the whole film. */
  paint(answer: DepthFrame, range: ColourRange, size: Size): Uint8Array;
  /** What meta.json says of it besides the range. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The picture's halves are those of the two eyes. */
  readonly sideBySide?: boolean | undefined;
}

/**
 * A sink that makes a film, each frame at its own time of the footage; H.264 4:2:0 with every pixel doubled, so that
 * colours have sharp edges in any player.
 *
 * The range of depth is fixed and stated in meta.json: 4–80 m for metric depth, else the middle 96 % of the first frame.
 * A film cannot be continued: a run that goes on writes `NAME-0002.mp4` from the first frame on that the parts before it
 * lack, and so on.
 */
export function filmSink(kind: FilmKind): FolderSink {
  const stem = kind.name.slice(0, -'.mp4'.length);
  const part = new RegExp(`^${stem}(-\\d{4})?\\.mp4$`);
  const partsOf = async (dir: string): Promise<string[]> => {
    const files = await readdir(dir).catch(() => []);
    return files.filter((file) => part.test(file)).sort((a, b) => a.length - b.length || a.localeCompare(b));
  };
  return {
    name: kind.name,
    async finished(dir) {
      let frames = 0;
      for (const file of await partsOf(dir)) frames += await countFrames(join(dir, file));
      return frames;
    },
    async open({ dir, networkSize, meta }) {
      const ffmpeg = await locateFfmpeg();
      let had = 0;
      let last = 0;
      for (const file of await partsOf(dir)) {
        const frames = await countFrames(join(dir, file));
        had += frames;
        // A run that was killed before its film began leaves a part that nothing can play.
        if (frames > 0) last = Number(part.exec(file)?.[1]?.slice(1) ?? 1);
        else await rm(join(dir, file), { force: true });
      }
      const name = last === 0 ? kind.name : `${stem}-${String(last + 1).padStart(4, '0')}.mp4`;
      let range = meta.meta.outputs[kind.name]?.['range'] as ColourRange | undefined;
      const size = kind.size(networkSize);
      let film: Film | undefined;
      return {
        async write(answer) {
          // An earlier part shows it already.
          if (answer.frame.index < had) return;
          if (!range) {
            range = answer.depth.kind === 'metric' ? STREET_RANGE : rangeOf(answer.depth);
            await meta.describe(kind.name, { files: `${stem}*.mp4`, range, unit: meta.meta.unit, ...kind.facts });
          }
          film ??= new Film(
            ffmpeg.path,
            join(dir, name),
            size,
            await encodingOf(ffmpeg, size, kind.sideBySide === true),
          );
          await film.add(kind.paint(answer, range, size), answer.frame.timestamp);
        },
        async close() {
          await film?.finish();
        },
      };
    },
  };
}

/** The middle 96 % of the known values, near end first. */
function rangeOf(map: DepthMap): ColourRange {
  const known = map.data.filter((value) => Number.isFinite(value) && value > 0).sort();
  const low = known[Math.floor(known.length * 0.02)] ?? 0.1;
  const high = Math.max(known[Math.floor(known.length * 0.98)] ?? 1, low * 1.01);
  return map.kind === 'inverse' ? { near: high, far: low } : { near: low, far: high };
}
