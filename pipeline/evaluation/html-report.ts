import type { Accuracy } from '../../operators/metrics/accuracy.ts';
import type { DepthErrorHistogram } from './depth-error-histogram.ts';
import type { EvaluatedFrame } from './evaluated-frame.ts';
import { counted, inPercent } from './in-words.ts';
import { barChart, escaped, figureTable, lineChart, page, shown } from './page.ts';
import { presetInWords } from './presets.ts';
import { ACCURACY, type EvaluationSummary, OVER_TIME } from './report-files.ts';
import type { WorstFrame } from './worst-frames.ts';

/** One page with everything in it: it opens without a network, and loads nothing. */
export function htmlReport(
  summary: EvaluationSummary,
  rows: readonly EvaluatedFrame[],
  histogram: DepthErrorHistogram,
  worst: readonly WorstFrame[],
): string {
  const { accuracy, answered, consistency, scale, notes } = summary;
  const time = OVER_TIME.map(([of, name]): [string, number | null] => [name, of(consistency)]);
  const span = `frame ${rows[0]?.name ?? ''} to ${rows.at(-1)?.name ?? ''}`;
  const line = (title: string, figure: (row: EvaluatedFrame) => number | undefined): string =>
    lineChart(title, [{ name: title, values: rows.map(figure) }], span);
  const end = Math.round(histogram.step * histogram.means().length);
  return page(
    `${summary.model} on ${summary.dataset}`,
    `<p>${counted(summary.frames, 'frame')}, preset ${escaped(presetInWords(summary.preset, summary.protocol))}, scaling ${scale.mode}; truth / prediction: median ${shown(scale.median)}, spread ${shown(scale.std)}${answered === null ? '' : `; answered: ${inPercent(answered)} of the measured pixels`}.</p>
${missing('measured depth', summary.missing.truth)}${missing('a prediction', summary.missing.prediction)}${missing('a picture', summary.missing.pictures ?? [])}
<h2>Accuracy</h2>${accuracy ? figureTable(figuresOf(accuracy)) : `<p>None: ${escaped(notes['accuracy'] ?? 'no frame has measured depth')}.</p>`}
<h2>Consistency over time</h2>${figureTable(Object.fromEntries(time))}
<dl>${Object.entries(notes)
      .map(([name, note]) => `<dt>${escaped(name)}</dt><dd>${escaped(note)}</dd>`)
      .join('')}</dl>
<h2>Error over time</h2>
${line('AbsRel', (row) => row.accuracy?.absRel)}
${line('self-reprojection', (row) => row.consistency?.selfReprojection)}
${line('TAE (%)', (row) => row.consistency?.tae)}
<h2>Error by depth</h2>${barChart('AbsRel', histogram.means(), `true depth from 0 to ${end} m, ${histogram.step.toFixed(1)} m a bar`)}
<h2>Worst frames</h2>
${worst
  .map(
    ({ row, jpeg }) =>
      `<figure><img alt="picture and depth of frame ${escaped(row.name)}" src="data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}"><figcaption>${escaped(row.name)}: AbsRel ${shown(row.accuracy?.absRel)}</figcaption></figure>`,
  )
  .join('\n')}`,
  );
}

/** Frames that took no part, all by name: nothing is guessed for them. */
function missing(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  return `<details><summary>${counted(names.length, 'frame')} without ${what}</summary><p>${names.map(escaped).join(', ')}</p></details>\n`;
}

/** The columns of the tables, and the two that papers on KITTI rarely give. */
function figuresOf(accuracy: Accuracy): Record<string, number> {
  const columns = ACCURACY.map(([key, name]): [string, number] => [name, accuracy[key]]);
  return { ...Object.fromEntries(columns), 'SILog ↓': accuracy.silog, 'log10 ↓': accuracy.log10 };
}
