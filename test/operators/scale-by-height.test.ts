import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { from } from 'rxjs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DepthFrame, DepthMap } from '../../frames/index.ts';
import { openModel } from '../../models/index.ts';
import { scaleByHeight } from '../../operators/index.ts';
import { median } from '../../operators/metrics/median.ts';
import { openFootage } from '../../pipeline/sources/registry.ts';
import { depthFrame, virtualTime } from './frames.ts';
import { type DrivenFrame, syntheticDrive } from './synthetic-drive.ts';

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const kitti = `${data}kitti_odometry/sequences/04`;
const rtMonoDepth = fileURLToPath(new URL('../models/cards/rtmonodepth-s.json', import.meta.url));
const there = existsSync(kitti) && existsSync(`${data}models/rtmonodepth_s_ms_640_192.onnx`);
if (!there)
  console.warn('skipped: no footage and models at ../shared/data, so scale by height is not compared with LiDAR');

const drive = syntheticDrive(6);
const answer = ({ frame, depth }: DrivenFrame, map: DepthMap = depth): DepthFrame =>
  depthFrame(frame.index, { frame, depth: map });
const relative = (map: DepthMap, by: number): DepthMap => ({
  ...map,
  kind: 'relative',
  data: map.data.map((value) => value * by),
});

function scaled(
  answers: readonly DepthFrame[],
  height = 1.65,
): { depths: DepthMap[]; scales: number[]; seen: boolean[] } {
  const found = { depths: [] as DepthMap[], scales: [] as number[], seen: [] as boolean[] };
  const onScale = (scale: number, groundSeen: boolean): void => {
    found.scales.push(scale);
    found.seen.push(groundSeen);
  };
  from(answers)
    .pipe(scaleByHeight(height, { onScale }))
    .subscribe(({ depth }) => found.depths.push(depth));
  return found;
}

describe('scaleByHeight', () => {
  it('brings relative depth to metres by the height of the camera', () => {
    const { depths, scales } = scaled(drive.map((one) => answer(one, relative(one.depth, 0.05))));
    for (const scale of scales) expect(Math.abs(scale / 20 - 1)).toBeLessThan(0.01);
    for (const depth of depths) expect(depth.kind).toBe('metric');
    expect(depths[0]!.data[100_000]! / drive[0]!.depth.data[100_000]!).toBeCloseTo(1, 2);
    expect(
      scaled(
        drive.map((one) => answer(one, relative(one.depth, 0.05))),
        3.3,
      ).scales[0]! / scales[0]!,
    ).toBeCloseTo(2, 6);
  });

  it('keeps the last scale where no ground is seen, and guesses while none was', () => {
    const wall = relative({ ...drive[0]!.depth, data: drive[0]!.depth.data.map(() => 12) }, 0.05);
    const [a, b, c] = drive as [DrivenFrame, DrivenFrame, DrivenFrame];
    const { scales, seen, depths } = scaled([
      answer(a, wall),
      answer(b, relative(b.depth, 0.05)),
      answer(c, wall),
      answer(c, { ...wall, data: wall.data.map(() => Number.NaN) }),
    ]);
    expect(seen).toEqual([false, true, false, false]);
    expect(scales[0]).toSatisfy((scale: number) => scale > 0 && Number.isFinite(scale));
    expect(scales.slice(2)).toEqual([scales[1], scales[1]]);
    expect(depths.map(({ kind }) => kind)).toEqual(['metric', 'metric', 'metric', 'metric']);
  });

  it('makes no flicker of its own where the ground is measured badly', () => {
    const jitter = [1, 1.08, 0.93, 1.05, 0.96, 1.02, 0.9, 1.1];
    const answers = Array.from({ length: 200 }, (_, i) => {
      const tilted = drive[0]!.depth.data.map((value, at) => 0.05 * (at > 80_000 ? jitter[i % 8]! * value : value));
      return answer(drive[0]!, { ...drive[0]!.depth, kind: 'relative', data: tilted });
    });
    const { scales } = scaled(answers);
    const steps = scales.slice(30).map((scale, i) => Math.abs(scale / scales[29 + i]! - 1));
    expect(Math.max(...steps)).toBeLessThan(0.005);
  });

  it('lets metric and inverse depth pass as they are', () => {
    const one = answer(drive[0]!);
    const inverse = answer(drive[0]!, { ...drive[0]!.depth, kind: 'inverse' });
    expect(scaled([one, inverse]).depths).toEqual([one.depth, inverse.depth]);
    expect(scaled([one, inverse]).scales).toEqual([]);
  });

  it('refuses a height that is none', () => {
    for (const height of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e6]) {
      expect(() => scaleByHeight(height)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    }
  });

  it('passes completion, error and unsubscription', () => {
    const values = { a: depthFrame(0), b: depthFrame(1) };
    virtualTime().run(({ hot, expectObservable, expectSubscriptions }) => {
      expectObservable(hot('a-b|', values).pipe(scaleByHeight(1.65))).toBe('a-b|', values);
      expectObservable(hot('a-#', values).pipe(scaleByHeight(1.65))).toBe('a-#', values);
      const source = hot('a-b|', values);
      expectObservable(source.pipe(scaleByHeight(1.65)), '^!').toBe('a', values);
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
  });

  it.skipIf(!there).each([
    ['RT-MonoDepth-S', rtMonoDepth],
    ['the built-in single-frame network', 'tc-depth-lite-single'],
  ])('is within 5 %% of the LiDAR scale of KITTI 04 for %s made relative', { timeout: 240_000 }, async (name, card) => {
    const source = await openFootage(kitti);
    const model = await openModel(card, { source: source.info.size });
    try {
      const answers: DepthFrame[] = [];
      const truth: number[] = [];
      for await (const frame of source.frames({ stream: 'kitti', size: model.inputSize(source.info.size) })) {
        const depth = await model.estimate({ target: frame, offsets: [], context: [] });
        const unknownScale = relative(depth, 0.2);
        answers.push(depthFrame(frame.index, { frame, depth: unknownScale }));
        truth.push(await lidarScale(`${kitti}/gt_depth_cam2/${frame.name}.png`, unknownScale));
      }
      const wanted = median(Float64Array.from(truth));
      const { scales, seen } = scaled(answers);
      const off = scales.map((scale) => scale / wanted - 1);
      console.info(
        `${name}: scale by height ${(100 * off.at(-1)!).toFixed(1)} % off the LiDAR's at the end, ${(100 * Math.max(...off.slice(10).map(Math.abs))).toFixed(1)} % at most after 10 frames; ground seen in ${seen.filter(Boolean).length} of ${seen.length} frames`,
      );
      expect(Math.abs(off.at(-1)!)).toBeLessThan(0.05);
    } finally {
      await model.close();
    }
  });
});

/** Median of the LiDAR's depth over the median of the map at its points, in the crop of Garg et al. */
async function lidarScale(file: string, { width, height, data }: DepthMap): Promise<number> {
  const { data: bytes, info } = await sharp(file)
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const lidar = new Uint16Array(bytes.buffer, bytes.byteOffset, info.width * info.height);
  const measured: number[] = [];
  const found: number[] = [];
  for (let v = Math.floor(0.40810811 * info.height); v < 0.99189189 * info.height; v++) {
    for (let u = Math.floor(0.03594771 * info.width); u < 0.96405229 * info.width; u++) {
      const metres = lidar[v * info.width + u]! / 256;
      if (!(metres > 1e-3 && metres < 80)) continue;
      const [x, y] = [((u + 0.5) * width) / info.width, ((v + 0.5) * height) / info.height];
      measured.push(metres);
      found.push(data[Math.min(height - 1, Math.floor(y)) * width + Math.min(width - 1, Math.floor(x))]!);
    }
  }
  return median(Float64Array.from(measured)) / median(Float64Array.from(found));
}
