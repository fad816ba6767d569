import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { type CameraPose, DepthcastError } from '../../frames/index.ts';
import { type DepthPngScale, readDepthPng } from './depth-png.ts';
import type { FrameName, GroundTruth } from './ground-truth.ts';
import { readKittiPoses } from './kitti-poses.ts';

/** KITTI: metres times 256 (readme of the depth development kit). */
export const KITTI_DEPTH: DepthPngScale = { perMetre: 256 };

/**
 * Files of a folder by what names their frame: the stem, and where it is all digits its number, so that `5`, `000005`
 * and `0000000005` are the same frame. Links that lead out of the folder are left out.
 */
export async function filesByFrame(directory: string, extensions: readonly string[]): Promise<Map<string, string>> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DepthcastError('input-not-found', `The folder "${directory}" was not found.`, {
      advice: 'Check the path; it is looked for inside the data set first.',
      facts: { directory },
      cause,
    });
  });
  const files = new Map<string, string>();
  for (const entry of entries) {
    const extension = path.extname(entry.name).toLowerCase();
    if (entry.name.startsWith('.') || !extensions.includes(extension)) continue;
    if (entry.isSymbolicLink()) await refuseEscape(directory, entry.name);
    else if (!entry.isFile()) continue;
    files.set(frameKey(entry.name.slice(0, -extension.length)), path.join(directory, entry.name));
  }
  return files;
}

/** Throws `input-refused` where a file that lies in a folder by its name is a link to somewhere else. */
export async function refuseEscape(directory: string, name: string): Promise<void> {
  const own = await realpath(directory);
  const leads = await realpath(path.join(directory, name)).catch(() => undefined);
  if (leads?.startsWith(own + path.sep)) return;
  throw new DepthcastError('input-refused', `"${name}" is a link that leads out of "${path.basename(directory)}".`, {
    advice: 'Put the file itself there, or name the folder in which it lies.',
    facts: { directory, name },
  });
}

/** What two names of the same frame have in common. */
export function frameKey(name: string): string {
  return /^\d+$/.test(name) ? name.replace(/^0+(?=\d)/, '') : name;
}

/**
 * Depth from a folder of 16-bit PNGs with a file a frame, named like the frames: KITTI's `groundtruth/image_02`,
 * `gt_depth_cam2`, or any pair of folders.
 *
 * Poses, where a file of them is named, are joined as `posesByFrame` does. Throws `input-empty` where the folder has no
 * PNG.
 */
export async function depthFolder(
  directory: string,
  scale: DepthPngScale = KITTI_DEPTH,
  poses?: string,
): Promise<GroundTruth> {
  const files = await filesByFrame(directory, ['.png']);
  if (files.size === 0) {
    throw new DepthcastError('input-empty', `"${path.basename(directory)}" has no PNG with depth.`, {
      advice: 'Name the folder that holds one 16-bit PNG a frame.',
      facts: { directory },
    });
  }
  return {
    summary: `${files.size} depth pictures of ${path.basename(directory)}, metres × ${scale.perMetre}`,
    async depthOf({ name }: FrameName) {
      const file = files.get(frameKey(name));
      return file === undefined ? undefined : readDepthPng(file, scale);
    },
    poseOf: await posesByFrame(poses),
    intrinsics: () => undefined,
  };
}

/**
 * Poses of a file as KITTI odometry has them, a line a frame number from 0; a frame whose name is no number has the line
 * of its index. Without a file no frame has one. A frame without a line throws `calibration-invalid`: the file is of
 * other footage.
 */
export async function posesByFrame(file: string | undefined): Promise<GroundTruth['poseOf']> {
  if (file === undefined) return async () => undefined;
  const poses = await readKittiPoses(file);
  return async ({ name, index }: FrameName): Promise<CameraPose> => {
    const line = /^\d+$/.test(name) ? Number(name) : index;
    const worldFromCamera = poses[line];
    if (worldFromCamera) return { worldFromCamera };
    throw new DepthcastError(
      'calibration-invalid',
      `"${path.basename(file)}" has ${poses.length} lines, and frame ${name} would be line ${line + 1}.`,
      {
        advice: 'Name the poses of all frames of this footage, the first line for frame 0.',
        facts: { file, lines: poses.length, frame: name },
      },
    );
  };
}
