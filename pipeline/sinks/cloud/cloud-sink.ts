import { join } from 'node:path';
import { DepthcastError, type DepthFrame } from '../../../frames/index.ts';
import { type PointCloud, pointCloud } from '../../../frames/point-cloud.ts';
import type { DepthSink } from '../../../operators/depth-sink.ts';
import { makeFolder, writeAtomically } from '../../files/atomic-file.ts';
import { finishedFiles } from '../folder/finished-files.ts';
import type { FolderSink, FolderSinkOptions } from '../folder/folder-sink.ts';
import type { RunIdentity } from '../folder/meta-file.ts';

/** A kind of file that holds the points of one frame. */
export interface CloudKind {
  /** Its name in `--write`, that of its folder, and how its files end. */
  readonly name: string;
  /** What meta.json says of its axes. */
  readonly axes: string;
  /** The whole file of a frame. */
  encode(cloud: PointCloud, answer: DepthFrame): Uint8Array;
}

/**
 * A sink that writes `DIR/KIND/NAME.KIND`, the points of each frame: one for each pixel of the network's picture whose
 * depth is known. Opening it throws `option-invalid` where a run can have no points.
 */
export function cloudSink({ name, axes, encode }: CloudKind): FolderSink {
  return {
    name,
    finished: (dir, names) => finishedFiles(join(dir, name), `.${name}`, names),
    async open({ dir, meta }: FolderSinkOptions): Promise<DepthSink> {
      refuseWithoutPoints(name, meta.meta);
      const folder = join(dir, name);
      await makeFolder(folder);
      await meta.describe(name, { files: `${name}/NAME.${name}`, axes, unit: meta.meta.unit });
      return {
        async write(answer: DepthFrame): Promise<void> {
          const cloud = pointCloud(answer);
          if (!cloud) {
            throw new DepthcastError('output-failed', `Frame ${answer.frame.index} has no camera.`, {
              advice: `Give --intrinsics, or leave ${name} out of --write.`,
            });
          }
          await writeAtomically(join(folder, `${answer.frame.name}.${name}`), encode(cloud, answer));
        },
        async close(): Promise<void> {},
      };
    },
  };
}

/** A run has no points where its camera is not known or its depth is `inverse`. */
function refuseWithoutPoints(output: string, { intrinsics, kind, model }: RunIdentity): void {
  if (kind === 'inverse') {
    throw new DepthcastError('option-invalid', `${model} gives inverse depth without scale, which has no points.`, {
      advice: `Choose a model with metric or relative depth, or leave ${output} out of --write.`,
      facts: { output, model },
    });
  }
  if (intrinsics) return;
  throw new DepthcastError('option-invalid', `${output} needs the camera, and the footage does not tell it.`, {
    advice: `Give --intrinsics fx,fy,cx,cy@WxH, or leave ${output} out of --write.`,
    facts: { output },
  });
}
