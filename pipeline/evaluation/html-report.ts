import type { DepthErrorHistogram } from './depth-error-histogram.ts';
import type { EvaluatedFrame } from './evaluated-frame.ts';
import type { EvaluationSummary } from './report-files.ts';
import type { WorstFrame } from './worst-frames.ts';

const WIDTH = 760;
const HEIGHT = 180;
const MARGIN = { left: 56, right: 12, top: 26, bottom: 30 };

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
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(summary.model)} on ${escaped(summary.dataset)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:820px;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0}th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right}
svg{width:100%;height:auto}img{width:100%}figure{margin:1rem 0}figcaption,dd{color:#555}dt{font-weight:600}</style></head><body>
<h1>${escaped(summary.model)} on ${escaped(summary.dataset)}</h1>
<p>${summary.frames} frames, preset ${escaped(summary.preset)}, scaling ${scale.mode}; truth / prediction: median ${shown(scale.median)}, spread ${shown(scale.std)}.</p>
<h2>Accuracy</h2>${accuracy ? table({ ...accuracy }) : '<p>No frame has measured depth.</p>'}
<h2>Consistency over time</h2>${table(time)}
<dl>${Object.entries(summary.notes)
    .map(([name, note]) => `<dt>${escaped(name)}</dt><dd>${escaped(note)}</dd>`)
    .join('')}</dl>
<h2>Error over time</h2>
${lines('AbsRel', rows, (row) => row.accuracy?.absRel)}
${lines('self-reprojection', rows, (row) => row.consistency?.selfReprojection)}
${lines('TAE (%)', rows, (row) => row.consistency?.tae)}
<h2>Error by depth</h2>${bars(histogram)}
<h2>Worst frames</h2>
${worst
  .map(
    ({ row, jpeg }) =>
      `<figure><img alt="picture and depth of frame ${escaped(row.name)}" src="data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}"><figcaption>${escaped(row.name)}: AbsRel ${shown(row.accuracy?.absRel)}</figcaption></figure>`,
  )
  .join('\n')}
</body></html>
`;
}

function table(figures: Readonly<Record<string, number | null>>): string {
  const cells = (tag: string, texts: readonly string[]): string =>
    texts.map((text) => `<${tag}>${text}</${tag}>`).join('');
  return `<table><tr>${cells('th', Object.keys(figures).map(escaped))}</tr><tr>${cells('td', Object.values(figures).map(shown))}</tr></table>`;
}

function lines(
  title: string,
  rows: readonly EvaluatedFrame[],
  figure: (row: EvaluatedFrame) => number | undefined,
): string {
  const values = rows.map(figure);
  const top = Math.max(...values.map((value) => value ?? 0));
  if (!(top > 0)) return '';
  const x = (i: number): number =>
    MARGIN.left + (i / Math.max(1, rows.length - 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  let path = '';
  let pen = 'M';
  values.forEach((value, i) => {
    if (value === undefined) {
      pen = 'M';
      return;
    }
    path += `${pen}${x(i).toFixed(1)} ${heightOf(value / top).toFixed(1)}`;
    pen = 'L';
  });
  return chart(
    title,
    top,
    `<path d="${path}" fill="none" stroke="#1565c0" stroke-width="1.5"/>`,
    `frame ${escaped(rows[0]!.name)} to ${escaped(rows.at(-1)!.name)}`,
  );
}

function bars(histogram: DepthErrorHistogram): string {
  const means = histogram.means();
  const top = Math.max(...means.map((mean) => mean ?? 0));
  if (!(top > 0)) return '<p>Nothing to show.</p>';
  const wide = (WIDTH - MARGIN.left - MARGIN.right) / means.length;
  const drawn = means.map((mean, i) => {
    const y = heightOf((mean ?? 0) / top);
    const size = `width="${(wide - 2).toFixed(1)}" height="${(heightOf(0) - y).toFixed(1)}"`;
    return `<rect x="${(MARGIN.left + i * wide).toFixed(1)}" y="${y.toFixed(1)}" ${size} fill="#1565c0"/>`;
  });
  const end = Math.round(histogram.step * means.length);
  return chart('AbsRel', top, drawn.join(''), `true depth from 0 to ${end} m, ${histogram.step.toFixed(1)} m a bar`);
}

function heightOf(share: number): number {
  return MARGIN.top + (1 - share) * (HEIGHT - MARGIN.top - MARGIN.bottom);
}

function chart(title: string, top: number, content: string, below: string): string {
  const axis = `<path d="M${MARGIN.left} ${MARGIN.top}V${heightOf(0)}H${WIDTH - MARGIN.right}" fill="none" stroke="#999"/>`;
  const text = (x: number, y: number, anchor: string, words: string): string =>
    `<text x="${x}" y="${y}" font-size="12" text-anchor="${anchor}" fill="#555">${words}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${axis}${content}
${text(MARGIN.left - 6, MARGIN.top + 10, 'end', top.toPrecision(3))}${text(MARGIN.left - 6, heightOf(0), 'end', '0')}
${text(MARGIN.left, MARGIN.top - 10, 'start', escaped(title))}${text(WIDTH / 2, HEIGHT - 8, 'middle', below)}</svg>`;
}

function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : String(Number(value.toPrecision(4)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
