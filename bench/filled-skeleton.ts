import { readFile } from 'node:fs/promises';
import { DepthcastError } from '../frames/index.ts';
import { packageFile } from './package-file.ts';

/** What is known of a graph without weights: parameters taken out, and multiply-accumulates at a picture's size. */
export interface Skeleton {
  readonly parameters: number;
  readonly size: string;
  readonly macs: number;
}

/** Every graph in bench/skeletons by its name, ID.PART. models/training/skeleton.py writes them. */
export async function skeletons(): Promise<Readonly<Record<string, Skeleton>>> {
  return JSON.parse(await readFile(packageFile('bench/skeletons/index.json'), 'utf8')) as Record<string, Skeleton>;
}

/**
 * The ONNX file of a network's exact shape with seeded random weights, distributed as the real ones were (normal, same
 * mean and deviation, within the same bounds), for timing where the weights are not to be had.
 */
export async function filledSkeleton(name: string): Promise<Uint8Array> {
  return fill(await readFile(packageFile(`bench/skeletons/${name}.onnx`)));
}

/** Field numbers of onnx.proto. */
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR_DIMS = 1;
const TENSOR_RAW_DATA = 9;
const TENSOR_DOC = 12;

/**
 * Puts numbers into every tensor of an ONNX file whose doc string describes them by five numbers: mean, deviation,
 * least, largest, seed. models/training/seeded_weights.py makes the same bits. Throws `model-invalid`.
 */
export function fill(file: Uint8Array): Uint8Array {
  return rewritten(file, MODEL_GRAPH, (graph) =>
    rewritten(graph, GRAPH_INITIALIZER, (tensor) => {
      const numbers = describedNumbers(tensor);
      if (!numbers) return tensor;
      return joined([tensor, header(TENSOR_RAW_DATA, numbers.byteLength), new Uint8Array(numbers.buffer)]);
    }),
  );
}

function describedNumbers(tensor: Uint8Array): Float32Array<ArrayBuffer> | undefined {
  let count = 1;
  let words: number[] | undefined;
  for (const { id, from, to, value } of fields(tensor)) {
    if (id === TENSOR_DIMS && from === to) count *= value;
    // Packed: one block of several.
    else if (id === TENSOR_DIMS) for (const dim of varints(tensor, from, to)) count *= dim;
    if (id === TENSOR_DOC) words = new TextDecoder().decode(tensor.subarray(from, to)).split(' ').map(Number);
    if (id === TENSOR_RAW_DATA) return undefined;
  }
  if (words?.length !== 5 || words.some(Number.isNaN)) return undefined;
  return seededNumbers(count, words as [number, number, number, number, number]);
}

/**
 * Seeded numbers that are nearly normal: mulberry32, four uniform ones summed (deviation 1 / √3), in double precision.
 * The generator counts, so Python makes them all at once.
 */
export function seededNumbers(
  count: number,
  [mean, deviation, least, largest, seed]: readonly [number, number, number, number, number],
): Float32Array<ArrayBuffer> {
  const root3 = Math.sqrt(3);
  const numbers = new Float32Array(count);
  let state = seed >>> 0;
  for (let at = 0; at < count; at++) {
    let sum = 0;
    for (let turn = 0; turn < 4; turn++) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      sum += ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    }
    numbers[at] = Math.min(largest, Math.max(least, mean + deviation * ((sum - 2) * root3)));
  }
  return numbers;
}

interface Field {
  readonly id: number;
  /** Of the whole field, tag included. */
  readonly start: number;
  /** The content of a block, or the end of a number twice. */
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** The fields of a protobuf message of numbers and blocks; throws `model-invalid` where it is none. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const [tag, afterTag] = varint(bytes, at);
    const wire = tag % 8;
    const id = Math.floor(tag / 8);
    if (wire === 0) {
      const [value, to] = varint(bytes, afterTag);
      at = to;
      yield { id, start, from: to, to, value };
    } else if (wire === 2) {
      const [length, from] = varint(bytes, afterTag);
      at = from + length;
      if (at > bytes.length) throw broken();
      yield { id, start, from, to: at, value: length };
    } else {
      const to = afterTag + (wire === 5 ? 4 : 8);
      if ((wire !== 5 && wire !== 1) || to > bytes.length) throw broken();
      at = to;
      yield { id, start, from: to, to, value: 0 };
    }
  }
}

function varint(bytes: Uint8Array, from: number): [value: number, to: number] {
  let value = 0;
  for (let at = from, factor = 1; at < bytes.length && at < from + 10; at++, factor *= 128) {
    value += (bytes[at]! & 127) * factor;
    if (bytes[at]! < 128) return [value, at + 1];
  }
  throw broken();
}

function* varints(bytes: Uint8Array, from: number, to: number): Generator<number> {
  for (let at = from; at < to; ) {
    const [value, next] = varint(bytes, at);
    yield value;
    at = next;
  }
}

/** The message with each block of field `id` exchanged. */
function rewritten(bytes: Uint8Array, id: number, exchange: (block: Uint8Array) => Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const field of fields(bytes)) {
    const old = bytes.subarray(field.from, field.to);
    const block = field.id === id ? exchange(old) : old;
    if (block === old) pieces.push(bytes.subarray(field.start, field.to));
    else pieces.push(header(id, block.length), block);
  }
  return joined(pieces);
}

function header(id: number, length: number): Uint8Array {
  const bytes: number[] = [];
  for (let value of [id * 8 + 2, length]) {
    while (value > 127) {
      bytes.push((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    bytes.push(value);
  }
  return Uint8Array.from(bytes);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function broken(): DepthcastError {
  return new DepthcastError('model-invalid', 'A graph of bench/skeletons is not an ONNX file.', {
    advice: 'Install depthcast again.',
  });
}
