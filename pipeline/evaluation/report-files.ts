import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DepthcastError } from '../../frames/index.ts';
import type { Accuracy } from '../../operators/metrics/accuracy.ts';
import { makeFolder, writeAtomically } from '../files/atomic-file.ts';
import type { Compared } from './compare-models.ts';
import { comparisonPage } from './comparison-page.ts';
import { comparisonCsv, comparisonLatex, comparisonMarkdown, type TitledComparison } from './comparison-tables.ts';
import type { EvaluatedFrame } from './evaluated-frame.ts';
import type { EvaluationResult } from './evaluation.ts';
import { counted, inPercent } from './in-words.ts';
import { type Protocol, presetInWords } from './presets.ts';

/** What `evaluate --json` prints, and `summary.json` holds. Scripts rely on the first four names. */
export interface EvaluationSummary
  extends Pick<EvaluationResult, 'frames' | 'accuracy' | 'answered' | 'scale' | 'consistency' | 'notes'> {
  /** Names of frames without measured depth, without a prediction, and of frames of a list without a picture. */
  readonly missing: EvaluationResult['missing'] & { readonly pictures?: readonly string[] };
  /** Id of the multi-frame model, or `given` for predictions of another program. */
  readonly model: string;
  readonly dataset: string;
  readonly preset: string;
  /** What the preset and the options that change it came to. */
  readonly protocol: Protocol;
  /** SHA-256 of the model's card in hex; `null` for predictions of another program. */
  readonly cardHash: string | null;
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256, in hex, of all that makes two evaluations the same one. */
  readonly identity: string;
  readonly durationS: number;
}

/** Columns of a table of depth papers, with how many digits they have there. */
export const ACCURACY: readonly (readonly [keyof Accuracy, string, string])[] = [
  ['absRel', 'AbsRel ↓', 'AbsRel $\\downarrow$'],
  ['sqRel', 'SqRel (m) ↓', 'SqRel (m) $\\downarrow$'],
  ['rmse', 'RMSE (m) ↓', 'RMSE (m) $\\downarrow$'],
  ['rmseLog', 'RMSElog ↓', 'RMSE$_{\\log}$ $\\downarrow$'],
  ['d1', 'δ<1.25 ↑', '$\\delta<1.25$ $\\uparrow$'],
  ['d2', 'δ<1.25² ↑', '$\\delta<1.25^2$ $\\uparrow$'],
  ['d3', 'δ<1.25³ ↑', '$\\delta<1.25^3$ $\\uparrow$'],
];

/** Figures over time: where they stand, as people read them with unit and direction, and in LaTeX. */
export const OVER_TIME: readonly (readonly [
  (consistency: EvaluationResult['consistency']) => number | null,
  string,
  string,
])[] = [
  [({ tcm }) => tcm.absErr, 'TCM (m) ↓', 'TCM (m) $\\downarrow$'],
  [({ tcm }) => tcm.sqErr, 'TCM (m²) ↓', 'TCM (m$^2$) $\\downarrow$'],
  [({ tcm }) => tcm.rmse, 'TCM RMSE (m) ↓', 'TCM RMSE (m) $\\downarrow$'],
  [({ tcmWithin }) => tcmWithin.absErr, 'TCM within (m) ↓', 'TCM within (m) $\\downarrow$'],
  [({ tae }) => tae, 'TAE (%) ↓', 'TAE (\\%) $\\downarrow$'],
  [({ opw }) => opw, 'OPW (m) ↓', 'OPW (m) $\\downarrow$'],
  [({ rtc }) => rtc, 'rTC ↑', 'rTC $\\uparrow$'],
  [({ selfReprojection }) => selfReprojection, 'self-reprojection ↓', 'self-reprojection $\\downarrow$'],
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
  const overTime = ['selfReprojection', 'tae', 'opw', 'rtc', 'tcm', 'tcmWithin'] as const;
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
  protocol,
  frames,
  accuracy,
  answered,
  scale,
  consistency,
  notes,
}: EvaluationSummary): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = (cells: readonly string[]): string => `|${cells.map(() => '---').join('|')}|\n`;
  const head = ['Model', ...ACCURACY.map(([, name]) => name), 'answered'];
  const timeHead = ['Model', ...OVER_TIME.map(([, name]) => name)];
  const name = model.replaceAll('|', '\\|');
  return [
    `${counted(frames, 'frame')}, preset ${presetInWords(preset, protocol)}, scaling: ${scale.mode}\n\n`,
    line(head) +
      rule(head) +
      line([name, ...ACCURACY.map(([key]) => fixed(accuracy?.[key])), answered === null ? '–' : inPercent(answered)]),
    '\n',
    line(timeHead) + rule(timeHead) + line([name, ...OVER_TIME.map(([of]) => fixed(of(consistency)))]),
    '\n',
    ...Object.entries(notes).map(([figure, note]) => `- ${figure}: ${note}\n`),
  ].join('');
}

/** The accuracy table of the papers in LaTeX, for `booktabs`, and below it consistency over time with units. */
export function latexTable(summary: EvaluationSummary): string {
  const { model, preset, protocol, accuracy, answered, consistency } = summary;
  const escaped = model.replaceAll(/([_&%#$])/g, '\\$1');
  const table = (heads: readonly string[], cells: readonly string[]): string[] => [
    `\\begin{tabular}{l${'c'.repeat(heads.length)}}`,
    '\\toprule',
    `Method & ${heads.join(' & ')} \\\\`,
    '\\midrule',
    `${escaped} & ${cells.join(' & ').replaceAll('–', '--')} \\\\`,
    '\\bottomrule',
    '\\end{tabular}',
  ];
  return [
    `% preset ${presetInWords(preset, protocol)}`,
    ...table(
      [...ACCURACY.map(([, , name]) => name), 'answered'],
      [
        ...ACCURACY.map(([key]) => fixed(accuracy?.[key])),
        answered === null ? '–' : inPercent(answered).replace(' %', '\\,\\%'),
      ],
    ),
    '',
    ...table(
      OVER_TIME.map(([, , name]) => name),
      OVER_TIME.map(([of]) => fixed(of(consistency))),
    ),
    '',
  ].join('\n');
}

/**
 * Refuses a folder whose finished reports are of another evaluation, before they would be written over. Throws
 * `output-exists`.
 */
export async function refuseOtherReports(folder: string, identity: string): Promise<void> {
  await refuseOther(path.join(folder, 'summary.json'), (there) => there['identity'] === identity);
}

/** The same for a comparison, by the names of its models; their own reports are looked at one by one. */
export async function refuseOtherComparison(folder: string, names: readonly string[]): Promise<void> {
  await refuseOther(path.join(folder, 'comparison.json'), ({ models }) => {
    const there = Array.isArray(models) ? models.map((model: { name?: unknown } | null) => model?.name) : [];
    return JSON.stringify(there) === JSON.stringify(names);
  });
}

async function refuseOther(file: string, isSame: (there: Record<string, unknown>) => boolean): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  try {
    if (isSame(JSON.parse(text) as Record<string, unknown>)) return;
  } catch {
    // Whatever it is, it is not ours to write over.
  }
  const folder = path.dirname(file);
  throw new DepthcastError('output-exists', `${folder} holds the reports of another evaluation.`, {
    advice: 'Choose another folder with --out, or delete that one.',
    facts: { folder },
  });
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
