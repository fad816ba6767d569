import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FoundModel, InferenceClient } from '../../models/index.ts';
import { findModel, listCards, openModel } from '../../models/index.ts';
import { madeFrame, windowAt } from '../models/street-frames.ts';

/** Every card that ships, and the test's own for networks a user would bring. */
const found: readonly FoundModel[] = [
  ...(await listCards()),
  ...(await Promise.all(
    ['rtmonodepth-s', 'tcmonodepth-small'].map((name) =>
      findModel(fileURLToPath(new URL(`../models/cards/${name}.json`, import.meta.url))),
    ),
  )),
];

/** Byte for byte; vitest's own comparison takes a second for a depth map. */
const same = (one: ArrayBufferView, other: ArrayBufferView): boolean => {
  const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytes(one).equals(bytes(other));
};

describe.each(found.map((model) => [model.card.id, model] as const))('the model %s', (id, card) => {
  const there = Object.values(card.files).every((file) => existsSync(file));
  if (!there) console.warn(`skipped: the weights of ${id} are not here`);

  describe.skipIf(!there)('when opened', () => {
    let model: InferenceClient;
    beforeAll(async () => {
      model = await openModel(card, { threads: 1, deadlineMs: 60_000 });
    });
    afterAll(() => model.close());

    /** Frames of the size the model wants for KITTI footage, or, where it takes any, of a small one to save time. */
    const made = (count: number, small = card.card.input.size.rule === 'aspect'): ReturnType<typeof madeFrame>[] => {
      const wanted = model.inputSize({ width: 1242, height: 375 });
      const { width, height } = small ? { width: 320, height: 96 } : wanted;
      return Array.from({ length: count }, (_, index) => madeFrame(index, width, height));
    };
    const reach = (): number => Math.max(0, ...model.contextOffsets.map(Math.abs));

    it('says who it is and what its numbers mean', () => {
      expect(model.id).toBe(id);
      expect(['metric', 'relative', 'inverse']).toContain(model.kind);
      expect(model.contextOffsets).not.toContain(0);
      expect(model.inFlight).toBeGreaterThan(1);
    });

    it('answers at the size of the frame, in its range, with an opinion on nearly every pixel', async () => {
      const frames = made(2 * reach() + 1, false);
      const map = await model.estimate(windowAt(frames, reach(), model.contextOffsets));
      expect([map.width, map.height]).toEqual([frames[0]!.width, frames[0]!.height]);
      expect(map.data.length).toBe(map.width * map.height);
      expect(map.kind).toBe(model.kind);
      const finite = map.data.filter(Number.isFinite);
      expect(finite.length / map.data.length).toBeGreaterThan(0.99);
      const { min, max } = card.card.output;
      for (const value of finite) {
        if (value < (min ?? -Infinity) - 1e-6 || value > (max ?? Infinity) * (1 + 1e-6)) expect.fail(`${value}`);
      }
      expect(new Set(finite).size).toBeGreaterThan(100);
    });

    it('answers the same twice, into memory of its own each time', async () => {
      const window = windowAt(made(2 * reach() + 1), reach(), model.contextOffsets);
      const one = await model.estimate(window);
      const two = await model.estimate(window);
      expect(same(two.data, one.data)).toBe(true);
      expect(two.data.buffer).not.toBe(one.data.buffer);
    });

    it('answers several at once in the order they were asked, each its own', async () => {
      const frames = made(2 * reach() + 4);
      const alone: Float32Array[] = [];
      for (let at = reach(); at < reach() + 4; at++) {
        alone.push((await model.estimate(windowAt(frames, at, model.contextOffsets))).data);
      }
      const order: number[] = [];
      const together = await Promise.all(
        alone.map(async (_, at) => {
          const map = await model.estimate(windowAt(frames, at + reach(), model.contextOffsets));
          order.push(at);
          return map.data;
        }),
      );
      expect(order).toEqual([0, 1, 2, 3]);
      together.forEach((data, at) => {
        expect(same(data, alone[at]!)).toBe(true);
      });
    });

    it('leaves the frame as it was', async () => {
      const frames = made(2 * reach() + 1);
      const before = Uint8Array.from(frames[reach()]!.pixels);
      await model.estimate(windowAt(frames, reach(), model.contextOffsets));
      expect(same(Uint8Array.from(frames[reach()]!.pixels), before)).toBe(true);
    });

    it('needs context frames only if it is a multi-frame model', async () => {
      const frames = made(1);
      const lone = model.estimate(windowAt(frames, 0, [-1, 1]));
      if (reach() === 0) await expect(lone).resolves.toMatchObject({ width: frames[0]!.width });
      else await expect(lone).rejects.toMatchObject({ code: 'model-shape' });
    });

    it('refuses a frame of a size it cannot take, and stays usable', async () => {
      const odd = Array.from({ length: 2 * reach() + 1 }, (_, index) => madeFrame(index, 333, 77));
      const failed = model.estimate(windowAt(odd, reach(), model.contextOffsets));
      await expect(failed).rejects.toMatchObject({ code: 'model-shape' });
      await model.estimate(windowAt(made(2 * reach() + 1), reach(), model.contextOffsets));
    });

    it('answers what was asked before it is closed, and nothing after', async () => {
      const other = await openModel(card, { threads: 1, deadlineMs: 60_000 });
      const window = windowAt(made(2 * reach() + 1), reach(), model.contextOffsets);
      const last = other.estimate(window);
      await Promise.resolve();
      await other.close();
      await expect(last).resolves.toMatchObject({ kind: model.kind });
      await other.close();
      await expect(other.estimate(window)).rejects.toMatchObject({ code: 'model-crashed' });
    });
  });
});
