import path from 'node:path';
import type { Accuracy } from '../../operators/metrics/accuracy.ts';
import { makeFolder, writeAtomically } from '../sinks/folder/atomic-file.ts';
import type { Compared } from './compare-models.ts';
import { comparisonPage } from './comparison-page.ts';
import { comparisonCsv, comparisonLatex, comparisonMarkdown, type TitledComparison } from './comparison-tables.ts';
import type { EvaluatedFrame } from './evaluated-frame.ts';
import type { EvaluationResult } from './evaluation.ts';

/** What `evaluate --json` prints, and `summary.json` holds. Scripts rely on the first four names. */
export interface EvaluationSummary
  extends Pick<EvaluationResult, 'frames' | 'accuracy' | 'scale' | 'consistency' | 'notes'> {
  /** Names of frames without measured depth, without a prediction, and of frames of a list without a picture. */
  readonly missing: EvaluationResult['missing'] & { readonly pictures?: readonly string[] };
  /** Id of the multi-frame model, or `given` for predictions of another program. */
  readonly model: string;
  readonly dataset: string;
  readonly preset: string;
  readonly durationS: number;
}

/** Columns of a table of depth papers, with how many digits they have there. */
const ACCURACY: readonly (readonly [keyof Accuracy, string, string])[] = [
  ['absRel', 'AbsRel', 'AbsRel $\\downarrow$'],
  ['sqRel', 'SqRel', 'SqRel $\\downarrow$'],
  ['rmse', 'RMSE', 'RMSE $\\downarrow$'],
  ['rmseLog', 'RMSElog', 'RMSE$_{\\log}$ $\\downarrow$'],
  ['d1', 'δ<1.25', '$\\delta<1.25$ $\\uparrow$'],
  ['d2', 'δ<1.25²', '$\\delta<1.25^2$ $\\uparrow$'],
  ['d3', 'δ<1.25³', '$\\delta<1.25^3$ $\\uparrow$'],
];

/**
 * Writes `frames.csv` (a row a frame), `summary.json`, `table.md` and `table.tex` (the columns of the papers' tables) and
 * `report.html` into a folder, each whole or not at all. Throws `output-failed`.
 */
export async function writeReports(
  folder: string,
  summary: EvaluationSummary,
  rows: readonly EvaluatedFrame[],
  page: string,
): Promise<void> {
  await makeFolder(folder);
  const write = (name: string, text: string): Promise<void> => writeAtomically(path.join(folder, name), text);
  await write('frames.csv', csvOf(rows));
  await write('summary.json', `${JSON.stringify(summary, undefined, 2)}\n`);
  await write('table.md', markdownTable(summary));
  await write('table.tex', latexTable(summary));
  await write('report.html', page);
}

/**
 * Writes `comparison.json`, `.md`, `.tex`, `.csv` and `.html` into a folder, each whole or not at all. Throws
 * `output-failed`.
 */
export async function writeComparison(
  folder: string,
  comparison: TitledComparison,
  models: readonly Compared[],
): Promise<void> {
  await makeFolder(folder);
  const write = (ending: string, text: string): Promise<void> =>
    writeAtomically(path.join(folder, `comparison.${ending}`), text);
  await write('json', `${JSON.stringify(comparison, undefined, 2)}\n`);
  await write('md', comparisonMarkdown(comparison));
  await write('tex', comparisonLatex(comparison));
  await write('csv', comparisonCsv(comparison));
  await write('html', comparisonPage(comparison, models));
}

/** A row a frame, RFC 4180; empty where there is no such figure. Units as in the metrics' own files. */
export function csvOf(rows: readonly EvaluatedFrame[]): string {
  const accuracy = ['absRel', 'sqRel', 'rmse', 'rmseLog', 'silog', 'log10', 'd1', 'd2', 'd3'] as const;
  const overTime = ['selfReprojection', 'tae', 'opw', 'rtc', 'tcm'] as const;
  const head = ['name', 'index', 'timestamp', 'estimator', 'pixels', 'unanswered', 'ratio', ...accuracy, ...overTime];
  const lines = rows.map((row) => [
    quoted(row.name),
    row.index,
    row.timestamp.toFixed(6),
    quoted(row.estimator),
    row.pixels,
    row.unanswered,
    digits(row.ratio),
    ...accuracy.map((key) => digits(row.accuracy?.[key])),
    ...overTime.map((key) => digits(row.consistency?.[key])),
  ]);
  return `${[head, ...lines].map((line) => line.join(',')).join('\n')}\n`;
}

/** The table of the papers in Markdown: accuracy, and below it consistency with units. */
export function markdownTable({
  model,
  preset,
  frames,
  accuracy,
  scale,
  consistency,
  notes,
}: EvaluationSummary): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = (cells: readonly string[]): string => `|${cells.map(() => '---').join('|')}|\n`;
  const head = ['Model', ...ACCURACY.map(([, name]) => name)];
  const { tcm, tae, opw, rtc, selfReprojection } = consistency;
  const timeHead = ['Model', 'TCM m', 'TCM m²', 'TCM RMSE m', 'TAE %', 'OPW m', 'rTC', 'self-reprojection'];
  const time = [tcm.absErr, tcm.sqErr, tcm.rmse, tae, opw, rtc, selfReprojection];
  return [
    `${frames} frames, preset ${preset}, scaling: ${scale.mode}\n\n`,
    line(head) + rule(head) + line([model, ...ACCURACY.map(([key]) => fixed(accuracy?.[key]))]),
    '\n',
    line(timeHead) + rule(timeHead) + line([model, ...time.map(fixed)]),
    '\n',
    ...Object.entries(notes).map(([name, note]) => `- ${name}: ${note}\n`),
  ].join('');
}

/** The accuracy table of the papers in LaTeX, for `booktabs`. */
export function latexTable({ model, preset, accuracy }: EvaluationSummary): string {
  const escaped = model.replaceAll(/([_&%#$])/g, '\\$1');
  return [
    `% preset ${preset}`,
    `\\begin{tabular}{l${'c'.repeat(ACCURACY.length)}}`,
    '\\toprule',
    `Method & ${ACCURACY.map(([, , name]) => name).join(' & ')} \\\\`,
    '\\midrule',
    `${escaped} & ${ACCURACY.map(([key]) => fixed(accuracy?.[key])).join(' & ')} \\\\`,
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n');
}

function fixed(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3);
}

function digits(value: number | undefined): string {
  return value === undefined ? '' : String(Number(value.toPrecision(9)));
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
