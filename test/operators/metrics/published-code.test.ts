import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resizeDepth } from '../../../frames/resize-depth.ts';
import { accuracy } from '../../../operators/metrics/accuracy.ts';
import { gargCrop } from '../../../operators/metrics/crop.ts';
import { depthPairs, scaledPairs } from '../../../operators/metrics/depth-pairs.ts';
import { meanMedian } from '../../../operators/metrics/middle-values.ts';
import { opw } from '../../../operators/metrics/opw.ts';
import { rtc } from '../../../operators/metrics/rtc.ts';
import { ScaleShiftFit } from '../../../operators/metrics/scale-shift-fit.ts';
import { taeDepth, taePair } from '../../../operators/metrics/tae.ts';
import { type TcmSnippet, tcm } from '../../../operators/metrics/tcm.ts';
import { inverseMotion, relativeMotion } from './motions.ts';

/** What the published evaluation code answered; test/golden/metrics/make-goldens.py runs it. */
function golden(name: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(readFileSync(new URL(`../../golden/metrics/${name}.json`, import.meta.url), 'utf8'));
}

function close(found: number | undefined, expected: number): void {
  expect(Math.abs(found! - expected)).toBeLessThan(1e-6);
}

describe('the evaluation code of Monodepth2', () => {
  const { pairs, pairErrors, order, truths, disparities, images, width, height } = golden('monodepth2');

  it('gives the same seven errors for the same pairs', () => {
    const found = accuracy({ ...pairs, count: pairs.truth.length });
    order.forEach((name: keyof typeof found, i: number) => {
      close(found[name], pairErrors[i]);
    });
  });

  it('gives the same errors through resizing, mask, Garg crop, median scaling and clamping', () => {
    expect(images).toHaveLength(6);
    for (const { image, medianScaling, errors } of images) {
      const small = {
        width: width / 2,
        height: height / 2,
        kind: 'inverse',
        data: Float32Array.from(disparities[image]),
      };
      const depth = resizeDepth(small as never, { width, height }).data.map((d) => 1 / d);
      const size = { width, height };
      const all = depthPairs(truths[image], depth, size, { minDepth: 1e-3, maxDepth: 80, crop: gargCrop(size) });
      const { truth, predicted, count } = all;
      const ratio = meanMedian(truth.slice(0, count)) / meanMedian(predicted.slice(0, count));
      const found = accuracy(scaledPairs(all, medianScaling ? ratio : 1, 1e-3, 80));
      // resizeDepth keeps float32, which the errors that are metres or squares feel in the seventh digit.
      order.forEach((name: keyof typeof found, i: number) => {
        expect(Math.abs(found[name] - errors[i]) / Math.max(1, errors[i])).toBeLessThan(1e-6);
      });
    }
  });
});

describe('the evaluation code of TC-Depth', () => {
  it('gives the same three errors for every pair of two snippets of five frames', () => {
    const { camera, snippets } = golden('tc-depth');
    for (const snippet of snippets as (TcmSnippet & { sources: { errors: number[] }[] })[]) {
      const found = tcm({ ...snippet, camera });
      expect(found).toHaveLength(4);
      found.forEach((pair, i) => {
        const [absErr, sqErr, rmse] = snippet.sources[i]!.errors as [number, number, number];
        close(pair?.absErr, absErr);
        close(pair?.sqErr, sqErr);
        close(pair?.rmse, rmse);
      });
    }
  });
});

describe('the evaluation code of Video Depth Anything', () => {
  it('gives the same temporal alignment error for a clip', () => {
    const { camera, maxDepth, truths, disparities, worldFromCamera, tae } = golden('video-depth-anything');
    const fit = new ScaleShiftFit();
    truths.forEach((truth: number[], frame: number) => {
      truth.forEach((z, i) => {
        if (z > 1e-3 && z < maxDepth) fit.add(Math.max(disparities[frame][i], 1e-3), 1 / (z + 1e-8));
      });
    });
    const line = fit.solve()!;
    const depths = disparities.map((frame: number[]) => frame.map((d) => taeDepth(d, line, maxDepth)));
    let sum = 0;
    for (let i = 0; i + 1 < depths.length; i++) {
      const next = relativeMotion(worldFromCamera[i + 1], worldFromCamera[i]);
      sum += taePair(depths[i], depths[i + 1], camera, next, inverseMotion(next))!;
    }
    close(sum / (depths.length - 1), tae);
  });
});

describe('the evaluation code of Temporally Consistent Depth', () => {
  const { camera, depths, pictures, flow, oneFromZero, results } = golden('consistent-depth');
  const pair = {
    width: camera.width,
    height: camera.height,
    depth0: depths[0],
    depth1: depths[1],
    picture0: pictures[0],
    picture1: pictures[1],
    flow,
  };

  it('gives the same OPW and rTC', () => {
    close(opw(pair), results.plain.opw);
    close(rtc(pair), results.plain.rtc);
  });

  it('gives the same OPW and rTC with the motion of the camera taken out', () => {
    const moved = { ...pair, motion: { camera, oneFromZero } };
    close(opw(moved), results.motion.opw);
    close(rtc(moved), results.motion.rtc);
  });
});
