import { firstValueFrom, from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { DepthMap, FrameWindow } from '../../../frames/index.ts';
import type { DepthEstimator } from '../../../operators/index.ts';
import { averaged, blended, flipAveraged } from '../../../pipeline/evaluation/flip-averaged.ts';
import { streetClip } from './street-clip.ts';

const map = (kind: DepthMap['kind'], ...data: number[]): DepthMap => ({
  ...{ kind, width: data.length, height: 1 },
  data: Float32Array.from(data),
});

describe('the mean with the mirrored picture', () => {
  it('turns the second answer back before it takes the mean, and keeps the only one known', () => {
    expect([...averaged(map('metric', 1, 2, Number.NaN, 4), map('metric', 8, 7, Number.NaN, 3)).data]).toEqual([
      2, 2, 7, 6,
    ]);
  });

  it('blends inverse depth as Monodepth2 does: the turned answer left, the straight one right, the mean between', () => {
    const width = 101;
    const straight = map('inverse', ...new Array<number>(width).fill(1));
    const turned = map('inverse', ...new Array<number>(width).fill(3));
    const { data } = blended(straight, turned);
    // linspace(0, 1, 101): 20·(x − 0.05) is 0 up to 5 %, 0.2 at 6 %, 1 from 10 % on.
    expect([data[0], data[5], data[10], data[50], data[90], data[95], data[100]]).toEqual([3, 3, 2, 2, 2, 1, 1]);
    expect(data[6]).toBeCloseTo(2.8, 6);
    expect(data[94]).toBeCloseTo(1.2, 6);
  });

  it('blends depth by way of its inverse', () => {
    const width = 101;
    const far = map('metric', ...new Array<number>(width).fill(2));
    const near = map('metric', ...new Array<number>(width).fill(1));
    expect(blended(far, near).data[50]).toBeCloseTo(1 / 0.75, 6);
  });

  it('asks a model about mirrored pictures of a stream of their own, with the mirrored camera', async () => {
    const clip = streetClip(1);
    const frame = clip.frames[0]!;
    for (let i = 0; i < frame.pixels.length; i++) frame.pixels[i] = i % 251;
    const asked: FrameWindow[] = [];
    // Answers the first row's red, so that the two answers are mirror images of each other.
    const model: DepthEstimator = {
      ...{ id: 'red', contextOffsets: [], inFlight: 1 },
      estimate: async (window) => {
        asked.push(window);
        const { pixels, width } = window.target;
        return {
          kind: 'metric',
          width,
          height: 1,
          data: Float32Array.from({ length: width }, (_, x) => pixels[3 * x]! + 1),
        };
      },
    };
    const window: FrameWindow = { target: frame, offsets: [], context: [] };
    expect(flipAveraged(model, 'none')).toBe(model);
    const found = await firstValueFrom(from(flipAveraged(model, 'average').estimate(window)));
    expect([...found.data]).toEqual(Array.from({ length: 160 }, (_, x) => frame.pixels[3 * x]! + 1));
    const [straight, turned] = asked.map(({ target }) => target);
    expect(turned!.stream).not.toBe(straight!.stream);
    expect(turned!.intrinsics!.cx).toBeCloseTo(159 - straight!.intrinsics!.cx, 9);
    expect([...turned!.pixels.subarray(0, 3)]).toEqual([...frame.pixels.subarray(159 * 3, 160 * 3)]);
  });
});
