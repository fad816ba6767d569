import { readFile } from 'node:fs/promises';
import { readOnnxFile } from '../models/onnx-file.ts';
import { byteTensor, floatTensor, OnnxSession, type Tensor } from '../models/onnx-session.ts';
import { filledSkeleton } from './filled-skeleton.ts';
import type { TrialAnswer, TrialOrder } from './models.ts';
import { packageFile } from './package-file.ts';
import { besideTransformers } from './transformers-trial.ts';

/** Entry of the process in which one network is timed; it answers once and ends. */
process.once('message', (order: TrialOrder) => {
  const tried = order.kind === 'alone' ? alone(order) : besideTransformers(order);
  tried
    .catch(
      (error: unknown): TrialAnswer => ({
        ok: false,
        why: error instanceof Error ? error.message.slice(0, 300) : String(error),
      }),
    )
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});
process.once('disconnect', () => process.exit(1));

interface Loaded {
  readonly session: OnnxSession;
  readonly wants: readonly { readonly name: string; readonly type: string }[];
}

async function alone({ graphs, size, threads, rounds }: TrialOrder): Promise<TrialAnswer> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const loaded: Record<string, Loaded> = {};
  for (const [part, name] of Object.entries(graphs)) {
    const bytes = name.endsWith('.onnx')
      ? await readFile(packageFile(`models/weights/${name}`))
      : await filledSkeleton(name);
    loaded[part] = { session: await OnnxSession.create(bytes, { threads }), wants: readOnnxFile(bytes).inputs };
  }
  globalThis.gc?.();
  const frame = loaded['frame'];
  const last = loaded['window'] ?? loaded['graph']!;
  const neighbour = frame ? await run(frame, size, {}) : {};
  const times: number[] = [];
  // The first round warms the memory up.
  for (let round = -1; round < rounds; round++) {
    const start = performance.now();
    const target = frame ? await run(frame, size, {}) : {};
    await run(last, size, { target, context0: neighbour, context1: neighbour });
    if (round >= 0) times.push(performance.now() - start);
  }
  globalThis.gc?.();
  return { ok: true, times, megabytes: Math.max(0, process.memoryUsage.rss() - before) / 1e6 };
}

/** One run on a made-up picture; what is called `ROLE.NAME` is the feature NAME of that role. */
function run(
  { session, wants }: Loaded,
  [width, height]: TrialOrder['size'],
  roles: Readonly<Record<string, Readonly<Record<string, Tensor>>>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const feeds = wants.map(({ name, type }): [string, Tensor] => {
    const [role, feature] = name.split('.') as [string, string | undefined];
    if (feature !== undefined && roles[role]) return [name, roles[role][feature]!];
    if (name === 'camera')
      return [name, floatTensor(Float32Array.of(0.58 * width, 1.92 * height, width / 2, height / 2), [4])];
    const pixels = madePixels(width, height);
    if (type === 'uint8') return [name, byteTensor(pixels, [height, width, 3])];
    return [
      name,
      floatTensor(
        Float32Array.from(pixels, (value) => value / 255),
        [1, 3, height, width],
      ),
    ];
  });
  return session.run(Object.fromEntries(feeds));
}

/** RGB with edges and ramps. */
export function madePixels(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < pixels.length; at++) {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
    const block = Math.floor(x / 12) * 73 + Math.floor(y / 8) * 151 + (at % 3) * 199;
    pixels[at] = (((block * block * 31 + block * 17) % 251) * 3 + (y * 255) / height) / 4;
  }
  return pixels;
}
