import type { CDPSession, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { roadFrame } from '../pipeline/server/road-frames.ts';
import { moreThan, PATIENCE, type PageSetup } from './page-setup.ts';
import { drawn, PATCHES, type Pose, patchedFrame, pixelsOf, placeOfPatch, poseOf } from './patched-frame.ts';

type Touches = readonly { readonly x: number; readonly y: number }[];

/** Fingers that go from one set of places to another. */
async function slide(devtools: CDPSession, from: Touches, to: Touches): Promise<void> {
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', touches: Touches) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints: touches.map((place, id) => ({ ...place, id })) });
  await touch('touchStart', from);
  for (let step = 1; step <= 8; step++) {
    const at = from.map(({ x, y }, i) => ({ x: x + ((to[i]!.x - x) * step) / 8, y: y + ((to[i]!.y - y) * step) / 8 }));
    await touch('touchMove', at);
  }
  await touch('touchEnd', []);
}

const distanceOf = ({ position, target }: Pose) => Math.hypot(...position.map((value, i) => value - target[i]!));

/** Resolves with the pose once nothing glides any more. */
async function restingPose(page: Page): Promise<Pose> {
  let before = '';
  await expect
    .poll(
      async () => {
        const now = JSON.stringify(await poseOf(page));
        const isSame = now === before;
        before = now;
        return isSame;
      },
      { ...PATIENCE, interval: 400 },
    )
    .toBe(true);
  return poseOf(page);
}

/** The tests of what hands do: fingers on glass, a mouse on buttons, keys after either. */
export function handsSuite(setup: PageSetup): void {
  it('turns the cloud under a finger, comes nearer under two, and reads the depth of a tap', async () => {
    const truth = patchedFrame();
    const server = await setup.serveOne(truth);
    const { page, context, complaints } = await setup.open(server.url, {
      ...{ view: 'cloud', touch: true, width: 390, height: 844 },
    });
    await drawn(page, 2);
    const box = (await page.locator('#cloud').boundingBox())!;
    const start = await restingPose(page);
    const at = placeOfPatch(PATCHES[1], truth, start, box.width, box.height);
    await page.touchscreen.tap(box.x + at.x, box.y + at.y);
    await page.waitForFunction(() => document.querySelector('.cloud-label:not([hidden])')?.textContent === '6.0 m');
    const devtools = await context.newCDPSession(page);
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const aside = (dx: number) => ({ x: middle.x + dx, y: middle.y });
    await slide(devtools, [middle], [aside(90)]);
    await expect.poll(async () => (await poseOf(page)).position[0], PATIENCE).not.toBeCloseTo(start.position[0], 1);
    // What was read lies elsewhere now.
    expect(await page.isHidden('.cloud-label')).toBe(true);
    const turned = await restingPose(page);
    expect(distanceOf(turned)).toBeCloseTo(distanceOf(start), 3);
    await slide(devtools, [aside(-30), aside(30)], [aside(-120), aside(120)]);
    await expect.poll(async () => distanceOf(await poseOf(page)), PATIENCE).toBeLessThan(0.8 * distanceOf(start));
    expect(complaints).toEqual([]);
  });

  it('keeps the crosshair where a finger put it', async () => {
    const truth = roadFrame({ index: 9 });
    const server = await setup.serveOne(truth);
    const { page } = await setup.open(server.url, { touch: true, width: 390, height: 844 });
    await moreThan(page, 0);
    const box = (await page.locator('#depth').boundingBox())!;
    await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height * 0.9);
    await page.waitForFunction(() => /^[\d.]+ m$/.test(document.querySelector('.cross-label')?.textContent ?? ''));
    const text = await page.locator('.cross-label').last().textContent();
    const z = truth.depth.data[Math.floor(0.9 * 192) * 640 + 320]!;
    // A phone is sent half the size: its pixel is the median of four.
    expect(Math.abs(Number.parseFloat(text!) - z)).toBeLessThan(0.2);
    expect(await page.locator('.cross-label').last().isVisible()).toBe(true);
  });

  it('fills the screen and says there, too, that the server is away', async () => {
    const server = await setup.serve();
    const { page, complaints } = await setup.open(server.url, { view: 'cloud' });
    await drawn(page, 2);
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.fullscreenElement?.id === 'stage');
    await page.waitForFunction(() => document.querySelector('#cloud')!.clientHeight === innerHeight);
    expect(await page.isVisible('#stage-state')).toBe(false);
    await server.close();
    await page.waitForFunction(() => /^Connection lost/.test(document.querySelector('#stage-state')!.textContent!));
    expect(await page.isVisible('#stage-state')).toBe(true);
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.fullscreenElement === null);
    expect(complaints).toEqual([]);
  });

  it('leaves the keys to the page after a press on a view or on the slider', async () => {
    const server = await setup.serve();
    const { page } = await setup.open(server.url);
    await moreThan(page, 3);
    await page.click('input[value="overlay"]');
    await page.keyboard.press('r');
    expect(await page.getAttribute('#ruler', 'aria-pressed')).toBe('true');
    await page.locator('.transport > input').click();
    await page.waitForSelector('#badge[data-mood="paused"]');
    await page.keyboard.press(' ');
    await page.waitForSelector('#badge[data-mood="live"]');
    // Where one types, keys are letters.
    await page.focus('#near');
    await page.keyboard.press('3');
    expect(await page.isChecked('input[value="overlay"]')).toBe(true);
    await page.keyboard.press('Tab');
  });

  it('opens menu, settings and help by keyboard, and Escape closes them', async () => {
    const server = await setup.serve();
    const { page } = await setup.open(server.url);
    await moreThan(page, 1);
    await page.focus('#snapshots summary');
    await page.keyboard.press('Enter');
    expect(await page.isVisible('[data-snapshot="ply"]')).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    expect(await page.isVisible('[data-snapshot="ply"]')).toBe(false);
    await page.keyboard.press('o');
    await page.waitForSelector('.lil-gui');
    await page.keyboard.press('Escape');
    expect(await page.isHidden('#panel')).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('settings');
    // Where it lies over its button, its title closes it, and it opens whole again.
    await page.keyboard.press('o');
    await page.locator('#panel .lil-title').first().click();
    expect(await page.isHidden('#panel')).toBe(true);
    await page.keyboard.press('o');
    await page.locator('#panel .lil-children').first().waitFor();
    await page.keyboard.press('?');
    const keys = await page.locator('#help-sheet[open] dt').allTextContents();
    expect(keys).toEqual(expect.arrayContaining(['1', '2', '3', '4', '5', 'space', ',', '.', 'R', 'F', '?']));
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#help-sheet')).toBe(false);
  });

  it('lays depth over the picture as strongly as is chosen, and draws a border that can be moved', async () => {
    const truth = roadFrame({ index: 9 });
    const server = await setup.serveOne(truth);
    const { page } = await setup.open(server.url, { view: 'overlay', settings: { opacity: 0 } });
    await moreThan(page, 0);
    const colour = async (x: number, y: number) => {
      const { data, width, height } = await pixelsOf(page.locator('#depth'));
      const at = 3 * (Math.floor(height * y) * width + Math.floor(width * x));
      return [...data.subarray(at, at + 3)] as [number, number, number];
    };
    // A road far from grey: in depth its near end is red, in the picture it is not.
    const redness = async (x: number) => {
      const [red, , blue] = await colour(x, 0.9);
      return red - blue;
    };
    await expect.poll(() => redness(0.7), PATIENCE).toBeLessThan(30);
    await page.fill('#opacity', '1');
    await expect.poll(() => redness(0.7), PATIENCE).toBeGreaterThan(60);
    expect(await page.isVisible('#opacity')).toBe(true);
    await page.keyboard.press('3');
    expect(await page.isVisible('#opacity')).toBe(false);
    await expect.poll(() => redness(0.3), PATIENCE).toBeLessThan(30);
    const box = (await page.locator('#depth').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 5, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    expect(await page.getAttribute('#swipe', 'aria-valuenow')).toBe('20');
    await page.mouse.move(0, 0);
    await expect.poll(() => redness(0.3), PATIENCE).toBeGreaterThan(60);
    await page.keyboard.press('End');
    await expect.poll(() => redness(0.7), PATIENCE).toBeLessThan(30);
  });

  it('keeps a high picture inside the window', async () => {
    const server = await setup.serveOne(roadFrame({ width: 240, height: 320 }));
    const { page } = await setup.open(server.url, { view: 'overlay' });
    await moreThan(page, 0);
    for (const key of ['2', '3', '1']) {
      await page.keyboard.press(key);
      await expect.poll(async () => (await page.locator('#depth').boundingBox())!.height, PATIENCE).toBeLessThan(720);
      expect((await page.locator('#depth').boundingBox())!.height).toBeGreaterThan(300);
    }
  });
}
