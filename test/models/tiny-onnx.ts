/**
 * Writes small ONNX files by hand (protobuf, onnx.proto), so that tests can break models in every way without a
 * binary in the repository or Python on the machine.
 */
type Bytes = Uint8Array;

export interface TinyValue {
  readonly name: string;
  /** 1 float32, 2 uint8, 7 int64, 9 bool. */
  readonly type: number;
  readonly shape: readonly (number | string)[];
}

export interface TinyNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[] | TinyTensor | TinyGraph>>;
}

export interface TinyTensor {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
  readonly raw?: Bytes;
  /** Makes it a tensor whose numbers lie in that file. */
  readonly location?: string;
}

export interface TinyGraph {
  readonly nodes: readonly TinyNode[];
  readonly inputs: readonly TinyValue[];
  readonly outputs: readonly TinyValue[];
  readonly constants?: readonly TinyTensor[];
}

const utf8 = new TextEncoder();

export function tinyOnnx(graph: TinyGraph): Bytes {
  return join([number(1, 8), block(7, graphBytes(graph)), block(8, join([text(1, ''), number(2, 17)]))]);
}

export function float(name: string, ...shape: (number | string)[]): TinyValue {
  return { name, type: 1, shape };
}

export function floatConstant(name: string, shape: readonly number[], values: readonly number[]): TinyTensor {
  return { name, type: 1, shape, raw: new Uint8Array(Float32Array.from(values).buffer) };
}

export function intConstant(name: string, shape: readonly number[], values: readonly number[]): TinyTensor {
  return { name, type: 7, shape, raw: new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer) };
}

/** A network of one picture in and the mean of its channels out, as a starting point to break. */
export function meanGraph(changes: Partial<TinyGraph> = {}): TinyGraph {
  return {
    nodes: [{ op: 'ReduceMean', inputs: ['picture'], outputs: ['depth'], attributes: { axes: [1], keepdims: 1 } }],
    inputs: [float('picture', 1, 3, 64, 96)],
    outputs: [float('depth', 1, 1, 64, 96)],
    ...changes,
  };
}

/** A network that never answers: a Loop without a trip count whose condition stays true. */
export function endlessGraph(): TinyGraph {
  const body: TinyGraph = {
    nodes: [
      { op: 'Identity', inputs: ['go'], outputs: ['goOn'] },
      { op: 'Add', inputs: ['sum', 'sum'], outputs: ['sumOut'] },
    ],
    inputs: [
      { name: 'round', type: 7, shape: [] },
      { name: 'go', type: 9, shape: [] },
      { name: 'sum', type: 1, shape: [] },
    ],
    outputs: [
      { name: 'goOn', type: 9, shape: [] },
      { name: 'sumOut', type: 1, shape: [] },
    ],
  };
  return meanGraph({
    constants: [{ name: 'true', type: 9, shape: [], raw: Uint8Array.of(1) }],
    nodes: [
      { op: 'ReduceMax', inputs: ['picture'], outputs: ['start'], attributes: { keepdims: 0 } },
      { op: 'Loop', inputs: ['', 'true', 'start'], outputs: ['end'], attributes: { body } },
      { op: 'Mul', inputs: ['picture', 'end'], outputs: ['scaled'] },
      { op: 'ReduceMean', inputs: ['scaled'], outputs: ['depth'], attributes: { axes: [1], keepdims: 1 } },
    ],
  });
}

function graphBytes(graph: TinyGraph): Bytes {
  return join([
    ...graph.nodes.map((node) => block(1, nodeBytes(node))),
    text(2, 'tiny'),
    ...(graph.constants ?? []).map((constant) => block(5, tensorBytes(constant))),
    ...graph.inputs.map((value) => block(11, valueBytes(value))),
    ...graph.outputs.map((value) => block(12, valueBytes(value))),
  ]);
}

function nodeBytes(node: TinyNode): Bytes {
  return join([
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => {
      if (typeof value === 'number') return block(5, join([text(1, name), number(3, value), number(20, 2)]));
      if (Array.isArray(value))
        return block(5, join([text(1, name), ...value.map((it) => number(8, it)), number(20, 7)]));
      if ('nodes' in value) return block(5, join([text(1, name), block(6, graphBytes(value)), number(20, 5)]));
      return block(5, join([text(1, name), block(5, tensorBytes(value as TinyTensor)), number(20, 4)]));
    }),
  ]);
}

function tensorBytes(tensor: TinyTensor): Bytes {
  return join([
    ...tensor.shape.map((side) => number(1, side)),
    number(2, tensor.type),
    text(8, tensor.name),
    ...(tensor.raw ? [block(9, tensor.raw)] : []),
    ...(tensor.location === undefined
      ? []
      : [block(13, join([text(1, 'location'), text(2, tensor.location)])), number(14, 1)]),
  ]);
}

function valueBytes(value: TinyValue): Bytes {
  const shape = value.shape.map((side) => block(1, typeof side === 'number' ? number(1, side) : text(2, side)));
  const tensor = join([number(1, value.type), block(2, join(shape))]);
  return join([text(1, value.name), block(2, block(1, tensor))]);
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

function number(id: number, value: number): Bytes {
  return join([varint(id * 8), varint(value)]);
}

function block(id: number, content: Bytes): Bytes {
  return join([varint(id * 8 + 2), varint(content.length), content]);
}

function text(id: number, content: string): Bytes {
  return block(id, utf8.encode(content));
}

function join(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
