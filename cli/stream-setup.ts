import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type CameraIntrinsics, DepthcastError, type DepthKind, type Size } from '../frames/index.ts';
import { contextOffsetsOf, depthKind, type ModelCard } from '../models/card.ts';
import { type FoundModel, findModel, type InferenceClient, openModel } from '../models/index.ts';
import { inputSize, sizeFault } from '../models/input-size.ts';
import { redact } from '../pipeline/ffmpeg/redact.ts';
import type { RunIdentity } from '../pipeline/sinks/folder/meta-file.ts';
import type { Footage } from '../pipeline/sources/frame-source.ts';
import { type StreamOptions, windowOf } from './options.ts';
import type { Report } from './report.ts';

/** The models of a run, open. */
export interface OpenModels {
  readonly model: InferenceClient;
  readonly fallback: InferenceClient | 'none';
  close(): Promise<void>;
}

/** Models that were found but not opened yet: enough to know what they would do. */
export interface FoundModels {
  readonly model: FoundModel;
  readonly fallback: FoundModel | undefined;
}

/** What goes in and comes out by a card, in a line a person can check. */
export function cardInWords({ input, output }: ModelCard): string {
  const size = input.size.rule === 'fixed' ? `${input.size.width}x${input.size.height}` : 'any size';
  const range = input.layout === 'nchw-float32' ? `, ${input.colours} ${input.range.join('..')}` : '';
  return `${input.tensor} (${input.layout}, ${size}${range}) to ${output.tensor} (${output.kind})`;
}

/** Says what was guessed of models that came without a card. */
export function tellGuesses(
  { model, fallback }: FoundModels,
  options: StreamOptions,
  report: Pick<Report, 'info'>,
): void {
  for (const [named, found] of [
    [options.model, model],
    [options.fallback, fallback],
  ] as const) {
    if (!found || !/\.onnx$/i.test(named)) continue;
    report.info(`${basename(named)} has no card; guessed: ${cardInWords(found.card)}`);
    report.info('if that is wrong: depthcast models import FILE --as NAME, and edit its card');
  }
}

/** Looks the models up. Throws `model-not-found`, `model-invalid`, and `option-invalid` for a fallback that needs windows. */
export async function findModels(options: StreamOptions): Promise<FoundModels> {
  const model = await findModel(options.model);
  const fallback = options.fallback === 'none' ? undefined : await findModel(options.fallback);
  if (fallback && contextOffsetsOf(fallback.card).length > 0) {
    throw new DepthcastError('option-invalid', `${fallback.card.id} looks at several frames, so it cannot fall back.`, {
      advice: 'Choose a single-frame model for --fallback, or none.',
      facts: { fallback: fallback.card.id },
    });
  }
  return { model, fallback };
}

/** Opens the models, both at once, each in a worker of its own. What was opened is closed where the other fails. */
export async function openModels(
  found: FoundModels,
  options: StreamOptions,
  source: Size,
  report?: Report,
): Promise<OpenModels> {
  const { threads, device } = options;
  const onWarning = (text: string): void => report?.warn(text);
  const opening = [
    openModel(found.model, { threads, device, onWarning, contextOffsets: contextOffsets(found, options), source }),
    found.fallback ? openModel(found.fallback, { threads, device, onWarning, source }) : undefined,
  ] as const;
  const opened = await Promise.allSettled(opening);
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((each) => (each.status === 'fulfilled' ? each.value?.close() : undefined)));
  };
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  const [model, fallback] = await Promise.all(opening);
  if (device === 'auto') report?.info(`${model.id} runs on ${model.device}`);
  return { model, fallback: fallback ?? 'none', close };
}

/** Offsets of the context frames that the model will look at; `openModels` checks them. */
export function contextOffsets({ model }: FoundModels, options: StreamOptions): readonly number[] {
  const own = contextOffsetsOf(model.card);
  return own.length === 0 ? own : (windowOf(options)?.filter((offset) => offset !== 0) ?? own);
}

/**
 * Size at which the networks look at footage. Throws `option-invalid` where --size is none the model can take, or the
 * size is none for a fallback that will be asked.
 */
export function networkSize({ model, fallback }: FoundModels, wished: Size | undefined, source: Size): Size {
  const size = wished ?? inputSize(model.card.input.size, source);
  // A single-frame model needs its fallback only where it fails, so the size need not suit both.
  const asked = fallback && contextOffsetsOf(model.card).length > 0 ? [model, fallback] : [model];
  for (const { card } of asked) {
    const fault = sizeFault(card.input.size, size);
    if (fault === undefined) continue;
    throw new DepthcastError('option-invalid', `${size.width}x${size.height} does not do: ${card.id} ${fault}.`, {
      advice: 'Choose a size with --size that suits model and fallback, or another --fallback.',
      facts: { ...size, model: card.id },
    });
  }
  return size;
}

/** Kind of the depth that comes out: relative depth becomes metric where the camera's height is known. */
function kindWith({ cameraHeight }: StreamOptions, kind: DepthKind): DepthKind {
  return kind === 'relative' && cameraHeight !== undefined ? 'metric' : kind;
}

/** What meta.json says of a run. `intrinsics` hold at the source's size. */
export function identityOf(
  source: string,
  { info }: Footage,
  found: FoundModels,
  options: StreamOptions,
  intrinsics: CameraIntrinsics | undefined,
): RunIdentity {
  const { card } = found.model;
  const kind = kindWith(options, depthKind(card));
  return {
    source: redact(basename(source)),
    model: card.id,
    cardHash: createHash('sha256').update(JSON.stringify(card)).digest('hex'),
    fallback: found.fallback?.card.id ?? null,
    window: [...contextOffsets(found, options), 0].sort((a, b) => a - b),
    kind,
    unit: kind === 'metric' ? 'metres' : 'arbitrary',
    size: info.size,
    networkSize: networkSize(found, options.size, info.size),
    intrinsics: intrinsics ?? null,
    cameraHeight: options.cameraHeight,
  };
}
