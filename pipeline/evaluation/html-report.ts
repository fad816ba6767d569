import type { DepthErrorHistogram } from './depth-error-histogram.ts';
import type { EvaluatedFrame } from './evaluated-frame.ts';
import { barChart, escaped, figureTable, lineChart, page, shown } from './page.ts';
import type { EvaluationSummary } from './report-files.ts';
import type { WorstFrame } from './worst-frames.ts';

/** One page with everything in it: it opens without a network, and loads nothing. */
export function htmlReport(
  summary: EvaluationSummary,
  rows: readonly EvaluatedFrame[],
  histogram: DepthErrorHistogram,
  worst: readonly WorstFrame[],
): string {
  const { accuracy, consistency, scale } = summary;
  const { tcm, ...others } = consistency;
  const time = { 'TCM (m)': tcm.absErr, 'TCM (m²)': tcm.sqErr, 'TCM RMSE (m)': tcm.rmse, ...others };
  const span = `frame ${rows[0]?.name ?? ''} to ${rows.at(-1)?.name ?? ''}`;
  const line = (title: string, figure: (row: EvaluatedFrame) => number | undefined): string =>
    lineChart(title, [{ name: title, values: rows.map(figure) }], span);
  const end = Math.round(histogram.step * histogram.means().length);
  return page(
    `${summary.model} on ${summary.dataset}`,
    `<p>${summary.frames} frames, preset ${escaped(summary.preset)}, scaling ${scale.mode}; truth / prediction: median ${shown(scale.median)}, spread ${shown(scale.std)}.</p>
${missing('measured depth', summary.missing.truth)}${missing('a prediction', summary.missing.prediction)}
<h2>Accuracy</h2>${accuracy ? figureTable({ ...accuracy }) : '<p>No frame has measured depth.</p>'}
<h2>Consistency over time</h2>${figureTable(time)}
<dl>${Object.entries(summary.notes)
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
  return `<details><summary>${names.length} frames without ${what}</summary><p>${names.map(escaped).join(', ')}</p></details>\n`;
}
