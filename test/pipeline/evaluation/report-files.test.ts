import { describe, expect, it } from 'vitest';
import { DepthErrorHistogram } from '../../../pipeline/evaluation/depth-error-histogram.ts';
import { htmlReport } from '../../../pipeline/evaluation/html-report.ts';
import { PRESETS, protocolOf } from '../../../pipeline/evaluation/presets.ts';
import { csvOf, type EvaluationSummary, latexTable, markdownTable } from '../../../pipeline/evaluation/report-files.ts';

const accuracy = {
  absRel: 0.115,
  sqRel: 0.903,
  rmse: 4.863,
  rmseLog: 0.193,
  silog: 18,
  log10: 0.05,
  d1: 0.877,
  d2: 0.959,
  d3: 0.981,
};
const summary: EvaluationSummary = {
  frames: 2,
  accuracy,
  answered: 0.6329,
  scale: { mode: 'median', median: 31.5, std: 0.08 },
  consistency: {
    tcm: { absErr: 0.1, sqErr: 0.02, rmse: 0.14 },
    tae: null,
    opw: null,
    rtc: 0.5,
    selfReprojection: 0.031,
    tcmWithin: { absErr: 0.09, sqErr: 0.015, rmse: 0.12 },
  },
  notes: { tae: 'no two successive frames have measured depth' },
  missing: { truth: [], prediction: [] },
  model: 'my_model',
  dataset: '04',
  preset: 'eigen-raw-median',
  protocol: protocolOf({ ...PRESETS.find(({ name }) => name === 'eigen-raw-median')!, crop: 'none', maxDepth: 50 }),
  cardHash: null,
  versions: { depthcast: '1' },
  identity: 'a',
  durationS: 1,
};

describe('the tables of an evaluation', () => {
  it('have the columns of the papers in Markdown, with a dash and a reason where there is no figure', () => {
    const table = markdownTable(summary);
    expect(table).toContain('| my_model | 0.115 | 0.903 | 4.863 | 0.193 | 0.877 | 0.959 | 0.981 | 63.2 % |');
    expect(table).toContain('2 frames, preset eigen-raw-median, changed: crop none, cap 50, scaling: median');
    expect(markdownTable({ ...summary, frames: 1, answered: 1 })).toMatch(/^1 frame, [\s\S]*\| 100 % \|/);
    expect(table).toContain('| my_model | 0.100 | 0.020 | 0.140 | 0.090 | – | – | 0.500 | 0.031 |');
    expect(table).toContain('- tae: no two successive frames');
  });

  it('are valid LaTeX whatever the model is called', () => {
    expect(latexTable(summary)).toContain(
      'my\\_model & 0.115 & 0.903 & 4.863 & 0.193 & 0.877 & 0.959 & 0.981 & 63.2\\,\\% \\\\',
    );
    expect(latexTable(summary)).toContain('my\\_model & 0.100 & 0.020 & 0.140 & 0.090 & -- & -- & 0.500 & 0.031 \\\\');
    expect(latexTable(summary)).toContain('TCM (m) $\\downarrow$ & ');
  });

  it('are one page that loads nothing, with names as text', () => {
    const histogram = new DepthErrorHistogram(80, 4);
    for (const [truth, guess] of [
      [10, 11],
      [10, 9],
      [79.9, 40],
      [80, 80],
    ] as const)
      histogram.add(truth, guess);
    expect(histogram.means().map((mean) => mean?.toFixed(2))).toEqual(['0.10', undefined, undefined, '0.25']);
    const row = { name: '<b>', index: 0, timestamp: 0, estimator: 'm', pixels: 9, unanswered: 0, accuracy };
    const worst = [{ row, jpeg: Uint8Array.of(1, 2, 3) }];
    const page = htmlReport({ ...summary, model: '<script>"' }, [row, { ...row, index: 1 }], histogram, worst);
    expect(page).not.toMatch(/<script|https?:|<link|@import|url\(/);
    expect(page).toContain('&lt;script&gt;&quot;');
    expect(page).toContain('data:image/jpeg;base64,AQID');
    for (const head of [
      'SqRel (m) ↓',
      'δ&lt;1.25² ↑',
      'TCM (m²) ↓',
      'TCM within (m) ↓',
      'TAE (%) ↓',
      'rTC ↑',
      'self-reprojection ↓',
    ]) {
      expect(page).toContain(`<th>${head}</th>`);
    }
    expect(page).toContain('answered: 63.2 % of the measured pixels');
    expect(page.match(/<svg/g)).toHaveLength(2);
  });

  it('hold a row a frame in CSV, empty where there is no figure', () => {
    const row = { index: 3, timestamp: 0.3, estimator: 'm', pixels: 9, unanswered: 1 };
    const [head, first, second] = csvOf([
      { ...row, name: 'a,b', ratio: 1.5, accuracy, consistency: { tae: 2 } },
      { ...row, name: 'c' },
    ]).split('\n');
    expect(head!.split(',')).toHaveLength(22);
    expect(first).toBe('"a,b",3,0.300000,m,9,1,1.5,0.115,0.903,4.863,0.193,18,0.05,0.877,0.959,0.981,,2,,,,');
    expect(second).toBe(`c,3,0.300000,m,9,1,${','.repeat(15)}`);
  });
});
