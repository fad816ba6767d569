import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type CameraIntrinsics,
  type DepthMap,
  dequantiseDepth,
  quantiseDepth,
  scaleIntrinsics,
} from '../../../frames/index.ts';
import { halveDepth } from '../../../pipeline/server/halve-depth.ts';

function halved(width: number, height: number, depthAt: (x: number, y: number) => number): DepthMap {
  const data = Float32Array.from({ length: width * height }, (_, i) => depthAt(i % width, Math.floor(i / width)));
  return dequantiseDepth(halveDepth(quantiseDepth({ kind: 'metric', width, height, data })));
}

describe('half of a depth map', () => {
  it('is the depth of a plane at the centre of each block, by the intrinsics of the smaller picture', () => {
    const camera: CameraIntrinsics = { width: 64, height: 48, fx: 40, fy: 41, cx: 31.2, cy: 20.7 };
    // A wall that recedes and leans: 1/z is linear in the picture.
    const inverse = (x: number, y: number, { fx, fy, cx, cy }: CameraIntrinsics): number =>
      0.08 + 0.03 * ((x - cx) / fx) + 0.05 * ((y - cy) / fy);
    const map = halved(64, 48, (x, y) => 1 / inverse(x, y, camera));
    const half = scaleIntrinsics(camera, { width: 32, height: 24 });
    expect(half).toMatchObject({ fx: 20, fy: 20.5, cx: 15.35, cy: 10.1 });
    expect([map.width, map.height]).toEqual([32, 24]);
    for (let i = 0; i < map.data.length; i++) {
      const truth = 1 / inverse(i % 32, Math.floor(i / 32), half);
      expect(Math.abs(map.data[i]! / truth - 1)).toBeLessThan(5.8e-5 * truth);
    }
  });

  it('never mixes what is near with what is far, wherever the edge runs', () => {
    for (const offset of [0, 1]) {
      const upright = halved(16, 8, (x) => (x < 7 + offset ? 5 : 40));
      const level = halved(16, 8, (_, y) => (y < 3 + offset ? 40 : 5));
      const slanted = halved(16, 8, (x, y) => (x + y < 9 + offset ? 5 : 40));
      for (const { data } of [upright, level, slanted]) {
        expect(data).toHaveLength(32);
        for (const z of data) expect(Math.min(Math.abs(z / 5 - 1), Math.abs(z / 40 - 1))).toBeLessThan(0.002);
      }
      // Where the block is half and half the nearer wins.
      if (offset === 0) expect([...upright.data.slice(0, 4)].every((z) => Math.abs(z - 5) < 0.01)).toBe(true);
    }
  });

  it('knows a block by two of its pixels, and does not by one', () => {
    const known = (...at: number[]) => halved(2, 2, (x, y) => (at.includes(2 * y + x) ? 10 : Number.NaN)).data[0]!;
    for (const at of [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 3],
      [0, 1, 3],
      [0, 1, 2, 3],
    ])
      expect(known(...at)).toBeCloseTo(10, 1);
    for (const at of [[], [0], [1], [2], [3]]) expect(known(...at)).toBeNaN();
  });

  it('takes the middle one of three, and the nearer of two that are apart', () => {
    const of = (...values: number[]) => halved(2, 2, (x, y) => values[2 * y + x]!).data[0]!;
    expect(of(5, 20, 50, Number.NaN)).toBeCloseTo(20, 0);
    expect(of(Number.NaN, 50, 5, 20)).toBeCloseTo(20, 0);
    expect(of(Number.NaN, 5, 50, Number.NaN)).toBeCloseTo(5, 2);
    expect(of(10, 10.2, Number.NaN, Number.NaN)).toBeCloseTo(10.1, 1);
    expect(of(1, 10, 10.2, 90)).toBeCloseTo(10.1, 1);
    expect(of(1, 10, 20, 90)).toBeCloseTo(10, 1);
  });

  it('leaves out a last odd column and row, and leaves a map of one row as it is', () => {
    const map = halved(5, 3, (x, y) => (x === 4 || y === 2 ? 1 : 9));
    expect([map.width, map.height]).toEqual([2, 1]);
    for (const z of map.data) expect(z).toBeCloseTo(9, 1);
    expect(halved(5, 1, () => 3)).toMatchObject({ width: 5, height: 1 });
  });

  it('is what the protocol page shows', () => {
    const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
    const codes = (name: string) =>
      Uint16Array.from(
        new RegExp(`\`\`\`codes ${name}\n([0-9\\s]+)\`\`\``).exec(page)![1]!.trim().split(/\s+/),
        Number,
      );
    const { quantisation } = quantiseDepth({ kind: 'metric', width: 1, height: 1, data: new Float32Array(1) });
    const full = { kind: 'metric', width: 6, height: 4, quantisation, codes: codes('full') } as const;
    expect(halveDepth(full)).toMatchObject({ width: 3, height: 2, codes: codes('half') });
  });

  it('keeps inverse maps linear', () => {
    const data = Float32Array.from({ length: 64 }, (_, i) => (i % 8) / 100 - Math.floor(i / 8) / 50 - 0.2);
    const depth: DepthMap = { kind: 'inverse', width: 8, height: 8, data };
    const wide = Float32Array.from(data);
    wide[63] = 5;
    const half = dequantiseDepth(halveDepth(quantiseDepth({ ...depth, data: wide })));
    for (let i = 0; i < 15; i++) {
      const truth = ((i % 4) * 2 + 0.5) / 100 - (Math.floor(i / 4) * 2 + 0.5) / 50 - 0.2;
      expect(Math.abs(half.data[i]! - truth)).toBeLessThan(1e-3);
    }
  });
});
