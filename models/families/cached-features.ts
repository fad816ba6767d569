import type { ModelCard } from '../card.ts';
import { contextOffsetsOf } from '../card.ts';
import { FeatureCache, type Features } from '../feature-cache.ts';
import {
  expectAnswer,
  expectCamera,
  expectPicture,
  expectShape,
  expectValue,
  shapeError,
  valueNamed,
} from '../graph-check.ts';
import type { OnnxFile } from '../onnx-file.ts';
import { floatTensor, type Tensor } from '../onnx-session.ts';
import type { Picture } from '../picture.ts';
import { PictureInput } from '../picture-input.ts';
import type { Family, FamilyRunner, LoadedPart } from './family.ts';

/** Frames kept besides a window's span: those of the windows that are posted ahead, and one for a frame let go. */
const spare = 3;

/** Where an input of a head graph comes from: `target.f0`, `context1.f4`. */
const featureName = /^(target|context(\d{1,2}))\.(.+)$/;

/**
 * Networks cut in two: a frame graph run once a frame, and a head over the features of one frame (`single`) or of a
 * window (`window`), after the split of TC-Depth (Ruhkamp et al., 3DV 2021).
 *
 * A head's inputs name what they want: `target.NAME` and `contextK.NAME` are the frame graph's output NAME for the
 * target and for context frame K, and the camera's name is the target's camera.
 */
export const cachedFeatures: Family = {
  check(card, graphs) {
    const head = headOf(card);
    const frame = graphs['frame']!;
    const picture = expectPicture(card, 'frame', frame);
    expectCamera(card, 'frame', frame);
    for (const input of frame.inputs) {
      if (input !== picture && input.name !== cameraName(card)) throw unknownInput(card, 'frame', input.name);
    }
    checkHead(card, head, graphs[head]!, frame);
    expectAnswer(card, head, graphs[head]!);
  },

  open(card, parts, contextOffsets) {
    return new CachedFeaturesRunner(card, parts['frame']!, parts[headOf(card)]!, contextOffsets);
  },
};

class CachedFeaturesRunner implements FamilyRunner {
  encoded = 0;
  readonly #camera: string | undefined;
  readonly #frame: LoadedPart;
  readonly #head: LoadedPart;
  readonly #input: PictureInput;
  readonly #picture: string;
  readonly #answer: string;
  readonly #cache: FeatureCache;

  constructor(card: ModelCard, frame: LoadedPart, head: LoadedPart, contextOffsets: readonly number[]) {
    this.#camera = cameraName(card);
    this.#frame = frame;
    this.#head = head;
    this.#picture = card.input.tensor;
    this.#answer = card.output.tensor;
    this.#input = new PictureInput(
      card.input,
      valueNamed(card, 'frame', frame.graph, 'inputs', this.#picture).shape?.length ?? 4,
    );
    const span = Math.max(0, ...contextOffsets) - Math.min(0, ...contextOffsets) + 1;
    this.#cache = new FeatureCache(span + spare);
  }

  async answer(pictures: readonly Picture[]): Promise<Tensor> {
    // The cache holds more frames than a window has, so that none of these makes another of them go.
    const features = new Map<Picture, Features>();
    for (const picture of pictures) features.set(picture, await this.#cache.get(picture, (it) => this.#encode(it)));

    const feeds: Record<string, Tensor> = {};
    for (const { name } of this.#head.graph.inputs) {
      const [, who, context, what] = featureName.exec(name) ?? [];
      if (who === undefined) feeds[name] = cameraTensor(pictures[0]!);
      else feeds[name] = features.get(pictures[context === undefined ? 0 : Number(context) + 1]!)![what!]!;
    }
    const answers = await this.#head.session.run(feeds);
    return answers[this.#answer]!;
  }

  reset(): void {
    this.#cache.clear();
    this.encoded = 0;
  }

  #encode(picture: Picture): Promise<Features> {
    this.encoded++;
    const feeds: Record<string, Tensor> = { [this.#picture]: this.#input.tensor(picture) };
    for (const { name } of this.#frame.graph.inputs) {
      if (name === this.#camera) feeds[name] = cameraTensor(picture);
    }
    return this.#frame.session.run(feeds);
  }
}

function checkHead(card: ModelCard, part: string, head: OnnxFile, frame: OnnxFile): void {
  const contexts = contextOffsetsOf(card).length;
  const seen = new Set<number>();
  for (const input of head.inputs) {
    if (input.name === cameraName(card)) continue;
    const [, who, context, what] = featureName.exec(input.name) ?? [];
    if (who === undefined) throw unknownInput(card, part, input.name);
    if (context !== undefined) seen.add(Number(context));
    const feature = frame.outputs.find((output) => output.name === what);
    if (!feature) throw shapeError(card, part, `wants "${input.name}", which the frame graph does not answer`);
    expectValue(card, part, input, feature.type, [feature.shape?.length ?? input.shape?.length ?? 0]);
    expectShape(card, part, input, feature.shape?.map((side) => (typeof side === 'number' ? side : undefined)) ?? []);
  }
  expectCamera(card, part, head);
  if (seen.size !== contexts || [...seen].some((context) => context >= contexts)) {
    throw shapeError(card, part, `looks at ${seen.size} context frames, its card says ${contexts}`);
  }
}

function headOf(card: ModelCard): 'window' | 'single' {
  return card.family === 'windowed-features' ? 'window' : 'single';
}

function cameraName(card: ModelCard): string | undefined {
  return card.camera.rule === 'input' ? card.camera.tensor : undefined;
}

function cameraTensor(picture: Picture): Tensor {
  return floatTensor(Float32Array.from(picture.camera!), [4]);
}

function unknownInput(card: ModelCard, part: string, name: string): Error {
  return shapeError(card, part, `has the input "${name}", which nothing in its card feeds`);
}
