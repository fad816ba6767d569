import { describe, expect, it } from 'vitest';
import { fillSparseDepth } from '../../../operators/metrics/fill-sparse-depth.ts';
import { inducedFlow } from '../../../operators/metrics/induced-flow.ts';
import { opw } from '../../../operators/metrics/opw.ts';
import { rtc } from '../../../operators/metrics/rtc.ts';
import { ScaleShiftFit } from '../../../operators/metrics/scale-shift-fit.ts';
import { selfReprojection } from '../../../operators/metrics/self-reprojection.ts';
import { taePair } from '../../../operators/metrics/tae.ts';
import { tcm } from '../../../operators/metrics/tcm.ts';
import { cameraAt, intrinsicsFor } from '../../../samples/street-renderer/camera.ts';
import { renderColor } from '../../../samples/street-renderer/color.ts';
import { renderDepth } from '../../../samples/street-renderer/depth.ts';
import { createStreet } from '../../../samples/street-renderer/street.ts';
import { inverseMotion, relativeMotion } from './motions.ts';

const camera = intrinsicsFor(80, 48);
const pixels = 80 * 48;
/** A metre ahead: what is z metres away is then z − 1. */
const ahead = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1];
const wall = (metres: number): Float64Array => new Float64Array(pixels).fill(metres);
/** The road 1.65 m below the camera, up to a height in the picture. */
const road = Float64Array.from({ length: pixels }, (_, i) => {
  const row = Math.floor(i / 80) - camera.cy;
  return row > 4 ? (camera.fy * 1.65) / row : 0;
});

describe('self-reprojection', () => {
  it('is 0 for a wall and for a road that the motion explains', () => {
    expect(selfReprojection(wall(10), wall(9), camera, ahead, inverseMotion(ahead))!.error).toBeLessThan(1e-12);
    const forward = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -0.3];
    const found = selfReprojection(road, road, camera, forward, inverseMotion(forward))!;
    expect(found.error).toBeLessThan(1e-12);
    expect(found.coverage).toBeGreaterThan(0.25);
  });

  it('has the value of closed form where one frame is 5 % too far', () => {
    const { error } = selfReprojection(wall(10), wall(9 * 1.05), camera, ahead, inverseMotion(ahead))!;
    expect(error).toBeCloseTo((0.45 / 9.45 + 0.45 / 10) / 2, 12);
  });

  it('leaves out what a nearer thing hides, judged by the frame itself', () => {
    // A post before a wall, seen from further left: the strip of wall beside it is hidden.
    const aside = [1, 0, 0, -1, 0, 1, 0, 0, 0, 0, 1, 0];
    const scene = (left: number): Float64Array =>
      wall(20).map((z, i) => (i % 80 >= left && i % 80 < left + 10 ? 4 : z));
    const shift = camera.fx / 4;
    const before = scene(40);
    const after = scene(40 - Math.round(shift));
    const { error } = selfReprojection(before, after, camera, aside, inverseMotion(aside))!;
    expect(error).toBeLessThan(1e-12);
  });

  it('says nothing where nothing can be compared', () => {
    expect(selfReprojection(wall(0), wall(9), camera, ahead, inverseMotion(ahead))).toBeUndefined();
    const back = [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, 0];
    expect(selfReprojection(wall(10), wall(9), camera, back, inverseMotion(back))).toBeUndefined();
  });
});

describe('TAE', () => {
  it('is 0 for a wall that the motion explains, and the share in percent where one frame is 5 % too far', () => {
    expect(taePair(wall(10), wall(9), camera, ahead, inverseMotion(ahead))).toBeCloseTo(0, 10);
    const found = taePair(wall(10), wall(9 * 1.05), camera, ahead, inverseMotion(ahead));
    expect(found).toBeCloseTo(50 * (0.45 / 9.45 + 0.45 / 10), 10);
  });

  it('looks only at pixels of the masks', () => {
    const half = Float64Array.from({ length: pixels }, (_, i) => (i % 80 < 40 ? 1 : 0));
    const broken = wall(9).map((z, i) => (i % 80 < 40 ? z : 5));
    const [there, back] = [ahead, inverseMotion(ahead)];
    expect(taePair(wall(10), broken, camera, there, back, half, half)).toBeLessThan(
      taePair(wall(10), broken, camera, there, back)!,
    );
  });
});

describe('TCM', () => {
  // Backwards, so that nothing of the target leaves the picture.
  const astern = inverseMotion(ahead);
  const flow = inducedFlow(wall(10), camera, astern);
  const snippet = (truth: Float64Array, predicted: Float64Array, target = wall(10)) =>
    tcm({
      camera,
      truth: wall(10),
      predicted: target,
      sources: [{ truth, predicted, sourceFromTarget: astern, flow }],
    })[0];
  const rays = (() => {
    const all: number[] = [];
    for (let y = 19; y < 47; y++) {
      for (let x = 2; x < 77; x++) all.push(Math.hypot((x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1));
    }
    return all.sort((a, b) => a - b);
  })();
  /** Mean ray length of the best 80 % but the largest, as the released code trims. */
  const kept = (power: number, drop: number): number => {
    const best = rays.slice(0, Math.trunc(rays.length * 0.8));
    const used = best.filter((ray) => drop === 0 || ray < best.at(-1)!);
    return used.reduce((sum, ray) => sum + ray ** power, 0) / used.length;
  };

  it('is 0 where prediction and truth disagree with themselves by the same, at any scale', () => {
    expect(snippet(wall(11), wall(11 / 3), wall(10 / 3))!.absErr).toBeCloseTo(0, 10);
  });

  it('is the disagreement along the ray, trimmed, in metres', () => {
    const found = snippet(wall(11), wall(11.1))!;
    expect(found.points).toBe(rays.length);
    expect(found.absErr).toBeCloseTo(0.1 * kept(1, 1), 10);
    expect(found.sqErr).toBeCloseTo(0.01 * kept(2, 0), 10);
    expect(found.rmse).toBeCloseTo(Math.sqrt(0.01 * kept(2, 0)), 10);
  });

  it('does not give 0 to a prediction that agrees with itself, where the truth does not', () => {
    expect(snippet(wall(11.2), wall(11))!.absErr).toBeCloseTo(0.2 * kept(1, 1), 10);
  });

  it('leaves out truth that disagrees with itself by 0.3 m, for all sources that follow', () => {
    const source = { predicted: wall(11), sourceFromTarget: astern, flow };
    const torn = wall(11).map((z, i) => (i % 80 < 40 ? z : 14));
    const both = (order: Float64Array[]) =>
      tcm({
        camera,
        truth: wall(10),
        predicted: wall(10),
        sources: order.map((truth) => ({ ...source, truth })),
      }).map((pair) => pair!.points);
    const [first, second] = both([wall(11), torn]) as [number, number];
    expect(first).toBe(rays.length);
    expect(second).toBeLessThan(first * 0.6);
    expect(both([torn, wall(11)])).toEqual([second, second]);
  });

  it('says nothing where no truth is left', () => {
    expect(snippet(wall(4), wall(11))).toBeUndefined();
  });
});

describe('OPW and rTC', () => {
  const grey = new Uint8Array(pixels * 3).fill(120);
  const pair = (depth1: Float64Array) => ({
    ...camera,
    depth0: wall(10),
    depth1,
    picture0: grey,
    picture1: grey,
    flow: inducedFlow(wall(10), camera, inverseMotion(ahead)),
    motion: { camera, oneFromZero: inverseMotion(ahead) },
  });

  it('are perfect for a wall that the motion explains', () => {
    expect(opw(pair(wall(11)))).toBeCloseTo(0, 12);
    expect(rtc(pair(wall(11)))).toBe(1);
  });

  it('have the values of closed form where the second frame is off by a factor', () => {
    expect(opw(pair(wall(11 * 1.05)))).toBeCloseTo(0.55, 12);
    expect(rtc(pair(wall(11 * 1.005)))).toBe(1);
    expect(rtc(pair(wall(11 * 1.02)))).toBe(0);
  });

  it('leave out places whose colours differ by more than 0.092, and say nothing where none is left', () => {
    const [near, far] = [grey.map((v) => v + 13), grey.map((v) => v + 14)];
    expect(opw({ ...pair(wall(11)), picture1: near })).toBeDefined();
    expect(opw({ ...pair(wall(11)), picture1: far })).toBeUndefined();
    expect(rtc({ ...pair(wall(11)), picture1: far })).toBeUndefined();
  });
});

describe('on the synthetic street', { timeout: 240_000 }, () => {
  const street = createStreet(1);
  const small = intrinsicsFor(320, 96);
  const times = [2, 2 + 1 / 15, 2 + 2 / 15];
  const poses = times.map((time) => cameraAt(street, time));
  const truth = times.map((time, i) => {
    const { depth, moving } = renderDepth(street, poses[i]!, small, time);
    return { depth: Float64Array.from(depth), still: moving.map((car) => (car === 0 ? 1 : 0)) };
  });
  const next = relativeMotion(poses[1]!, poses[0]!);
  const self = (a: Float64Array, b: Float64Array): number =>
    selfReprojection(a, b, small, next, inverseMotion(next), { a: truth[0]!.still, b: truth[1]!.still })!.error;
  const scaled = (depth: Float64Array, factor: number): Float64Array => depth.map((z) => z * factor);
  const [first, second] = [truth[0]!.depth, truth[1]!.depth];

  it('the truth agrees with itself within 1.5 % over most of the picture', () => {
    const found = selfReprojection(first, second, small, next, inverseMotion(next), {
      a: truth[0]!.still,
      b: truth[1]!.still,
    })!;
    expect(found.error).toBeLessThan(0.015);
    expect(found.coverage).toBeGreaterThan(0.4);
  });

  it('flicker of 5 %, a frozen picture and shuffled frames score worse than the truth, by all measures', () => {
    const picture = (i: number): Uint8Array =>
      renderColor(street, poses[i]!, small, times[i]!, { samples: 1, seed: i });
    const pictures = [picture(0), picture(1)] as const;
    const flow = inducedFlow(first, small, next);
    const figures = (a: Float64Array, b: Float64Array) => {
      const pair = {
        ...small,
        depth0: a,
        depth1: b,
        picture0: pictures[0],
        picture1: pictures[1],
        flow,
        motion: { camera: small, oneFromZero: next },
      };
      return [self(a, b), taePair(a, b, small, next, inverseMotion(next))!, opw(pair)!, 1 - rtc(pair)!];
    };
    const good = figures(first, second);
    for (const bad of [figures(first, scaled(second, 1.05)), figures(first, first), figures(second, first)]) {
      good.forEach((value, i) => {
        expect(bad[i]!).toBeGreaterThan(value);
      });
    }
    expect(self(first, scaled(second, 1.05))).toBeGreaterThan(0.04);
    expect(self(first, scaled(second, 1.05))).toBeLessThan(0.06);
  });
});

describe('filling sparse depth', () => {
  it('is exact on a plane between measurements, and carries nothing beyond them', () => {
    const sparse = road.map((z, i) => (Math.floor(i / 80) % 5 === 0 && (i % 80) % 3 === 0 && i % 80 < 60 ? z : 0));
    const filled = fillSparseDepth(sparse, camera);
    let count = 0;
    filled.forEach((z, i) => {
      if (Number.isNaN(z)) return;
      count++;
      expect(z).toBeCloseTo(road[i]!, 4);
    });
    expect(count).toBeGreaterThan(58 * 10);
    expect(filled[46 * 80 + 70]).toBeNaN();
    expect(filled[5 * 80 + 3]).toBeNaN();
  });

  it('leaves wide holes open', () => {
    const sparse = new Float32Array(80).fill(0);
    [sparse[0], sparse[7], sparse[15]] = [5, 5, 5];
    const filled = fillSparseDepth(sparse, { width: 80, height: 1 });
    expect([...filled.slice(0, 8)]).toEqual(new Array(8).fill(5));
    expect([...filled.slice(8, 15)]).toEqual(new Array(7).fill(Number.NaN));
  });
});

describe('the fit of scale and shift', () => {
  it('finds the line of exact pairs, and none where all are the same', () => {
    const fit = new ScaleShiftFit();
    for (let x = 0; x < 50; x++) fit.add(x / 7, 0.3 * (x / 7) - 2);
    const { scale, shift } = fit.solve()!;
    expect(scale).toBeCloseTo(0.3, 12);
    expect(shift).toBeCloseTo(-2, 12);
    const flat = new ScaleShiftFit();
    flat.add(1, 2);
    flat.add(1, 3);
    expect(flat.solve()).toBeUndefined();
  });
});
