/** One input or output of a graph, as the file states it. */
export interface GraphValue {
  readonly name: string;
  /** `float32`, `uint8`, …, or `other`. */
  readonly type: string;
  /** A number, or the name of a dimension that is free; `undefined` where the file does not state the shape. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** What an ONNX file says of itself. */
export interface OnnxFile {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: number;
  /** Step down the picture of the first convolution that reads a value, by the value's name. */
  readonly strides: ReadonlyMap<string, number>;
  /** Tensors whose numbers lie in another file, with that file's name. */
  readonly externalData: readonly { readonly tensor: string; readonly location: string }[];
}

const elementTypes: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
};

/** Graphs nest in the attributes of If and Loop; deeper than this is an attack, not a network. */
const deepest = 32;

/** A field of a protobuf message: a number, or the range of bytes it covers. */
interface Field {
  readonly id: number;
  readonly value: number;
  readonly from: number;
  readonly to: number;
}

const utf8 = new TextDecoder();

/** The fields of the protobuf message in `bytes[from..to)`; throws a RangeError where it is not one. */
function* fields(bytes: Uint8Array, from: number, to: number): Generator<Field> {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= to) throw new RangeError('it ends in the middle of a number');
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('it holds a number that is too long');
  };
  while (at < to) {
    const tag = varint();
    const id = Math.floor(tag / 8);
    const wire = tag % 8;
    if (id === 0) throw new RangeError('it holds a field without a number');
    if (wire === 0) {
      yield { id, value: varint(), from: at, to: at };
      continue;
    }
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
    if (Number.isNaN(length)) throw new RangeError('it holds a field of an unknown kind');
    if (at + length > to) throw new RangeError('it is shorter than it says');
    yield { id, value: Number.NaN, from: at, to: at + length };
    at += length;
  }
}

/**
 * Reads the outside of an ONNX file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) without the runtime: the
 * graph's inputs and outputs, and every tensor whose data lies outside the file, however deep in the graph.
 *
 * Throws a RangeError that says what is wrong where the bytes are not a whole ONNX model.
 */
export function readOnnxFile(bytes: Uint8Array): OnnxFile {
  const text = (field: Field): string => utf8.decode(bytes.subarray(field.from, field.to));
  const inner = (field: Field): Generator<Field> => {
    if (Number.isNaN(field.value)) return fields(bytes, field.from, field.to);
    throw new RangeError('a part of it is a number where a message should be');
  };

  const externalData: { tensor: string; location: string }[] = [];
  const tensor = (of: Field): string => {
    let name = '';
    let location: string | undefined;
    for (const field of inner(of)) {
      if (field.id === 8) name = text(field);
      if (field.id === 14 && field.value === 1) location ??= '';
      if (field.id === 13) {
        let key = '';
        let value = '';
        for (const entry of inner(field)) {
          if (entry.id === 1) key = text(entry);
          if (entry.id === 2) value = text(entry);
        }
        location = key === 'location' ? value : (location ?? '');
      }
    }
    if (location !== undefined) externalData.push({ tensor: name, location });
    return name;
  };
  const sparse = (of: Field): void => {
    for (const field of inner(of)) if (field.id === 1 || field.id === 2) tensor(field);
  };

  const dimension = (of: Field): number | string => {
    let result: number | string = '?';
    for (const field of inner(of)) {
      if (field.id === 1) result = field.value;
      if (field.id === 2) result = text(field);
    }
    return result;
  };
  const value = (of: Field): GraphValue => {
    let name = '';
    let type = 'other';
    let shape: (number | string)[] | undefined;
    for (const field of inner(of)) {
      if (field.id === 1) name = text(field);
      if (field.id !== 2) continue;
      for (const kind of inner(field)) {
        if (kind.id !== 1) continue;
        for (const entry of inner(kind)) {
          if (entry.id === 1) type = elementTypes[entry.value] ?? 'other';
          if (entry.id === 2) shape = [...inner(entry)].filter((field) => field.id === 1).map(dimension);
        }
      }
    }
    return { name, type, shape };
  };

  const strides = new Map<string, number>();
  const node = (of: Field, depth: number): void => {
    if (depth > deepest) throw new RangeError('its graphs are nested too deep');
    let operator = '';
    let reads: string | undefined;
    let stride: number | undefined;
    for (const attribute of inner(of)) {
      if (attribute.id === 1) reads ??= text(attribute);
      if (attribute.id === 4) operator = text(attribute);
      if (attribute.id !== 5) continue;
      let name = '';
      for (const field of inner(attribute)) {
        if (field.id === 1) name = text(field);
        // Packed, each is a byte as long as it is below 128.
        if (field.id === 8 && name === 'strides')
          stride ??= Number.isNaN(field.value) ? bytes[field.from] : field.value;
        if (field.id === 5 || field.id === 10) tensor(field);
        if (field.id === 6 || field.id === 11) graph(field, depth + 1);
        if (field.id === 22 || field.id === 23) sparse(field);
      }
    }
    if (operator === 'Conv' && reads !== undefined && stride !== undefined && !strides.has(reads)) {
      strides.set(reads, stride);
    }
  };
  const graph = (of: Field, depth: number): Omit<OnnxFile, 'externalData' | 'strides'> => {
    const inputs: GraphValue[] = [];
    const outputs: GraphValue[] = [];
    const constants = new Set<string>();
    let nodes = 0;
    for (const field of inner(of)) {
      if (field.id === 1) {
        node(field, depth);
        nodes++;
      }
      if (field.id === 5) constants.add(tensor(field));
      if (field.id === 15) sparse(field);
      if (field.id === 11) inputs.push(value(field));
      if (field.id === 12) outputs.push(value(field));
    }
    // Before IR version 4 every constant was listed as an input too.
    return { inputs: inputs.filter((input) => !constants.has(input.name)), outputs, nodes };
  };

  let whole: Omit<OnnxFile, 'externalData' | 'strides'> | undefined;
  for (const field of fields(bytes, 0, bytes.length)) {
    if (field.id === 7) whole = graph(field, 0);
    if (field.id === 25) for (const part of inner(field)) if (part.id === 7) node(part, 0);
  }
  if (whole === undefined) throw new RangeError('it holds no graph');
  if (whole.nodes === 0 || whole.outputs.length === 0) throw new RangeError('its graph is empty');
  return { ...whole, strides, externalData };
}
