import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type DepthMessage, quantiseDepth } from '../../frames/index.ts';
import { cloudGeometry, inverseOfCode } from '../../viewer/page/cloud/cloud-geometry.ts';
import { Detail } from '../../viewer/page/cloud/detail.ts';
import { withoutFlyingPixels } from '../../viewer/page/cloud/flying-pixels.ts';
import { stateText } from '../../viewer/page/panel/stream-state.ts';
import { DEFAULTS, settingsFrom } from '../../viewer/page/settings/settings.ts';
import { png16 } from '../../viewer/page/snapshot/png16.ts';
import { MessageHistory } from '../../viewer/page/stream/message-history.ts';
import { wishOf } from '../../viewer/page/stream/wish.ts';

describe('what the page keeps of a stream', () => {
  const kept = (arrivedAt: number, bytes = 100) => ({
    message: { sequence: arrivedAt } as unknown as DepthMessage,
    arrivedAt,
    bytes,
  });

  it('is bounded in time and in bytes, and always has the newest', () => {
    const history = new MessageHistory({ milliseconds: 10_000, bytes: 1000 });
    for (let at = 0; at <= 30_000; at += 2000) history.add(kept(at));
    expect(history.oldest?.arrivedAt).toBe(20_000);
    expect(history.bytes).toBe(600);
    history.add(kept(30_500, 700));
    expect(history.bytes).toBeLessThanOrEqual(1000);
    history.add(kept(31_000, 5000));
    expect([history.length, history.bytes]).toEqual([1, 5000]);
  });

  it('finds what was on the screen at a moment, and steps from there, held at the ends', () => {
    const history = new MessageHistory();
    for (const at of [100, 200, 300]) history.add(kept(at));
    expect(history.at(250)?.arrivedAt).toBe(200);
    expect(history.at(0)?.arrivedAt).toBe(100);
    expect(history.step(250, 1)?.arrivedAt).toBe(300);
    expect(history.step(250, -1)?.arrivedAt).toBe(100);
    expect(history.step(250, -5)?.arrivedAt).toBe(100);
    expect(new MessageHistory().step(0, 1)).toBeUndefined();
  });
});

describe('what the page asks for', () => {
  const facts = { size: 'auto', rate: 'auto', panelWidth: 1280, fullWidth: 640, isIdle: false } as const;

  it('is everything for a large panel and less for a small one', () => {
    expect(wishOf(facts)).toEqual({ size: 'full' });
    expect(wishOf({ ...facts, panelWidth: 360 })).toEqual({ size: 'half' });
    expect(wishOf({ ...facts, panelWidth: 180 })).toEqual({ size: 'quarter' });
    expect(wishOf({ ...facts, panelWidth: 0 })).toEqual({ size: 'full' });
  });

  it('is one frame a second while nobody looks, and what a person chose otherwise', () => {
    expect(wishOf({ ...facts, isIdle: true })).toEqual({ size: 'full', maxFps: 1 });
    expect(wishOf({ ...facts, size: 'half', rate: 5 })).toEqual({ size: 'half', maxFps: 5 });
  });
});

describe('what the page remembers', () => {
  it('takes only what is a choice, whoever wrote it', () => {
    expect(settingsFrom({ view: 'cloud', map: 'rainbow', near: -1, opacity: '1', turn: 1, other: 2 })).toEqual({
      ...DEFAULTS,
      view: 'cloud',
    });
    expect(settingsFrom({ near: 50, far: 10 })).toEqual(DEFAULTS);
    expect(settingsFrom(null)).toEqual(DEFAULTS);
  });
});

describe('what the page says of a stream', () => {
  const feed = { state: 'open', retryAt: 0, lastArrival: 1000, news: undefined } as const;

  it('is that it lives, that it is silent, or how long until the next attempt', () => {
    expect(stateText(feed, 1500)).toEqual({ text: 'Live', mood: 'live' });
    expect(stateText(feed, 8000).text).toBe('No new frame for 7 s');
    expect(stateText({ ...feed, state: 'waiting', retryAt: 4200 }, 1500).text).toBe(
      'Connection lost, trying again in 3 s',
    );
  });

  it('is what ails the camera, when the server says so and nothing comes', () => {
    const news = { name: 'front', state: 'waiting', fault: 'The camera does not answer.' };
    expect(stateText({ ...feed, news }, 9000)).toEqual({
      text: 'Camera is offline: The camera does not answer.',
      mood: 'bad',
    });
    expect(stateText({ ...feed, news }, 1500).text).toBe('Live');
  });
});

describe('the cloud', () => {
  const depthOf = (rows: readonly (readonly number[])[]) =>
    quantiseDepth({
      kind: 'metric',
      width: rows[0]!.length,
      height: rows.length,
      data: Float32Array.from(rows.flat()),
    });
  const range = { near: 4, far: 80 };

  it('leaves out what flies between near and far, and keeps what lies beside a clean edge', () => {
    const rows = [
      [10, 10, 10, 20, 20, 20],
      [10, 10, 14, 20, 20, 20],
      [10, 10, 10, 20, Number.NaN, 20],
    ];
    const depth = depthOf(rows);
    const kept = withoutFlyingPixels(depth, cloudGeometry(depth, range, undefined), 0.08);
    const gone = [...kept].flatMap((code, i) => (code === 0 ? [i] : []));
    // The 14 between 10 and 20, and the unknown one.
    expect(gone).toEqual([8, 16]);
  });

  it('knows depth again from codes of every kind', () => {
    const depth = depthOf([[5, 40]]);
    const geometry = cloudGeometry(depth, range, undefined);
    expect(1 / inverseOfCode(depth.codes[0]!, geometry)).toBeCloseTo(5, 2);
    expect(geometry.isCameraKnown).toBe(false);
    const inverse = quantiseDepth({ kind: 'inverse', width: 2, height: 1, data: Float32Array.of(2, 10) });
    const guessed = cloudGeometry(inverse, { near: 10, far: 2 }, undefined);
    expect(1 / inverseOfCode(inverse.codes[0]!, guessed)).toBeCloseTo(60, 1);
    expect(1 / inverseOfCode(inverse.codes[1]!, guessed)).toBeCloseTo(4, 1);
  });

  it('is thinned where pictures come slowly, and grows dense again where they come fast', () => {
    const detail = new Detail();
    for (let i = 0; i < 3; i++) detail.note(60);
    expect(detail.stride).toBe(2);
    for (let i = 0; i < 30; i++) detail.note(60);
    expect(detail.stride).toBe(4);
    for (let i = 0; i < 60; i++) detail.note(16);
    expect(detail.stride).toBe(3);
  });
});

describe('the 16-bit PNG', () => {
  it('is read back by another reader: metres × 256, 0 where unknown', async () => {
    const data = Float32Array.of(1.5, Number.NaN, 80.25, 1000, 0.001, 12);
    const blob = await png16({ kind: 'metric', width: 3, height: 2, data });
    const grey = await sharp(Buffer.from(await blob.arrayBuffer()))
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer();
    expect([...new Uint16Array(grey.buffer, grey.byteOffset, 6)]).toEqual([384, 0, 20_544, 65_535, 1, 3072]);
  });
});
