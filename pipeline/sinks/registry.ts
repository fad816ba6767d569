import { DepthcastError } from '../../frames/index.ts';
import { colorVideo } from './color-video.ts';
import { csv } from './csv.ts';
import type { FolderSink } from './folder/folder-sink.ts';
import { las } from './las.ts';
import { mcap, mcapRos2 } from './mcap.ts';
import { npy } from './npy.ts';
import { overlayVideo } from './overlay-video.ts';
import { ply } from './ply.ts';
import { png16 } from './png16.ts';
import { stereoVideo } from './stereo-video.ts';

/** Every way to write results, in the order in which they are listed to a user. */
export const SINKS: readonly FolderSink[] = [
  png16,
  npy,
  ply,
  las,
  colorVideo,
  overlayVideo,
  stereoVideo,
  csv,
  mcap,
  mcapRos2,
];

/** Sinks by their names in `--write`, each once. Throws `option-invalid` for an unknown name, listing the known ones. */
export function sinksNamed(names: readonly string[]): FolderSink[] {
  return [...new Set(names)].map((name) => {
    const sink = SINKS.find((candidate) => candidate.name === name);
    if (sink) return sink;
    throw new DepthcastError('option-invalid', `There is no output called "${name}".`, {
      advice: `Choose from ${SINKS.map((known) => known.name).join(', ')}.`,
      facts: { name },
    });
  });
}
