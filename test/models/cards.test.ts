import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { cardParts } from '../../models/card.ts';
import { findModel, listCards } from '../../models/registry.ts';

const cards = (await listCards()).filter(({ shipped }) => shipped);
const all = await listCards();

describe('the cards that ship with their weights', () => {
  it('are those of the built-in network at least', () => {
    expect(cards.map(({ card }) => card.id)).toEqual(expect.arrayContaining(['tc-depth-lite', 'tc-depth-lite-single']));
  });

  it.each(cards.map((found) => [found.card.id, found] as const))(
    '%s names the files as they are',
    async (id, found) => {
      for (const [name, part] of cardParts(found.card)) {
        const bytes = await readFile(found.files[name]!);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const advice = `${id}: run "npm run build && node dist/models/refresh-cards.js" after an export`;
        expect({ sha256, bytes: bytes.length }, advice).toEqual({ sha256: part.sha256, bytes: part.bytes });
      }
    },
  );

  it('stay below 10 MB of weights together', async () => {
    const files = new Map(
      cards.flatMap(({ card, files }) => cardParts(card).map(([n, p]) => [files[n]!, p.bytes ?? 0])),
    );
    expect([...files.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(10_000_000);
  });

  it('say under which licence, and from what data', () => {
    for (const { card } of all) {
      expect(card.licence.name).not.toBe('');
      expect(card.trained.data.length).toBeGreaterThan(0);
    }
  });
});

describe('a model asked for', () => {
  it.each(['tc-dept', '../../etc/passwd', 'a/b', '%2e%2e', 'CON', 'x'.repeat(300), 'tc‐depth‐lite', '', '__proto__'])(
    'by the unknown name %j is not found, and what there is gets listed',
    async (name) => {
      await expect(findModel(name)).rejects.toMatchObject({
        code: 'model-not-found',
        advice: expect.stringContaining('tc-depth-lite-single'),
      });
    },
  );

  it('by its id is found', async () => {
    const found = await findModel('tc-depth-lite');
    expect(found).toMatchObject({ shipped: true, card: { id: 'tc-depth-lite', window: { offsets: [-1, 0, 1] } } });
  });

  it('by a path that is not there is not found', async () => {
    await expect(findModel('./nowhere/card.json')).rejects.toMatchObject({ code: 'model-not-found' });
    await expect(findModel('./nowhere/model.onnx')).rejects.toMatchObject({ code: 'model-not-found' });
  });
});
