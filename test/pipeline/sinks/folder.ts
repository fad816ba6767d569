import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DepthFrame, Size } from '../../../frames/index.ts';
import type { FolderSink } from '../../../pipeline/sinks/folder/folder-sink.ts';
import { MetaFile, type RunIdentity } from '../../../pipeline/sinks/folder/meta-file.ts';

export const IDENTITY: RunIdentity = {
  source: 'test.mp4',
  model: 'test-model',
  cardHash: '00',
  fallback: null,
  window: [-1, 0, 1],
  kind: 'metric',
  unit: 'metres',
  size: { width: 64, height: 32 },
  networkSize: { width: 64, height: 32 },
  intrinsics: null,
};

/** An empty folder that goes when the test does. */
export async function emptyFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'depthcast-sinks-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes frames through a sink as a run does, from the given index on, and closes it. */
export async function writeAll(
  sink: FolderSink,
  dir: string,
  frames: readonly DepthFrame[],
  more: { readonly identity?: Partial<RunIdentity>; readonly networkSize?: Size } = {},
): Promise<MetaFile> {
  const meta = await MetaFile.open(dir, { ...IDENTITY, ...more.identity }, {});
  const networkSize = more.networkSize ?? IDENTITY.networkSize;
  const open = await sink.open({ dir, from: frames[0]?.frame.index ?? 0, networkSize, meta });
  for (const frame of frames) await open.write(frame);
  await open.close();
  return meta;
}
