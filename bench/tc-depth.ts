import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { byteTensor, floatTensor, OnnxSession, type Tensor } from '../models/onnx-session.ts';
import { filledSkeleton, skeletons } from './filled-skeleton.ts';
import { packageFile } from './package-file.ts';

/** How the two networks are timed. */
export interface TcDepthOptions {
  /** Threads inside one operator; default 1. */
  readonly threads?: number | undefined;
  /** Times that each form runs, in turns; default 3. */
  readonly rounds?: number | undefined;
}

/** Milliseconds of several runs. */
export interface Spent {
  readonly median: number;
  readonly least: number;
}

/** One network in two forms: a new frame in streaming form, and the whole window of three anew. */
export interface StreamingFigures {
  readonly id: string;
  /** `trained`, or `random` ones of the exact shape. */
  readonly weights: 'trained' | 'random';
  readonly parameters: number;
  /** Multiply-accumulates of convolutions and matrix products. */
  readonly macs: { readonly newFrame: number; readonly whole: number; readonly ratio: number };
  /** `ratio` of the medians, `leastRatio` of the least. */
  readonly ms: {
    readonly frame: Spent;
    readonly window: Spent;
    readonly newFrame: Spent;
    readonly whole: Spent;
    readonly ratio: number;
    readonly leastRatio: number;
  };
  /** Bytes of features kept a frame, float32. */
  readonly bytesPerFrame: number;
}

/** What {@link tcDepth} found. */
export interface TcDepthResult {
  readonly suite: 'tc-depth';
  readonly size: { readonly width: number; readonly height: number };
  readonly threads: number;
  readonly rounds: number;
  readonly networks: readonly StreamingFigures[];
  /**
   * Largest relative difference of depth between the two forms of the published network, on the narrow network of the
   * parity test (at full width the random weights of the two forms are not the same network); `null` outside a checkout.
   */
  readonly largestRelativeDifference: number | null;
}

const size = { width: 640, height: 192 };
const camera = [0.58 * size.width, 1.92 * size.height, 0.5 * size.width, 0.5 * size.height];
/** How far each picture of the window is moved: the target, and its two context frames. */
const shifts = [0, 7, -6] as const;

/**
 * A new frame in streaming form beside the whole window computed anew, for TC-Depth Lite and the published TC-Depth at
 * 640×192, in turns in this process on the same threads, so that whatever else the machine does falls on both.
 */
export async function tcDepth({ threads = 1, rounds = 3 }: TcDepthOptions): Promise<TcDepthResult> {
  return {
    suite: 'tc-depth',
    size,
    threads,
    rounds,
    networks: [await lite(threads, rounds), await published(threads, rounds)],
    largestRelativeDifference: await narrowDifference(threads),
  };
}

async function lite(threads: number, rounds: number): Promise<StreamingFigures> {
  const about = JSON.parse(await readFile(packageFile('models/weights/graphs.json'), 'utf8')) as {
    graphs: Record<'frame' | 'window', { file: string; parameters: number; macs640x192: number }>;
  };
  const { frame, window } = about.graphs;
  const bytes = (file: string): Promise<Uint8Array> => readFile(packageFile(`models/weights/${file}`));
  const frames = await OnnxSession.create(await bytes(frame.file), { threads });
  const windows = await OnnxSession.create(await bytes(window.file), { threads });
  // It has no graph of a whole window: three frames and a window are what it would hold.
  const pictures = shifts.map(texture);
  const whole = async (): Promise<void> => {
    const kept = [];
    for (const picture of pictures) kept.push(await encode(frames, picture));
    await depthOf(windows, kept);
  };
  return figures(
    'tc-depth-lite',
    'trained',
    { frames, windows, whole, rounds: rounds * 10 },
    frame.parameters + window.parameters,
    {
      newFrame: frame.macs640x192 + window.macs640x192,
      whole: 3 * frame.macs640x192 + window.macs640x192,
    },
  );
}

async function published(threads: number, rounds: number): Promise<StreamingFigures> {
  const known = await skeletons();
  const about = (part: string) => known[`tc-depth.${part}`]!;
  const open = async (part: string): Promise<OnnxSession> =>
    OnnxSession.create(await filledSkeleton(`tc-depth.${part}`), { threads });
  const frames = await open('frame');
  const windows = await open('window');
  const all = await open('whole');
  const pictures = threePictures();
  const whole = async (): Promise<void> => {
    await wholeDepth(all, pictures);
  };
  return figures('tc-depth', 'random', { frames, windows, whole, rounds, release: all }, about('whole').parameters, {
    newFrame: about('frame').macs + about('window').macs,
    whole: about('whole').macs,
  });
}

interface Forms {
  readonly frames: OnnxSession;
  readonly windows: OnnxSession;
  readonly whole: () => Promise<void>;
  readonly rounds: number;
  readonly release?: OnnxSession;
}

async function figures(
  id: string,
  weights: StreamingFigures['weights'],
  { frames, windows, whole, rounds, release }: Forms,
  parameters: number,
  macs: { newFrame: number; whole: number },
): Promise<StreamingFigures> {
  const neighbours = [await encode(frames, texture(shifts[1])), await encode(frames, texture(shifts[2]))];
  // Made beforehand: a picture takes milliseconds to make, and a camera's comes for nothing.
  const pictures = Array.from({ length: rounds + 1 }, (_, round) => texture(round - 1));
  const times = { frame: [] as number[], window: [] as number[], newFrame: [] as number[], whole: [] as number[] };
  // The first round of each warms the memory up.
  for (const [round, picture] of pictures.entries()) {
    const start = performance.now();
    const target = await encode(frames, picture);
    const encoded = performance.now();
    await depthOf(windows, [target, ...neighbours]);
    const done = performance.now();
    await whole();
    const end = performance.now();
    if (round === 0) continue;
    times.frame.push(encoded - start);
    times.window.push(done - encoded);
    times.newFrame.push(done - start);
    times.whole.push(end - done);
  }
  const bytesPerFrame = Object.values(neighbours[0]!).reduce(
    (sum, { data }) => sum + (data as Float32Array).byteLength,
    0,
  );
  await Promise.all([frames.release(), windows.release(), release?.release()]);
  const [frame, window, newFrame, all] = [times.frame, times.window, times.newFrame, times.whole].map(spent) as [
    Spent,
    Spent,
    Spent,
    Spent,
  ];
  return {
    id,
    weights,
    parameters,
    macs: { ...macs, ratio: macs.whole / macs.newFrame },
    ms: {
      frame,
      window,
      newFrame,
      whole: all,
      ratio: all.median / newFrame.median,
      leastRatio: all.least / newFrame.least,
    },
    bytesPerFrame,
  };
}

async function narrowDifference(threads: number): Promise<number | null> {
  const graph = (part: string): string => packageFile(`test/golden/tc-depth/narrow.${part}.onnx`);
  if (!existsSync(graph('whole'))) return null;
  const open = async (part: string): Promise<OnnxSession> =>
    OnnxSession.create(await readFile(graph(part)), { threads });
  const [frames, windows, all] = [await open('frame'), await open('window'), await open('whole')];
  const kept = [];
  for (const shift of shifts) kept.push(await encode(frames, texture(shift)));
  const streamed = await depthOf(windows, kept);
  const expected = await wholeDepth(all, threePictures());
  await Promise.all([frames.release(), windows.release(), all.release()]);
  let worst = 0;
  for (let at = 0; at < streamed.length; at++) {
    const off = Math.abs(streamed[at]! - expected[at]!) / expected[at]!;
    if (!(off <= worst)) worst = off;
  }
  return worst;
}

function encode(frames: OnnxSession, picture: Uint8Array): Promise<Readonly<Record<string, Tensor>>> {
  return frames.run({
    frame: byteTensor(picture, [size.height, size.width, 3]),
    camera: floatTensor(Float32Array.from(camera), [4]),
  });
}

/** Depth of the first of three frames' features. */
async function depthOf(
  windows: OnnxSession,
  [target, context0, context1]: readonly Readonly<Record<string, Tensor>>[],
): Promise<Float32Array> {
  const roles: Record<string, Readonly<Record<string, Tensor>> | undefined> = { target, context0, context1 };
  const feeds: Record<string, Tensor> = {};
  for (const name of windows.inputNames) {
    const [role, feature] = name.split('.') as [string, string];
    feeds[name] = feature === undefined ? floatTensor(Float32Array.from(camera), [4]) : roles[role]![feature]!;
  }
  return (await windows.run(feeds))['depth']!.data as Float32Array;
}

/** The pictures of a window, one behind the other. */
function threePictures(): Uint8Array {
  const frames = new Uint8Array(3 * size.width * size.height * 3);
  for (const [at, shift] of shifts.entries()) frames.set(texture(shift), at * size.width * size.height * 3);
  return frames;
}

/** Depth of the first of three frames by the graph of the whole window. */
async function wholeDepth(all: OnnxSession, frames: Uint8Array): Promise<Float32Array> {
  const { width, height } = size;
  const answer = await all.run({
    frames: byteTensor(frames, [3, height, width, 3]),
    camera: floatTensor(Float32Array.from(camera), [4]),
  });
  return (answer['depth']!.data as Float32Array).subarray(0, width * height);
}

/** Blocks of hashed colours over a ramp, moved by `shift` pixels. */
function texture(shift: number): Uint8Array {
  const { width, height } = size;
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = shift; x < width + shift; x++) {
      for (let c = 0; c < 3; c++, at++) {
        const block = Math.floor(x / 12) * 73 + Math.floor(y / 8) * 151 + c * 199;
        pixels[at] = (((block * block * 31 + block * 17) % 251) * 3 + (y * 255) / height) / 4;
      }
    }
  }
  return pixels;
}

function spent(times: readonly number[]): Spent {
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, least: sorted[0]! };
}
