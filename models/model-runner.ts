import type { Size } from '../frames/index.ts';
import { DepthcastError } from '../frames/index.ts';
import { cardParts, type ModelCard } from './card.ts';
import { cutMargin, decodeDepth, resizeBilinear } from './depth-output.ts';
import type { FamilyRunner, LoadedPart } from './families/family.ts';
import { families } from './families/registry.ts';
import { shapeError } from './graph-check.ts';
import type { InferenceStatistics, LoadOrder } from './inference-messages.ts';
import { paddedSize } from './input-size.ts';
import { type ModelFile, readModelFile } from './model-file.ts';
import { OnnxSession, type Tensor } from './onnx-session.ts';
import { cameraOf, canonicalFocal, type Picture } from './picture.ts';

/**
 * A model loaded, tried once and ready to answer; lives in the inference worker, and for a first trial of an unknown
 * model in a process of its own.
 */
export class ModelRunner {
  readonly #card: ModelCard;
  readonly #runner: FamilyRunner;
  readonly #sessions: readonly OnnxSession[];
  #runs = 0;
  #busyMs = 0;

  private constructor(card: ModelCard, runner: FamilyRunner, sessions: readonly OnnxSession[]) {
    this.#card = card;
    this.#runner = runner;
    this.#sessions = sessions;
  }

  /**
   * Loads and checks a model, then runs it once on a made-up picture of the size to come.
   *
   * Rejects with a DepthcastError: `model-not-found`, `model-hash`, `model-invalid`, `model-shape`.
   */
  static async load(order: LoadOrder): Promise<ModelRunner> {
    const { card } = order;
    const family = families[card.family];
    const files: Record<string, ModelFile> = {};
    for (const [name, part] of cardParts(card)) files[name] = await readModelFile(order.files[name]!, part);
    family.check(card, Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.graph])));

    const parts: Record<string, LoadedPart> = {};
    for (const [name, file] of Object.entries(files)) {
      parts[name] = { session: await openSession(card, name, file, order), graph: file.graph };
    }
    const runner = new ModelRunner(
      card,
      family.open(card, parts, order.contextOffsets),
      Object.values(parts).map((part) => part.session),
    );
    await runner.#tryOut(order);
    return runner;
  }

  /**
   * Loads a model on its device and on the CPU, and lets both answer a made-up picture.
   *
   * Rejects with `model-invalid` where the answers differ by more than 1 % of their range, and as {@link load} does.
   */
  static async compare(order: LoadOrder): Promise<void> {
    const answers: Float32Array[] = [];
    // The device first: where it is not there, nothing is computed.
    for (const device of [order.device, 'cpu'] as const) {
      const runner = await ModelRunner.load({ ...order, device });
      answers.push(
        await runner.estimate([0, ...order.contextOffsets].map((_, at) => madeUpPicture(order.trial, at, order.card))),
      );
      await runner.close();
    }
    const [found, expected] = answers as [Float32Array, Float32Array];
    let [least, most, worst] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const [at, value] of expected.entries()) {
      if (Number.isNaN(value)) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
      const off = Math.abs(value - found[at]!);
      if (!(off <= worst)) worst = off;
    }
    if (worst <= 0.01 * Math.max(most - least, 0.01 * Math.abs(most))) return;
    throw new DepthcastError('model-invalid', `The model ${order.card.id} answers otherwise there than on the CPU.`, {
      advice: 'Use the CPU, or another driver.',
      facts: { reason: `its answers differ from those of the CPU by up to ${worst.toPrecision(2)}`, least, most },
    });
  }

  get statistics(): InferenceStatistics {
    return { runs: this.#runs, encoded: this.#runner.encoded, busyMs: this.#busyMs };
  }

  /**
   * Depth of the first picture at its size; fresh memory of its own. Rejects with `model-invalid` where not one value is
   * a number. Calls must not overlap.
   */
  async estimate(pictures: readonly Picture[]): Promise<Float32Array<ArrayBuffer>> {
    const start = performance.now();
    const target = pictures[0]!;
    const depth = this.#values(await this.#runner.answer(pictures), target);
    const { camera } = this.#card;
    const factor =
      camera.rule === 'output' && target.camera ? target.camera[0] / canonicalFocal(camera, target.width) : 1;
    decodeDepth(depth, this.#card.output, factor);
    // Looks at one value of a sound map: the first that is a number ends the search.
    if (depth.every(Number.isNaN)) {
      throw new DepthcastError('model-invalid', `The model ${this.#card.id} answers no number at all.`, {
        advice: 'Check its input rule (range, mean, std) and its export.',
      });
    }
    this.#runs++;
    this.#busyMs += performance.now() - start;
    return depth;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.release();
  }

  /** The answer's values as [height, width] of the target, in memory that can be transferred. */
  #values(answer: Tensor, target: Size): Float32Array<ArrayBuffer> {
    const shape = answer.dims;
    const [height, width] = shape.slice(-2);
    const asked = paddedSize(this.#card.input.size, target);
    if (answer.type !== 'float32' || !width || !height || shape.slice(0, -2).some((side) => side !== 1)) {
      throw this.#wrongAnswer(answer, target);
    }
    if (width > asked.width || height > asked.height) throw this.#wrongAnswer(answer, target);
    const values = answer.data as Float32Array<ArrayBuffer>;
    const whole =
      width === asked.width && height === asked.height ? values : resizeBilinear(values, { width, height }, asked);
    if (asked.width !== target.width || asked.height !== target.height) return cutMargin(whole, asked, target);
    return whole.byteLength === whole.buffer.byteLength ? whole : new Float32Array(whole);
  }

  #wrongAnswer(answer: Tensor, { width, height }: Size): DepthcastError {
    const what = `answers ${answer.type}[${answer.dims.join(',')}] for a picture of ${width}x${height}`;
    return shapeError(this.#card, 'last', what, 'Its output must be one depth map no larger than the picture.');
  }

  async #tryOut({ trial, contextOffsets }: LoadOrder): Promise<void> {
    const pictures = [0, ...contextOffsets].map((_, at) => madeUpPicture(trial, at, this.#card));
    try {
      await this.estimate(pictures);
    } catch (cause) {
      if (cause instanceof DepthcastError) throw cause;
      const advice = 'Check the input size and the shapes in its card.';
      const { width, height } = trial;
      const message = `The model ${this.#card.id} cannot be run on ${width}x${height} pixels.`;
      throw new DepthcastError('model-shape', message, { advice, facts: { reason: reason(cause) }, cause });
    }
    this.#runner.reset();
    this.#runs = 0;
    this.#busyMs = 0;
  }
}

async function openSession(
  card: ModelCard,
  part: string,
  file: ModelFile,
  { threads, device }: LoadOrder,
): Promise<OnnxSession> {
  try {
    return await OnnxSession.create(file.bytes, { threads, device });
  } catch (cause) {
    throw new DepthcastError('model-invalid', `onnxruntime cannot load the ${part} graph of ${card.id}.`, {
      advice: 'Export it again, with operators that this onnxruntime knows.',
      facts: { path: file.path, reason: reason(cause) },
      cause,
    });
  }
}

/** A picture with some texture: a flat one may divide by zero in a sound network. */
function madeUpPicture({ width, height }: Size, key: number, card: ModelCard): Picture {
  const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3));
  for (let at = 0; at < pixels.length; at++) pixels[at] = 64 + ((at * 37 + (at >> 8) * 11 + key * 5) % 128);
  return {
    key: -1 - key,
    stream: '',
    starts: true,
    pixels,
    width,
    height,
    camera: cameraOf({ width, height }, undefined, card.camera),
  };
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
