import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { DepthFrame } from '../../frames/index.ts';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import type { PageSetup } from './page-setup.ts';

interface Pose {
  readonly position: readonly [number, number, number];
  readonly target: readonly [number, number, number];
  readonly fov: number;
}

type Vector = readonly [number, number, number];

const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => [a[0] / Math.hypot(...a), a[1] / Math.hypot(...a), a[2] / Math.hypot(...a)];

/** Where a point (x right, y up, −z forward) must lie on a canvas, by the definition of a pinhole camera alone. */
function project(point: Vector, { position, target, fov }: Pose, width: number, height: number) {
  const forward = unit(minus(target, position));
  const right = unit(cross(forward, [0, 1, 0]));
  const up = cross(right, forward);
  const away = minus(point, position);
  const focal = height / 2 / Math.tan((fov * Math.PI) / 360);
  const depth = dot(away, forward);
  return { x: width / 2 + (focal * dot(away, right)) / depth, y: height / 2 - (focal * dot(away, up)) / depth };
}

/** Everything unknown but three patches of five by five pixels, each with a colour of its own. */
const PATCHES = [
  { u: 120, v: 60, z: 12, colour: [255, 0, 0] },
  { u: 330, v: 120, z: 6, colour: [0, 255, 0] },
  { u: 520, v: 90, z: 25, colour: [0, 0, 255] },
] as const;

function patchedFrame(): DepthFrame {
  const road = roadFrame({ index: 1 });
  const data = new Float32Array(640 * 192).fill(Number.NaN);
  road.frame.pixels.fill(0);
  for (const { u, v, z, colour } of PATCHES) {
    for (let y = v - 8; y <= v + 8; y++)
      for (let x = u - 8; x <= u + 8; x++) road.frame.pixels.set(colour, 3 * (y * 640 + x));
    for (let y = v - 2; y <= v + 2; y++) for (let x = u - 2; x <= u + 2; x++) data[y * 640 + x] = z;
  }
  return { ...road, depth: { kind: 'metric', width: 640, height: 192, data } };
}

const drawn = (page: Page, least: number) =>
  page.waitForFunction(
    (count) => Number(document.querySelector<HTMLElement>('.cloud-note')?.dataset['drawn']) >= count,
    least,
  );

/** The tests of the 3-D view. */
export function cloudSuite(setup: PageSetup): void {
  it('puts the points of a known depth map where a pinhole camera says', async () => {
    const truth = patchedFrame();
    const server = await setup.serveOne(truth);
    const { page, complaints } = await setup.open(server.url, { view: 'cloud' });
    await drawn(page, 2);
    const canvas = page.locator('#cloud');
    const pose = JSON.parse((await canvas.getAttribute('data-pose'))!) as Pose;
    const { data, info } = await sharp(await canvas.screenshot())
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { fx, fy, cx, cy } = truth.frame.intrinsics!;
    PATCHES.forEach(({ u, v, z }, channel) => {
      const expected = project([((u - cx) * z) / fx, -((v - cy) * z) / fy, -z], pose, info.width, info.height);
      let [sumX, sumY, count] = [0, 0, 0];
      for (let i = 0; i < info.width * info.height; i++) {
        const others = [0, 1, 2].filter((c) => c !== channel);
        if (data[3 * i + channel]! < 120 || others.some((c) => data[3 * i + c]! > 90)) continue;
        sumX += (i % info.width) + 0.5;
        sumY += Math.floor(i / info.width) + 0.5;
        count++;
      }
      expect(count).toBeGreaterThan(3);
      expect(Math.abs(sumX / count - expected.x)).toBeLessThan(1.5);
      expect(Math.abs(sumY / count - expected.y)).toBeLessThan(1.5);
    });
    // What lies under the pointer is read from the same points.
    const box = (await canvas.boundingBox())!;
    const { u, v, z } = PATCHES[1];
    const at = project([((u - cx) * z) / fx, -((v - cy) * z) / fy, -z], pose, info.width, info.height);
    await page.mouse.move(box.x + at.x, box.y + at.y);
    await page.waitForFunction(() => document.querySelector('.cloud-label')?.textContent !== '');
    expect(await page.textContent('.cloud-label')).toBe('6.0 m');
    expect(complaints).toEqual([]);
  });

  it('keeps drawing while it turns; its rate is told', async () => {
    const server = await setup.serve();
    const { page } = await setup.open(server.url, { view: 'cloud' });
    await drawn(page, 2);
    await page.keyboard.press('t');
    await page.waitForTimeout(2500);
    const count = () =>
      page.evaluate(() => Number(document.querySelector<HTMLElement>('.cloud-note')?.dataset['drawn']));
    const [before, began] = [await count(), performance.now()];
    await drawn(page, before + 3);
    await page.waitForTimeout(2000);
    const rate = ((await count()) - before) / ((performance.now() - began) / 1000);
    // A figure for whoever reads the log; how fast this machine draws is no property of the program.
    console.info(
      `3-D view, SwiftShader: ${rate.toFixed(1)} pictures a second; ${await page.textContent('.cloud-note')}`,
    );
    expect(rate).toBeGreaterThan(0);
  });
}
