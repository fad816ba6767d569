import { readdirSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { fill, filledSkeleton, seededNumbers, skeletons } from '../../bench/filled-skeleton.ts';
import { floatConstant, meanGraph, tinyOnnx } from '../models/tiny-onnx.ts';

describe('graphs without weights', () => {
  it('are filled with the numbers that Python makes (models/training/seeded_weights.py)', () => {
    // numbers(Description(0.5, 0.25, -0.1, 1.1, 4_000_000_007), (6,)) there, in bits.
    const bits = [...new Uint32Array(seededNumbers(6, [0.5, 0.25, -0.1, 1.1, 4_000_000_007]).buffer)];
    expect(bits).toEqual([1060533480, 1049383798, 1053998105, 1060795780, 1052089953, 3184315597]);
  });

  it('keep to their mean, deviation and bounds', () => {
    const numbers = seededNumbers(20_000, [2, 0.5, 1, 3, 7]);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    expect(mean).toBeCloseTo(2, 1);
    const deviation = Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length);
    expect(deviation).toBeGreaterThan(0.45);
    expect(deviation).toBeLessThan(0.5);
    expect(numbers.every((value) => value >= 1 && value <= 3)).toBe(true);
  });

  it('leave a graph with weights as it is', () => {
    const whole = tinyOnnx(meanGraph({ constants: [floatConstant('w', [2], [1, 2])] }));
    expect(fill(whole)).toEqual(whole);
  });

  it('are all listed, and the runtime takes them', async () => {
    const listed = Object.keys(await skeletons());
    const files = readdirSync(new URL('../../bench/skeletons/', import.meta.url)).filter((name) =>
      name.endsWith('.onnx'),
    );
    expect(files.map((name) => name.slice(0, -5)).sort()).toEqual(listed);
    const session = await ort.InferenceSession.create(await filledSkeleton('tc-depth.window'));
    expect(session.outputNames).toEqual(['depth']);
    await session.release();
  });
});
