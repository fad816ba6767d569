import { from, map, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../frames/index.ts';
import { type SplitAtCutsOptions, splitAtCuts } from '../../operators/index.ts';
import { footage, hasFootage } from './footage.ts';
import { frame, virtualTime } from './frames.ts';
import { syntheticDrive } from './synthetic-drive.ts';

/** Index and mark of each marked frame. */
function marks(frames: readonly Frame[], options?: SplitAtCutsOptions): string[] {
  const seen: string[] = [];
  from(frames)
    .pipe(splitAtCuts(options))
    .subscribe(({ segmentStart }) => seen.push(segmentStart ?? ''));
  return seen.flatMap((mark, at) => (mark ? [`${at} ${mark}`] : []));
}

const timed = (times: readonly number[]): Frame[] => times.map((timestamp, index) => frame(index, { timestamp }));
/** The same footage as one stream with an even clock. */
const inARow = (frames: readonly Frame[]): Frame[] =>
  frames.map((one, index) => ({ ...one, index, timestamp: index / 10 }));

function changed(one: Frame, change: (value: number, at: number) => number): Frame {
  const pixels = new Uint8Array(new SharedArrayBuffer(one.pixels.length));
  for (let at = 0; at < pixels.length; at++) {
    pixels[at] = Math.max(0, Math.min(255, change(one.pixels[at] as number, at)));
  }
  return { ...one, pixels };
}

/** The picture moved by some pixels; what comes in at the border repeats it. */
function shifted(one: Frame, right: number, down: number): Frame {
  const { width, height } = one;
  return changed(one, (_, at) => {
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    const fromX = Math.max(0, Math.min(width - 1, x - right));
    const fromY = Math.max(0, Math.min(height - 1, y - down));
    return one.pixels[(fromY * width + fromX) * 3 + (at % 3)] as number;
  });
}

describe('splitAtCuts on time', () => {
  it('passes frames of an even clock as they are', () => {
    const frames = timed([0, 0.1, 0.2, 0.3]);
    virtualTime().run(({ hot, expectObservable }) => {
      const values = Object.fromEntries(frames.map((one, at) => ['abcd'[at] as string, one]));
      expectObservable(hot('a-bc-d|', values).pipe(splitAtCuts())).toBe('a-bc-d|', values);
      expectObservable(hot('a-bc-#', values).pipe(splitAtCuts())).toBe('a-bc-#', values);
    });
  });

  it('lets its source go when unsubscribed and starts afresh for another subscriber', () => {
    const [a, b] = timed([5, 1]) as [Frame, Frame];
    virtualTime().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('a-b-|', { a, b });
      expectObservable(source.pipe(splitAtCuts()), '^!').toBe('a', { a });
      expectSubscriptions(source.subscriptions).toBe('^!');
      const mark = cold('ab|', { a, b }).pipe(
        splitAtCuts(),
        map(({ segmentStart }) => segmentStart ?? 'none'),
      );
      expectObservable(mark).toBe('ab|', { a: 'none', b: 'time-gap' });
      expectObservable(mark, '---^').toBe('---ab|', { a: 'none', b: 'time-gap' });
    });
  });

  it('marks the first frame after a gap by a new object over the same pixels', () => {
    const frames = timed([0, 0.1, 0.2, 0.3, 0.9, 1]);
    const seen: Frame[] = [];
    from(frames)
      .pipe(splitAtCuts())
      .subscribe((one) => seen.push(one));
    expect(seen.map(({ segmentStart }) => segmentStart ?? '')).toEqual(['', '', '', '', 'time-gap', '']);
    expect(seen[4]?.pixels).toBe(frames[4]?.pixels);
    expect(frames[4]?.segmentStart).toBeUndefined();
  });

  it.each<[string, number[], SplitAtCutsOptions, string[]]>([
    ['a pause below the factor', [0, 0.1, 0.2, 0.3, 0.6], {}, []],
    ['a pause below the least seconds', [0, 0.01, 0.02, 0.03, 0.2], {}, []],
    ['a steady slow rate', [0, 2, 4, 6, 8], {}, []],
    ['time running backwards', [5, 5.1, 0, 0.1], {}, ['2 time-gap']],
    ['two frames of the same time', [0, 0.1, 0.1, 0.2], {}, []],
    ['a pause before the rate is known', [0, 3, 3.1], {}, []],
    ['a wider factor', [0, 0.1, 0.2, 0.3, 0.9], { gapFactor: 7 }, []],
    ['more seconds', [0, 0.1, 0.2, 0.3, 0.9], { gapSeconds: 1 }, []],
  ])('judges %s', (_, times, options, expected) => {
    expect(marks(timed(times), options)).toEqual(expected);
  });

  it('keeps a mark the source made', () => {
    expect(marks([frame(0), frame(1, { segmentStart: 'reconnect', timestamp: -5 })])).toEqual(['1 reconnect']);
  });

  it.each([{ gapFactor: 1 }, { gapSeconds: -1 }, { gapFactor: Number.NaN }])('refuses %j', (options) => {
    expect(() => of().pipe(splitAtCuts(options))).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});

describe('splitAtCuts on pictures', () => {
  const drive = syntheticDrive(3, { forward: 1 }).map((one) => one.frame);
  const [first, second, third] = drive as [Frame, Frame, Frame];
  const elsewhere = syntheticDrive(1, { forward: 0 }).map((one) => changed(one.frame, (_, at) => at % 251))[0] as Frame;

  it('sees no cut in a drive, but one to another scene and back', () => {
    expect(marks(inARow([first, second, third]))).toEqual([]);
    expect(marks(inARow([first, second, shifted(third, 300, 60)]))).toEqual(['2 scene-cut']);
    expect(marks(inARow([first, elsewhere, second]))).toEqual(['1 scene-cut', '2 scene-cut']);
  });

  it('is not fooled by exposure, shake or a fast turn', () => {
    expect(marks(inARow([first, changed(second, (value) => 0.4 * value + 90)]))).toEqual([]);
    expect(marks(inARow([first, shifted(second, 6, 14), shifted(third, -9, -12)]))).toEqual([]);
    expect(marks(inARow([first, shifted(second, 48, 0)]))).toEqual([]);
  });

  it('looks past pictures without texture', () => {
    const black = changed(first, () => 0);
    expect(marks(inARow([first, black, black, second]))).toEqual([]);
    expect(marks(inARow([first, black, elsewhere]))).toEqual(['2 scene-cut']);
  });

  it('sees no cuts at all when told to', () => {
    expect(marks(inARow([first, elsewhere]), { sceneCuts: false })).toEqual([]);
  });
});

const CLIPS: readonly (readonly [folder: string, frames: number])[] = [
  ['kitti_odometry/sequences/04/image_2', 51],
  ['kitti_odometry/sequences/00/image_2', 150],
  ['kitti_raw_clip268', 268],
  ['rgbd_redkitchen', 80],
];

describe.skipIf(!hasFootage('kitti_raw_clip268'))('splitAtCuts on real footage', () => {
  it('sees no cut while a clip plays and every cut from clip to clip', { timeout: 240_000 }, async () => {
    const clips = await Promise.all(CLIPS.map(([folder, most]) => footage(folder, 640, 192, most)));
    for (const clip of clips) expect(marks(inARow(clip))).toEqual([]);
    // Ten frames of each clip in turn, twelve times.
    const mixed = Array.from({ length: 12 }, (_, round) =>
      clips.flatMap((clip) => clip.slice((4 * round) % (clip.length - 10)).slice(0, 10)),
    ).flat();
    const wanted = Array.from({ length: mixed.length / 10 - 1 }, (_, at) => `${10 * (at + 1)} scene-cut`);
    expect(marks(inARow(mixed))).toEqual(wanted);
  });

  it('splits nearly all of unrelated street scenes of one camera', { timeout: 240_000 }, async () => {
    const scenes = await footage('kitti_stereo2015/image_2');
    // Neighbours of this set are often the same drive moments apart; half the set away they are not.
    const apart = scenes.flatMap((one, at) => [one, scenes[(at + 46) % scenes.length] as Frame]);
    let found = 0;
    for (let at = 0; at < apart.length; at += 2) {
      found += marks(inARow(apart.slice(at, at + 2))).length;
    }
    expect(found / scenes.length).toBeGreaterThan(0.97);
  });
});
