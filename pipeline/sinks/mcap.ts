import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { McapFile } from '../foxglove/mcap/mcap-file.ts';
import { mcapRecords, openIndexed } from '../foxglove/mcap/mcap-records.ts';
import { recoverMcap } from '../foxglove/mcap/recover.ts';
import { foxgloveProfile } from '../foxglove/messages/foxglove-profile.ts';
import type { Profile } from '../foxglove/messages/profile.ts';
import { ros2Profile } from '../foxglove/messages/ros2-profile.ts';
import type { FolderSink } from './folder/folder-sink.ts';

/** What the head of a run's file states as its library: by it the file is known again. */
const LIBRARY = 'depthcast run';

/**
 * `DIR/NAME.mcap`, NAME being the stem of the source's name: pictures, camera, depth, points, scores, transforms and log
 * for Foxglove and Lichtblick, at the times of the footage.
 *
 * A file whose run was killed is mended when the folder is opened again. A run that goes on writes `NAME-0002.mcap` from
 * the first frame on that the files before it lack, and so on.
 */
export const mcap: FolderSink = sinkOf('mcap', foxgloveProfile, '');

/** `DIR/NAME.ros2.mcap`: the same as sensor_msgs and tf2_msgs in CDR, for ROS 2 tools. */
export const mcapRos2: FolderSink = sinkOf('mcap-ros2', ros2Profile, '.ros2');

function sinkOf(name: string, profile: Profile, infix: string): FolderSink {
  const parts = (dir: string): Promise<readonly Part[]> => partsOf(dir, profile);
  return {
    name,
    async finished(dir) {
      return (await parts(dir)).reduce((sum, { frames }) => sum + frames, 0);
    },
    async open({ dir, meta }) {
      const done = await parts(dir);
      const had = done.reduce((sum, { frames }) => sum + frames, 0);
      const stem = stemOf(meta.meta.source);
      const number = done.length === 0 ? '' : `-${String(done.length + 1).padStart(4, '0')}`;
      const path = join(dir, `${stem}${infix}${number}.mcap`);
      const options = { profile, stream: stem, library: LIBRARY, pointStride: 2, clock: 'media' } as const;
      let file: McapFile | undefined;
      let failed = false;
      return {
        async write(answer) {
          // An earlier part holds it already.
          if (answer.frame.index < had) return;
          if (!file) {
            file = await McapFile.create(path, options);
            await meta.describe(name, {
              files: `${stem}${infix}*.mcap`,
              profile: profile.name,
              depthImageStep: meta.meta.kind === 'metric' ? 0.001 : 'see the topic consistency',
              unit: meta.meta.unit,
            });
          }
          try {
            await file.write(answer);
          } catch (error) {
            failed = true;
            throw error;
          }
        },
        async close() {
          // After a fault the file stays cut off and is mended next time: its end would go where its middle could not.
          await (failed ? file?.abandon() : file?.close());
        },
      };
    },
  };
}

interface Part {
  readonly path: string;
  readonly frames: number;
}

/** The files of earlier runs in their order, mended where one was killed. */
async function partsOf(dir: string, profile: Profile): Promise<readonly Part[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.mcap'));
  const parts: Part[] = [];
  for (const name of names.sort((a, b) => a.length - b.length || a.localeCompare(b))) {
    const path = join(dir, name);
    const frames = await countFrames(path, profile);
    if (frames !== undefined) parts.push({ path, frames });
  }
  return parts;
}

/** Frames of a run's file; `undefined` for any other. */
async function countFrames(path: string, profile: Profile): Promise<number | undefined> {
  if ((await headOf(path)) !== `${LIBRARY} ${profile.mcapProfile}`) return undefined;
  if ((await recoverMcap(path)) === 0) return undefined;
  const indexed = await openIndexed(path);
  if (!indexed) return undefined;
  const { channelsById, statistics } = indexed.reader;
  await indexed.close();
  let frames = 0;
  for (const { id, topic } of channelsById.values()) {
    if (topic.endsWith(`/${profile.paths.consistency}`))
      frames += Number(statistics?.channelMessageCounts.get(id) ?? 0);
  }
  return frames;
}

async function headOf(path: string): Promise<string | undefined> {
  for await (const record of mcapRecords(path)) {
    if (record.type === 'Header') return `${record.library} ${record.profile}`;
  }
  return undefined;
}

/** The source's name without its ending, as it may stand in a file's name and a topic. */
function stemOf(source: string): string {
  const stem = source
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return stem === '' ? 'depth' : stem.slice(0, 64);
}
