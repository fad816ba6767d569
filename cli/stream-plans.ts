import { readFile } from 'node:fs/promises';
import { DepthcastError, type Size } from '../frames/index.ts';
import { contextOffsetsOf } from '../models/card.ts';
import { openIntrinsics } from '../pipeline/datasets/intrinsics-text.ts';
import type { StreamPlan } from '../pipeline/live/stream-plan.ts';
import { openSource } from '../pipeline/sources/registry.ts';
import { windowOf } from './options.ts';
import type { ServeOptions, StreamConfig } from './serve-config.ts';
import { contextOffsets, type FoundModels, networkSize } from './stream-setup.ts';

/** A size that every camera may turn out to have, for what must be known before it is seen. */
export const UNSEEN: Size = { width: 1280, height: 720 };

/** The plans of all streams. Throws `option-invalid` and `calibration-invalid`, naming the stream. */
export function streamPlans(options: ServeOptions, found: FoundModels): Promise<readonly StreamPlan[]> {
  return Promise.all([...options.streams].map(([name, stream]) => planOf(name, stream, options, found)));
}

async function planOf(
  name: string,
  stream: StreamConfig,
  options: ServeOptions,
  found: FoundModels,
): Promise<StreamPlan> {
  // Its own window takes the place of the one for all, in whichever of the two ways it is said.
  const ownWindow = stream.window !== undefined || stream.causal !== undefined;
  const {
    maxFrames,
    budgetMs,
    cameraHeight,
    layout,
    intrinsics,
    transport,
    startTimeoutMs,
    stallTimeoutMs,
    staleAfterMs,
    allowHosts,
    insecureTls,
  } = {
    ...options,
    ...defined(stream),
  };
  const { size: wished, once } = { ...options, ...defined(stream) };
  const camera = { transport, startTimeoutMs, stallTimeoutMs, staleAfterMs, allowHosts, insecureTls };
  const window = ownWindow ? contextOf(name, stream, found) : contextOffsets(found, options);
  const size = (footage: Size): Size => networkSize(found, wished, footage);
  if (wished) size(UNSEEN);
  const lens = intrinsics === undefined ? undefined : await openIntrinsics(intrinsics);
  return {
    name,
    key: JSON.stringify([
      ...[stream.source, layout, wished, window, maxFrames, once, budgetMs, cameraHeight, camera],
      // A calibration file may have changed although its name has not.
      [intrinsics, intrinsics && (await readFile(intrinsics, 'utf8').catch(() => undefined))],
    ]),
    open: () => openSource(stream.source, { layout, camera }),
    size,
    resize: found.model.card.input.resize,
    intrinsics: lens,
    contextOffsets: window,
    loop: !once,
    maxFrames,
    staleAfterMs,
    budgetMs,
    cameraHeight,
  };
}

function contextOf(name: string, stream: StreamConfig, { model }: FoundModels): readonly number[] {
  const own = contextOffsetsOf(model.card);
  const wished = windowOf({ window: stream.window, causal: stream.causal === true }) ?? [0, ...own];
  const context = wished.filter((offset) => offset !== 0);
  if (own.length === 0) return own;
  if (context.length === own.length && new Set(context).size === context.length) return context;
  throw new DepthcastError('option-invalid', `The window of the stream ${name} does not suit ${model.card.id}.`, {
    advice: `Give ${own.length} different offsets besides 0, for example ${[...own, 0].sort((a, b) => a - b).join(',')}.`,
    facts: { stream: name, window: wished },
  });
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
