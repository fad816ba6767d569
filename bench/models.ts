import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { skeletons } from './filled-skeleton.ts';
import { packageFile } from './package-file.ts';

/** How the architectures are timed. */
export interface ModelsOptions {
  /** Threads inside one operator; default 1. */
  readonly threads?: number | undefined;
  /** Runs of each; default 3. */
  readonly rounds?: number | undefined;
  /** Ids of the networks that are measured; default all. */
  readonly only?: readonly string[] | undefined;
  /** Hears what is being measured. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** One network, one frame after the other at its usual size. */
export interface ModelFigures {
  readonly id: string;
  /** `trained`, or `random` ones of the exact shape. */
  readonly weights: 'trained' | 'random';
  readonly size: string;
  readonly parameters: number;
  /** Multiply-accumulates a new frame. */
  readonly macs: number;
  /** Milliseconds a new frame; `null` where it was not measured, and `note` says why. */
  readonly ms: { readonly median: number; readonly least: number } | null;
  /** Resident memory that the process grew by, with the network loaded and run, in MB. */
  readonly megabytes: number | null;
  readonly note?: string | undefined;
}

/** Where the time of a frame goes: before the network, in it, behind it. Milliseconds. */
export interface FrameParts {
  readonly prepare: number;
  readonly network: number;
  readonly answer: number;
}

/** The same graph on the same frames by this project and by transformers.js, in turns in one process. */
export interface BesideFigures {
  readonly id: string;
  /** Milliseconds a frame, the median of all rounds … */
  readonly ms: { readonly ours: number; readonly theirs: number };
  /** … and the least. */
  readonly leastMs: { readonly ours: number; readonly theirs: number };
  /** Milliseconds of computing, all threads, the least of all rounds: what a busy machine changes least. */
  readonly computedMs: { readonly ours: number; readonly theirs: number };
  /** Theirs by ours, of `computedMs`. */
  readonly ratio: number;
  /** The least of each part here … */
  readonly parts: FrameParts;
  /** … and there. */
  readonly theirParts: FrameParts;
  /** Largest difference of the two answers beside the largest value. */
  readonly difference: number;
  readonly version: string;
}

/** What {@link models} found. */
export interface ModelsResult {
  readonly suite: 'models';
  readonly threads: number;
  readonly rounds: number;
  readonly models: readonly ModelFigures[];
  readonly beside: readonly BesideFigures[];
  /** Why nothing stands in `beside`. */
  readonly besideNote?: string | undefined;
}

/** What a trial's process is told. */
export interface TrialOrder {
  readonly kind: 'alone' | 'beside';
  readonly graphs: Readonly<Record<string, string>>;
  readonly size: readonly [width: number, height: number];
  readonly threads: number;
  readonly rounds: number;
  /** Of transformers.js: `model_type` and its picture processor. */
  readonly describedAs?: readonly [type: string, processor: Readonly<Record<string, unknown>>] | undefined;
}

/** What it says. */
export type TrialAnswer =
  | {
      readonly ok: true;
      readonly times: readonly number[];
      readonly megabytes: number;
      readonly beside?: Omit<BesideFigures, 'id'>;
    }
  | { readonly ok: false; readonly why: string };

/** Networks whose filled graph needs so much memory for a moment, in bytes a parameter, are left out where it lacks. */
const BYTES_A_PARAMETER = 26;

const BESIDE: readonly [id: string, describedAs: NonNullable<TrialOrder['describedAs']>][] = [
  [
    'glp-depth-kitti',
    [
      'glpn',
      {
        image_processor_type: 'GLPNFeatureExtractor',
        do_rescale: true,
        do_resize: true,
        size_divisor: 32,
        resample: 2,
      },
    ],
  ],
  [
    'depth-anything-v2-small',
    [
      'depth_anything',
      {
        ...{ image_processor_type: 'DPTImageProcessor', do_rescale: true, rescale_factor: 1 / 255, do_normalize: true },
        ...{ do_resize: true, resample: 3, size: { height: 154, width: 518 }, keep_aspect_ratio: true },
        ...{
          ensure_multiple_of: 14,
          do_pad: false,
          image_mean: [0.485, 0.456, 0.406],
          image_std: [0.229, 0.224, 0.225],
        },
      },
    ],
  ],
];

/**
 * Every architecture at its usual size, each in a process of its own; then the same graphs beside transformers.js, where
 * that is installed (`npm i --no-save @huggingface/transformers`), on the same frames in one process.
 */
export async function models({ threads = 1, rounds = 3, only, onProgress }: ModelsOptions = {}): Promise<ModelsResult> {
  const known = await skeletons();
  const wanted = (id: string): boolean => only?.includes(id) ?? true;
  const figures: ModelFigures[] = wanted('tc-depth-lite') ? [await lite(threads, rounds)] : [];
  for (const id of new Set(Object.keys(known).map((name) => name.replace(/\.\w+$/, '')))) {
    if (!wanted(id)) continue;
    onProgress?.(id);
    const parts = Object.keys(known).filter((name) => name.startsWith(`${id}.`) && name !== 'tc-depth.whole');
    figures.push(await figuresOf(id, parts, { threads, rounds }));
  }
  const beside: BesideFigures[] = [];
  let besideNote: string | undefined;
  for (const [id, describedAs] of BESIDE) {
    if (!wanted(id)) continue;
    onProgress?.(`${id} beside transformers.js`);
    const name = `${id}.graph`;
    const answer = await trial({
      kind: 'beside',
      graphs: { graph: name },
      size: sizeOf(known[name]!.size),
      threads,
      rounds,
      describedAs,
    });
    if (answer.ok && answer.beside) beside.push({ id, ...answer.beside });
    else if (!answer.ok) besideNote = answer.why;
  }
  return { suite: 'models', threads, rounds, models: figures, beside, besideNote };

  async function figuresOf(
    id: string,
    parts: readonly string[],
    how: { threads: number; rounds: number },
  ): Promise<ModelFigures> {
    const about = parts.map((part) => known[part]!);
    const parameters = about.reduce((sum, part) => sum + part.parameters, 0);
    const macs = about.reduce((sum, part) => sum + part.macs, 0);
    const size = about[0]!.size;
    const base = { id, weights: 'random', size, parameters, macs } as const;
    if (parameters * BYTES_A_PARAMETER > freemem()) {
      const gigabytes = ((parameters * BYTES_A_PARAMETER) / 1e9).toFixed(1);
      return { ...base, ms: null, megabytes: null, note: `not run: needs ${gigabytes} GB of free memory` };
    }
    const graphs = Object.fromEntries(parts.map((part) => [part.slice(id.length + 1), part]));
    return { ...base, ...told(await trial({ kind: 'alone', graphs, size: sizeOf(size), ...how })) };
  }
}

async function lite(threads: number, rounds: number): Promise<ModelFigures> {
  const about = JSON.parse(await readFile(packageFile('models/weights/graphs.json'), 'utf8')) as {
    graphs: Record<'frame' | 'window', { file: string; parameters: number; macs640x192: number }>;
  };
  const { frame, window } = about.graphs;
  const graphs = { frame: frame.file, window: window.file };
  return {
    id: 'tc-depth-lite',
    weights: 'trained',
    size: '640x192',
    parameters: frame.parameters + window.parameters,
    macs: frame.macs640x192 + window.macs640x192,
    ...told(await trial({ kind: 'alone', graphs, size: [640, 192], threads, rounds })),
  };
}

function told(answer: TrialAnswer): Pick<ModelFigures, 'ms' | 'megabytes' | 'note'> {
  if (!answer.ok) return { ms: null, megabytes: null, note: answer.why };
  const sorted = answer.times.toSorted((a, b) => a - b);
  return { ms: { median: sorted[sorted.length >> 1]!, least: sorted[0]! }, megabytes: answer.megabytes };
}

function sizeOf(text: string): [number, number] {
  const [width, height] = text.split('x').map(Number);
  return [width!, height!];
}

/** Runs one trial in a process of its own, so that its memory is its own. */
function trial(order: TrialOrder): Promise<TrialAnswer> {
  const built = import.meta.url.endsWith('.js');
  const entry = new URL(built ? './model-trial.js' : '../dist/bench/model-trial.js', import.meta.url);
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(entry), {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('message', (answer) => resolve(answer as TrialAnswer));
    child.on('error', (error) => resolve({ ok: false, why: error.message }));
    // After an answer this changes nothing.
    child.on('exit', (code, signal) => resolve({ ok: false, why: `its process ended (${signal ?? code})` }));
    child.send(order);
  });
}
