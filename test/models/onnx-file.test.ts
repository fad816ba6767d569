import { describe, expect, it } from 'vitest';
import { readOnnxFile } from '../../models/onnx-file.ts';
import { endlessGraph, float, floatConstant, meanGraph, tinyOnnx } from './tiny-onnx.ts';

describe('an ONNX file read without the runtime', () => {
  it('tells its inputs and outputs, with free dimensions by name', () => {
    const graph = readOnnxFile(tinyOnnx(meanGraph({ inputs: [float('picture', 1, 3, 'H', 'W')] })));
    expect(graph).toEqual({
      inputs: [{ name: 'picture', type: 'float32', shape: [1, 3, 'H', 'W'] }],
      outputs: [{ name: 'depth', type: 'float32', shape: [1, 1, 64, 96] }],
      nodes: 1,
      strides: new Map(),
      externalData: [],
    });
  });

  it('does not take constants for inputs, as old exporters list them', () => {
    const constants = [floatConstant('w', [1], [1])];
    const graph = readOnnxFile(tinyOnnx(meanGraph({ inputs: [float('picture', 1), float('w', 1)], constants })));
    expect(graph.inputs.map((input) => input.name)).toEqual(['picture']);
  });

  it('finds data outside the file, also in a constant node of a nested graph', () => {
    const outside = { name: 'w', type: 1, shape: [1], location: '../../secret.bin' };
    const direct = readOnnxFile(tinyOnnx(meanGraph({ constants: [outside] })));
    expect(direct.externalData).toEqual([{ tensor: 'w', location: '../../secret.bin' }]);

    const inner = meanGraph({
      nodes: [{ op: 'Constant', inputs: [], outputs: ['c'], attributes: { value: outside } }],
    });
    const nested = meanGraph({ nodes: [{ op: 'If', inputs: ['c'], outputs: ['d'], attributes: { branch: inner } }] });
    expect(readOnnxFile(tinyOnnx(nested)).externalData).toEqual([{ tensor: 'w', location: '../../secret.bin' }]);
  });

  it('cut anywhere is refused in words or read as the smaller graph it then is, and never does anything else', () => {
    const whole = tinyOnnx(endlessGraph());
    let refused = 0;
    for (let length = 0; length < whole.length; length++) {
      try {
        readOnnxFile(whole.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(whole.length * 0.9);
  });

  it('with any byte changed is read or refused, in bounded time', () => {
    const whole = tinyOnnx(endlessGraph());
    for (let at = 0; at < whole.length; at++) {
      const broken = whole.slice();
      broken[at] = broken[at]! ^ 0xff;
      try {
        readOnnxFile(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }
  });

  it('with graphs nested too deep is refused', () => {
    let graph = meanGraph();
    for (let depth = 0; depth < 40; depth++) {
      graph = meanGraph({ nodes: [{ op: 'If', inputs: ['c'], outputs: ['d'], attributes: { branch: graph } }] });
    }
    expect(() => readOnnxFile(tinyOnnx(graph))).toThrow('nested too deep');
  });

  it('without a graph, or with an empty one, is refused', () => {
    expect(() => readOnnxFile(new Uint8Array(0))).toThrow('no graph');
    expect(() => readOnnxFile(tinyOnnx(meanGraph({ nodes: [] })))).toThrow('empty');
  });
});
