import { COMPARED, type Compared, figureOf } from './compare-models.ts';
import { inWords, methodOf, signed, type TitledComparison, verdict } from './comparison-tables.ts';
import { inPercent } from './in-words.ts';
import { escaped, lineChart, page } from './page.ts';

/** The comparison as one page that loads nothing: figures with intervals, differences, and errors over time. */
export function comparisonPage(comparison: TitledComparison, models: readonly Compared[]): string {
  const { differences, notes } = comparison;
  const byName = models.map(({ rows }) => new Map(rows.map((row) => [row.name, row])));
  const names = models[0]!.rows.map(({ name }) => name).filter((name) => byName.every((rows) => rows.has(name)));
  const chart = (key: (typeof COMPARED)[number]): string =>
    lineChart(
      key.unit ? `${key.name} (${key.unit})` : key.name,
      models.map(({ name }, m) => ({
        name,
        values: names.map((frame) => {
          const value = figureOf(byName[m]!.get(frame)!, key.key);
          return Number.isFinite(value) ? value : undefined;
        }),
      })),
      `frame ${names[0]} to ${names.at(-1)}`,
    );
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const figure = ({ name, unit, better }: (typeof COMPARED)[number]): string =>
    `${name}${unit && ` (${unit})`} ${better === 'lower' ? '↓' : '↑'}`;
  const values = `<table class="words">${line('th', ['Figure', ...models.map(({ name }) => name)])}${COMPARED.map(
    (each) => line('td', [figure(each), ...comparison.models.map(({ figures }) => inWords(figures[each.key]))]),
  ).join(
    '',
  )}${line('td', ['answered pixels ↑', ...comparison.models.map(({ answered }) => (answered === null ? '–' : inPercent(answered)))])}</table>`;
  const pairs = differences.map(
    (pair) =>
      `<h3>${escaped(pair.to)} − ${escaped(pair.from)}</h3><table class="words">${line('th', ['Figure', 'difference', 'known to differ'])}${COMPARED.map(
        (each) => {
          const found = pair.figures[each.key];
          const row = line('td', [figure(each), signed(found), verdict(each, pair, found)]);
          return found?.differs ? row.replace('<tr>', '<tr class="known">') : row;
        },
      ).join('')}</table>`,
  );
  return page(
    `${models.map(({ name }) => name).join(', ')} on ${comparison.dataset}`,
    `<p>${escaped(methodOf(comparison))}.</p>
${notes.map((note) => `<p>${escaped(note)}.</p>`).join('')}
<h2>Each model</h2>${values}
<h2>Differences</h2>${pairs.join('\n')}
<h2>Over time</h2>
${COMPARED.filter(({ key }) => ['absRel', 'rmse', 'tae', 'rtc', 'selfReprojection'].includes(key))
  .map(chart)
  .join('\n')}`,
  );
}
