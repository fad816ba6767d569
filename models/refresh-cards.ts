import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { type ModelCard, parseCard } from './card.ts';

/**
 * Command: brings the cards of the built-in network up to the graphs in models/weights, after each export.
 * `node dist/models/refresh-cards.js`
 *
 * Hashes, sizes, range, windows, training data and figures come from weights/graphs.json; title, licence and notes stay
 * as they are in the card.
 */
const models = new URL(import.meta.url.endsWith('.ts') ? './' : '../../models/', import.meta.url);

const graph = z.object({ file: z.string(), sha256: z.string(), bytes: z.int() });
const exported = z.object({
  graphs: z.object({ frame: graph, window: graph, single: graph }),
  fCanonical: z.number(),
  depthRangeMetres: z.tuple([z.number(), z.number()]),
  sizeMultiple: z.int(),
  windowOffsets: z.array(z.array(z.int())).min(1),
  parameters: z.int(),
  training: z.looseObject({ data: z.array(z.string()) }),
  measured: z.record(z.string(), z.json()),
});

const weights = exported.parse(JSON.parse(await readFile(new URL('weights/graphs.json', models), 'utf8')));

for (const head of ['window', 'single'] as const) {
  const path = new URL(`cards/tc-depth-lite${head === 'single' ? '-single' : ''}.json`, models);
  const text = await readFile(path, 'utf8');
  const after = refreshed(JSON.parse(text), head);
  const { id } = parseCard(after, path.pathname);
  const newText = `${written(after)}\n`;
  await writeFile(path, newText);
  console.error(`${id}: ${newText === text ? 'as it was' : 'refreshed'}`);
}

/** The card with what the export knows; keys keep their order, so that a diff shows what changed. */
function refreshed(card: ModelCard, head: 'window' | 'single'): object {
  const part = ({ file, sha256, bytes }: z.infer<typeof graph>): object => ({
    file: `../weights/${file}`,
    sha256,
    bytes,
  });
  const [min, max] = weights.depthRangeMetres;
  const [offsets, ...alternatives] = weights.windowOffsets;
  const { data, ...facts } = weights.training;
  return {
    ...card,
    parts: { frame: part(weights.graphs.frame), [head]: part(weights.graphs[head]) },
    ...(head === 'window' ? { window: { offsets, alternatives } } : {}),
    input: { ...card.input, size: { ...card.input.size, multiple: weights.sizeMultiple } },
    output: { ...card.output, min, max },
    camera: { ...card.camera, canonicalFocal: weights.fCanonical },
    trained: { data, facts: { parameters: weights.parameters, ...facts } },
    figures: weights.measured,
  };
}

/** JSON with lists of plain values on one line where they fit, as the formatter of the project has it. */
function written(card: object): string {
  let text = JSON.stringify(card, null, 2);
  // Twice, for lists of lists.
  for (let depth = 0; depth < 2; depth++) {
    text = text.replace(/^(.*)\[\n\s+((?:[^[\]{}]|\[[^[\]{}\n]*\])*?)\n\s+\](,?)$/gm, (whole, before, list, comma) => {
      const line = `${before}[${list.replace(/,\n\s+/g, ', ')}]${comma}`;
      return line.length <= 120 ? line : whole;
    });
  }
  return text;
}
