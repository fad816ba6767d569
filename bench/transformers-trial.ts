import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeDepth, resizeBilinear } from '../models/depth-output.ts';
import { readOnnxFile } from '../models/onnx-file.ts';
import { OnnxSession } from '../models/onnx-session.ts';
import { PictureInput } from '../models/picture-input.ts';
import { shippedCard } from '../models/registry.ts';
import { filledSkeleton } from './filled-skeleton.ts';
import type { BesideFigures, FrameParts, TrialAnswer, TrialOrder } from './models.ts';

/** The little of @huggingface/transformers that is used here; it is no dependency. */
interface Transformers {
  readonly env: { version: string; allowRemoteModels: boolean; allowLocalModels: boolean; localModelPath: string };
  readonly RawImage: new (data: Uint8ClampedArray, width: number, height: number, channels: number) => unknown;
  pipeline(task: 'depth-estimation', model: string, options: object): Promise<DepthPipeline>;
}

/** A step of a pipeline: called, it calls its `_call`. */
interface Step {
  _call(...given: readonly unknown[]): Promise<unknown>;
}

interface DepthPipeline {
  (image: unknown): Promise<{ predicted_depth: { data: Float32Array } }>;
  readonly processor: Step;
  readonly model: Step;
}

/** The package beside this one, or beside the folder the command was called in. */
async function load(): Promise<Transformers> {
  const name = '@huggingface/transformers';
  try {
    return (await import(name)) as Transformers;
  } catch {
    const near = createRequire(join(process.cwd(), 'here.js'));
    try {
      return (await import(pathToFileURL(near.resolve(name)).href)) as Transformers;
    } catch {
      throw new Error('@huggingface/transformers is not installed: npm i --no-save @huggingface/transformers');
    }
  }
}

/**
 * One graph by this project and by transformers.js, a frame each in turns on the same threads, from RGB at the network's
 * size to a depth map of it.
 */
export async function besideTransformers({
  graphs,
  size,
  threads,
  rounds,
  describedAs,
}: TrialOrder): Promise<TrialAnswer> {
  const [width, height] = size;
  const name = graphs['graph']!;
  const id = name.replace(/\.graph$/, '');
  const card = (await shippedCard(id))!.card;
  const bytes = await filledSkeleton(name);
  // Ours first: both load a library of one name, and the newer has to be there for the older to find.
  const session = await OnnxSession.create(bytes, { threads });
  const theirs = await load();
  const folder = await mkdtemp(join(tmpdir(), 'depthcast-bench-'));
  try {
    const [type, processor] = describedAs!;
    await mkdir(join(folder, id, 'onnx'), { recursive: true });
    await writeFile(join(folder, id, 'config.json'), JSON.stringify({ model_type: type }));
    await writeFile(join(folder, id, 'preprocessor_config.json'), JSON.stringify(processor));
    await writeFile(join(folder, id, 'onnx', 'model.onnx'), bytes);
    Object.assign(theirs.env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: folder });
    const options = { device: 'cpu', dtype: 'fp32', session_options: { intraOpNumThreads: threads } };
    const estimate = await theirs.pipeline('depth-estimation', id, options);
    const prepareMs = stopwatch(estimate.processor);
    const networkMs = stopwatch(estimate.model);

    const [wanted] = readOnnxFile(bytes).inputs;
    const input = new PictureInput({ ...card.input, tensor: wanted!.name }, 4);
    const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3));
    const times = {
      ours: [] as number[],
      theirs: [] as number[],
      oursComputed: [] as number[],
      theirsComputed: [] as number[],
    };
    const parts: FrameParts[] = [];
    const theirParts: FrameParts[] = [];
    let difference = 0;
    const ours = async (round: number): Promise<Float32Array | undefined> => {
      const cpu = process.cpuUsage();
      const start = performance.now();
      const tensor = input.tensor({ key: round, stream: '', starts: false, pixels, width, height, camera: undefined });
      const prepared = performance.now();
      const answers = await session.run({ [wanted!.name]: tensor });
      const ran = performance.now();
      const answer = Object.values(answers)[0]!;
      const raw = answer.data as Float32Array;
      const kept = round < 0 ? Float32Array.from(raw) : undefined;
      const [h, w] = answer.dims.slice(-2) as [number, number];
      const depth = w === width && h === height ? raw : resizeBilinear(raw, { width: w, height: h }, { width, height });
      decodeDepth(depth, card.output);
      const done = performance.now();
      if (kept) return kept;
      times.ours.push(done - start);
      times.oursComputed.push(computed(cpu));
      parts.push({ prepare: prepared - start, network: ran - prepared, answer: done - ran });
      return undefined;
    };
    const others = async (round: number): Promise<Float32Array> => {
      const image = new theirs.RawImage(Uint8ClampedArray.from(pixels), width, height, 3);
      const cpu = process.cpuUsage();
      const start = performance.now();
      const found = await estimate(image);
      const total = performance.now() - start;
      if (round >= 0) {
        times.theirs.push(total);
        times.theirsComputed.push(computed(cpu));
        const [prepare, network] = [prepareMs(), networkMs()];
        theirParts.push({ prepare, network, answer: total - prepare - network });
      }
      return found.predicted_depth.data;
    };
    for (let round = -1; round < rounds; round++) {
      for (let at = 0; at < pixels.length; at++) pixels[at] = 40 + ((at * 31 + (at >> 9) * 17 + round * 7) % 150);
      // Who goes first changes, so that what that costs falls on both.
      const late = round % 2 === 0 ? undefined : await others(round);
      const kept = await ours(round);
      const found = late ?? (await others(round));
      if (kept) difference = largestDifference(kept, found);
    }
    const computedMs = { ours: Math.min(...times.oursComputed), theirs: Math.min(...times.theirsComputed) };
    const beside: Omit<BesideFigures, 'id'> = {
      ms: { ours: median(times.ours), theirs: median(times.theirs) },
      leastMs: { ours: Math.min(...times.ours), theirs: Math.min(...times.theirs) },
      computedMs,
      ratio: computedMs.theirs / computedMs.ours,
      parts: least(parts),
      theirParts: least(theirParts),
      difference,
      version: theirs.env.version,
    };
    return { ok: true, times: times.ours, megabytes: 0, beside };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Watches a step of a pipeline; the answer tells how many milliseconds its last call took. */
function stopwatch(step: Step): () => number {
  const call = step._call.bind(step);
  let ms = 0;
  step._call = async (...given) => {
    const start = performance.now();
    try {
      return await call(...given);
    } finally {
      ms = performance.now() - start;
    }
  };
  return () => ms;
}

/** The least of each part. */
function least(frames: readonly FrameParts[]): FrameParts {
  const of = (part: keyof FrameParts): number => Math.min(...frames.map((frame) => frame[part]));
  return { prepare: of('prepare'), network: of('network'), answer: of('answer') };
}

/** Milliseconds that this process has computed since. */
function computed(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

function largestDifference(ours: Float32Array, theirs: Float32Array): number {
  if (ours.length !== theirs.length) return Number.NaN;
  let [most, worst] = [0, 0];
  for (const [at, value] of ours.entries()) {
    most = Math.max(most, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - theirs[at]!));
  }
  return worst / most;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}
