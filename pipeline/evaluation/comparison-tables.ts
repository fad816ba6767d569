import type { Interval } from './block-bootstrap.ts';
import { COMPARED, type ComparedFigure, type Comparison, type Difference } from './compare-models.ts';
import { counted, inPercent } from './in-words.ts';

/** The row under the figures. */
const ANSWERED = 'answered pixels ↑';

/** A comparison with what it was made on. */
export interface TitledComparison extends Comparison {
  readonly dataset: string;
  readonly preset: string;
}

/** How the interval was made, in a line. */
export function methodOf({ frames, dataset, preset, bootstrap }: TitledComparison): string {
  const { block, seed, resamples } = bootstrap;
  return `${counted(frames, 'frame')} of ${dataset}, preset ${preset}; 95 % intervals: paired circular block bootstrap, blocks of ${counted(block, 'frame')}, ${resamples} draws, seed ${seed}`;
}

/**
 * A row a figure: each model's mean and interval, then each pair's difference and whether it is known to be one. With
 * more than two models the differences have a table of their own.
 */
export function comparisonMarkdown(comparison: TitledComparison): string {
  const { models, notes } = comparison;
  const values = modelColumns(comparison);
  const pairs = differenceColumns(comparison);
  const tables = models.length > 2 ? [values, pairs] : [[...values, ...pairs]];
  const names = COMPARED.map(
    ({ name, unit, better }) => `${name}${unit && ` (${unit})`} ${better === 'lower' ? '↓' : '↑'}`,
  );
  const written = tables.map((columns) => {
    const head = ['Figure', ...columns.map(({ title }) => title)];
    const rows = [...names, ANSWERED]
      .slice(0, Math.max(...columns.map(({ cells }) => cells.length)))
      .map((name, i) => [name, ...columns.map(({ cells }) => cells[i] ?? '–')]);
    const line = (cells: readonly string[]): string =>
      `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
    return `${line(head)}|${head.map(() => '---|').join('')}\n${rows.map(line).join('')}`;
  });
  return [
    `${methodOf(comparison)}\n`,
    ...written,
    [
      ...models.map(({ name, answeredBy }) => `- ${name}: ${spoken(answeredBy)}\n`),
      ...notes.map((note) => `- ${note}\n`),
    ].join(''),
  ].join('\n');
}

/** The same rows in LaTeX, for `booktabs`; differences that are known to be some are bold. */
export function comparisonLatex(comparison: TitledComparison): string {
  const { models, differences } = comparison;
  const heads = [
    ...models.map(({ name }) => escaped(name)),
    ...differences.map(({ from, to }) => `${escaped(to)} $-$ ${escaped(from)}`),
  ];
  const rows = COMPARED.map(({ key, latex, unit, better }) =>
    [
      `${latex}${unit && ` (${unit === '%' ? '\\%' : unit})`} $\\${better === 'lower' ? 'downarrow' : 'uparrow'}$`,
      ...models.map(({ figures }) => inWords(figures[key]).replace('–', '--')),
      ...differences.map(({ figures }) => {
        const found = figures[key];
        const text = signed(found).replace('–', '--').replaceAll('−', '$-$');
        return found?.differs ? `\\textbf{${text}}` : text;
      }),
    ].join(' & '),
  );
  rows.push(
    [
      'answered pixels $\\uparrow$',
      ...models.map(({ answered }) => (answered === null ? '--' : inPercent(answered).replace(' %', '\\,\\%'))),
      ...differences.map(() => '--'),
    ].join(' & '),
  );
  return [
    `% ${methodOf(comparison).replaceAll('%', '\\%')}`,
    `\\begin{tabular}{l${'c'.repeat(heads.length)}}`,
    '\\toprule',
    `Figure & ${heads.join(' & ')} \\\\`,
    '\\midrule',
    ...rows.map((row) => `${row} \\\\`),
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n');
}

/** A row a figure and model, and a row a figure and pair (`model` minus `minus`), RFC 4180; empty where there is none. */
export function comparisonCsv({ models, differences }: Comparison): string {
  const lines = [['figure', 'model', 'minus', 'value', 'low', 'high', 'differs']];
  const add = (key: ComparedFigure, model: string, minus: string, found: (Interval & { differs?: boolean }) | null) =>
    lines.push([
      ...[key, quoted(model), quoted(minus)],
      ...[found?.value, found?.low, found?.high].map((value) =>
        value === undefined ? '' : String(Number(value.toPrecision(9))),
      ),
      found?.differs === undefined ? '' : found.differs ? 'yes' : 'no',
    ]);
  for (const { key } of COMPARED) for (const { name, figures } of models) add(key, name, '', figures[key]);
  for (const { key } of COMPARED) for (const { from, to, figures } of differences) add(key, to, from, figures[key]);
  return `${lines.map((line) => line.join(',')).join('\n')}\n`;
}

/** `0.125 [0.121, 0.130]`. */
export function inWords(found: Interval | null): string {
  return found ? `${found.value.toFixed(3)} [${found.low.toFixed(3)}, ${found.high.toFixed(3)}]` : '–';
}

/** The same with signs; four digits, since differences are small, and as many more as the smallest one needs. */
export function signed(found: Interval | null): string {
  const sizes = [found?.value, found?.low, found?.high]
    .map((value) => Math.abs(value ?? 0))
    .filter((size) => size > 1e-12);
  // One digit of the smallest that is not 0; what is below 1e-12 is left over from arithmetic.
  const digits = Math.min(12, Math.max(4, ...sizes.map((size) => Math.ceil(-Math.log10(size)))));
  const text = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
  return found ? `${text(found.value)} [${text(found.low)}, ${text(found.high)}]` : '–';
}

/** Whether two models are known to differ, and which one is then better. */
export function verdict(
  { better }: (typeof COMPARED)[number],
  { from, to }: { readonly from: string; readonly to: string },
  found: Difference | null,
): string {
  if (!found) return '–';
  if (!found.differs) return 'no';
  return `yes: ${found.value > 0 === (better === 'higher') ? to : from} better`;
}

interface Column {
  readonly title: string;
  readonly cells: readonly string[];
}

function modelColumns({ models }: Comparison): Column[] {
  return models.map(({ name, figures, answered }) => ({
    title: name,
    cells: [...COMPARED.map(({ key }) => inWords(figures[key])), answered === null ? '–' : inPercent(answered)],
  }));
}

function differenceColumns({ differences }: Comparison): Column[] {
  return differences.flatMap((pair) => [
    { title: `${pair.to} − ${pair.from}`, cells: COMPARED.map(({ key }) => signed(pair.figures[key])) },
    { title: 'known to differ', cells: COMPARED.map((figure) => verdict(figure, pair, pair.figures[figure.key])) },
  ]);
}

function spoken(answeredBy: Readonly<Record<string, number>>): string {
  return Object.entries(answeredBy)
    .map(([model, frames]) => `${counted(frames, 'frame')} answered by ${model}`)
    .join(', ');
}

function escaped(text: string): string {
  return text.replaceAll(/([_&%#$])/g, '\\$1');
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
