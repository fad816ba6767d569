/** One line of a chart: a value a frame, `undefined` where there is none. */
export interface ChartLine {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

const WIDTH = 760;
const HEIGHT = 180;
const MARGIN = { left: 56, right: 12, top: 26, bottom: 30 };
/** Told apart by people who see few colours as well (Okabe and Ito, 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/** A page with everything in it: it opens without a network, and loads nothing. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:820px;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0;display:block;overflow-x:auto}th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right}
.words td,.words th{text-align:left}.known{font-weight:600}
h1,h3,p,li,dd,dt,summary,figcaption{overflow-wrap:anywhere}table{max-width:100%}svg{width:100%;height:auto}img{width:100%}figure{margin:1rem 0}figcaption,dd{color:#555}dt{font-weight:600}</style></head><body>
<h1>${escaped(title)}</h1>
${body}
</body></html>
`;
}

/** Figures in one row under their names. */
export function figureTable(figures: Readonly<Record<string, number | null>>): string {
  const cells = (tag: string, texts: readonly string[]): string =>
    texts.map((text) => `<${tag}>${text}</${tag}>`).join('');
  return `<table><tr>${cells('th', Object.keys(figures).map(escaped))}</tr><tr>${cells('td', Object.values(figures).map(shown))}</tr></table>`;
}

/** Values over frames as lines in one chart, with a legend where there are several; empty where nothing is above 0. */
export function lineChart(title: string, lines: readonly ChartLine[], below: string): string {
  const top = Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  if (!(top > 0)) return '';
  const drawn = lines.map(({ values }, n) => {
    const x = (i: number): number =>
      MARGIN.left + (i / Math.max(1, values.length - 1)) * (WIDTH - MARGIN.left - MARGIN.right);
    let path = '';
    let pen = 'M';
    values.forEach((value, i) => {
      if (value === undefined || Number.isNaN(value)) {
        pen = 'M';
        return;
      }
      // A value between two that are missing would be a line of no length, which is not drawn.
      const alone = pen === 'M' && values[i + 1] === undefined;
      path += `${pen}${x(i).toFixed(1)} ${heightOf(value / top).toFixed(1)}${alone ? 'h1' : ''}`;
      pen = 'L';
    });
    return `<path d="${path}" fill="none" stroke="${colour(n)}" stroke-width="1.5"/>`;
  });
  const legend = lines.length < 2 ? [] : lines.map(({ name }, n) => ({ name, colour: colour(n) }));
  return chart(title, top, drawn.join(''), below, legend);
}

/** A bar a value, from 0. */
export function barChart(title: string, values: readonly (number | undefined)[], below: string): string {
  const top = Math.max(...values.map((value) => value ?? 0));
  if (!(top > 0)) return '<p>Nothing to show.</p>';
  const wide = (WIDTH - MARGIN.left - MARGIN.right) / values.length;
  const drawn = values.map((value, i) => {
    const y = heightOf((value ?? 0) / top);
    const size = `width="${(wide - 2).toFixed(1)}" height="${(heightOf(0) - y).toFixed(1)}"`;
    return `<rect x="${(MARGIN.left + i * wide).toFixed(1)}" y="${y.toFixed(1)}" ${size} fill="${colour(0)}"/>`;
  });
  return chart(title, top, drawn.join(''), below, []);
}

/** A number as people read it; a dash where there is none. */
export function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : String(Number(value.toPrecision(4)));
}

/** Text that stays text in HTML. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function colour(n: number): string {
  return COLOURS[n % COLOURS.length]!;
}

function heightOf(share: number): number {
  return MARGIN.top + (1 - share) * (HEIGHT - MARGIN.top - MARGIN.bottom);
}

function chart(
  title: string,
  top: number,
  content: string,
  below: string,
  legend: readonly { readonly name: string; readonly colour: string }[],
): string {
  const axis = `<path d="M${MARGIN.left} ${MARGIN.top}V${heightOf(0)}H${WIDTH - MARGIN.right}" fill="none" stroke="#999"/>`;
  const text = (x: number, y: number, anchor: string, words: string, fill = '#555'): string =>
    `<text x="${x}" y="${y}" font-size="12" text-anchor="${anchor}" fill="${fill}">${words}</text>`;
  const names = legend
    .map(({ name, colour: fill }) => `<tspan fill="${fill}">${escaped(name)}</tspan>`)
    .join('<tspan dx="10"> </tspan>');
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${axis}${content}
${text(MARGIN.left - 6, MARGIN.top + 10, 'end', top.toPrecision(3))}${text(MARGIN.left - 6, heightOf(0), 'end', '0')}
${text(MARGIN.left, MARGIN.top - 10, 'start', escaped(title))}${text(WIDTH / 2, HEIGHT - 8, 'middle', escaped(below))}${names && text(WIDTH - MARGIN.right, MARGIN.top - 10, 'end', names)}</svg>`;
}
