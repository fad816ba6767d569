import { describe, expect, it, onTestFinished } from 'vitest';
import { type Compared, compareModels } from '../../../pipeline/evaluation/compare-models.ts';
import { comparisonPage } from '../../../pipeline/evaluation/comparison-page.ts';
import {
  comparisonCsv,
  comparisonLatex,
  comparisonMarkdown,
  signed,
} from '../../../pipeline/evaluation/comparison-tables.ts';
import type { EvaluatedFrame } from '../../../pipeline/evaluation/evaluated-frame.ts';
import { hasNoBrowser, openBrowser } from '../../helpers/browser.ts';

const wave = (i: number): number => 0.02 * Math.sin(i / 9) + 0.005 * Math.sin(i * 2.4);

/** Frames whose AbsRel goes up and down with the drive, `worse` above that; δ is its mirror image. */
function model(name: string, worse: (i: number) => number, frames = 60): Compared {
  const rows = Array.from({ length: frames }, (_, i): EvaluatedFrame => {
    const absRel = 0.12 + wave(i) + worse(i);
    return {
      ...{
        name: String(i),
        index: i,
        timestamp: i / 10,
        estimator: i === 0 ? 'other' : name,
        pixels: 9,
        unanswered: 0,
      },
      accuracy: {
        ...{ absRel, sqRel: 1, rmse: 4, rmseLog: 0.2, silog: 18, log10: 0.05, d1: 1 - absRel, d2: 0.95, d3: 0.99 },
      },
      ...(i > 0 ? { consistency: { tae: 5 + 10 * worse(i) } } : {}),
    };
  });
  return { name, rows, scaling: 'none' };
}

const quiet = (): number => 0;
const noise = (i: number): number => 0.004 * Math.sin(i * 1.9 + 1);

describe('models side by side', () => {
  it('are known to differ by less than each of them varies, since frames are compared in pairs', () => {
    const found = compareModels([model('a', quiet), model('b', (i) => 0.004 + noise(i))]);
    const [a, b] = found.models.map(({ figures }) => figures.absRel!);
    // Their own intervals overlap by far.
    expect(a!.high).toBeGreaterThan(b!.low);
    const { absRel, d1, tae, sqRel, tcm } = found.differences[0]!.figures;
    expect(absRel).toMatchObject({ differs: true });
    expect(absRel!.value).toBeCloseTo(b!.value - a!.value, 12);
    expect(absRel!.low).toBeGreaterThan(0);
    expect(d1!.high).toBeLessThan(0);
    expect(tae!.differs).toBe(true);
    expect(sqRel).toMatchObject({ value: 0, low: 0, high: 0, differs: false });
    expect(tcm).toBeNull();
  });

  it('are not known to differ where only noise is between them', () => {
    const found = compareModels([model('a', quiet), model('b', noise)]);
    expect(found.differences[0]!.figures.absRel!.differs).toBe(false);
  });

  it('are looked at on the frames that all of them answered, joined by name', () => {
    const short = model('b', () => 0.01);
    const later = { ...short, rows: short.rows.slice(20).reverse() };
    const found = compareModels([model('a', quiet), later]);
    expect(found.frames).toBe(40);
    expect(found.differences[0]!.figures.absRel!.value).toBeCloseTo(0.01, 12);
    expect(found.models[0]!.answeredBy).toEqual({ a: 40 });
    const strangers = { ...short, rows: short.rows.map((row) => ({ ...row, name: `x${row.name}` })) };
    expect(() => compareModels([model('a', quiet), strangers])).toThrow(
      expect.objectContaining({ code: 'input-empty' }),
    );
  });

  it('say block length, seed, how many blocks there are, and what to beware of', () => {
    const found = compareModels([model('a', quiet), { ...model('b', quiet), scaling: 'median' }], {
      block: 12,
      seed: 3,
    });
    expect(found.bootstrap).toMatchObject({ block: 12, blocks: 5, seed: 3, resamples: 10_000, level: 0.95 });
    expect(found.notes.join()).toMatch(/5 blocks, which is few.*scaled in different ways/);
  });

  const three = {
    ...compareModels([model('a_1', quiet), model('b', (i) => 0.01 + noise(i)), model('c|<d>', quiet)]),
    dataset: '04',
    preset: 'street',
  };

  it('stand in Markdown with every pair, its interval and the verdict', () => {
    const text = comparisonMarkdown(three);
    expect(text).toMatch(
      /60 frames of 04, preset street; 95 % intervals: paired circular block bootstrap, blocks of 11 frames, 10000 draws, seed 1/,
    );
    expect(text).toMatch(/\| AbsRel ↓ \| 0\.1\d\d \[/);
    expect(text).toMatch(/\| b − a_1 \| known to differ \|/);
    expect(text).toMatch(/\| AbsRel ↓ \| \+0\.0\d+ \[\+0\.\d+, \+0\.\d+\] \| yes: a_1 better \|/);
    expect(text).toContain('c\\|<d>');
    expect(text).toContain('- b: 1 frame answered by other, 59 frames answered by b');
    expect(text).toMatch(/\| TCM \(m\) ↓ \| – \|/);
  });

  it('state what each leaves open, and warn of it', () => {
    const picky = model('picky', quiet);
    const rows = picky.rows.map((row) => ({ ...row, pixels: 6, unanswered: 3 }));
    const found = { ...compareModels([model('a', quiet), { ...picky, rows }]), dataset: '04', preset: 'street' };
    expect(found.models.map(({ answered }) => answered)).toEqual([1, 2 / 3]);
    expect(found.notes.join()).toMatch(/not every model answers every measured pixel/);
    expect(comparisonMarkdown(found)).toContain('| answered pixels ↑ | 100 % | 66.6 % | – | – |');
    expect(comparisonLatex(found)).toContain('answered pixels $\\uparrow$ & 100\\,\\% & 66.6\\,\\% & --');
    expect(comparisonPage(found, [model('a', quiet), picky])).toContain('<td>66.6 %</td>');
  });

  it('show enough digits of a difference that is hardly one, and none of what arithmetic left over', () => {
    expect(signed({ value: -2e-6, low: -3e-6, high: 1e-5 })).toBe('−0.000002 [−0.000003, +0.000010]');
    expect(signed({ value: 1e-17, low: 0, high: 0.5 })).toBe('+0.0000 [+0.0000, +0.5000]');
  });

  it('stand in LaTeX with what differs in bold, and in CSV a row a figure, model and pair', () => {
    expect(comparisonLatex(three)).toMatch(/AbsRel \$\\downarrow\$ & 0\.1.*\\textbf\{\+0\.0/);
    expect(comparisonLatex(three)).toContain('a\\_1');
    const lines = comparisonCsv(three).trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 15 * 6);
    expect(lines.every((line) => line.split(',').length === 7)).toBe(true);
    expect(lines).toContain('tcm,b,,,,,');
    expect(lines.find((line) => line.startsWith('absRel,b,a_1,'))).toMatch(/,yes$/);
  });

  it('stand on one page that loads nothing, with names as text and a line a model', () => {
    const page = comparisonPage(three, [model('a_1', quiet), model('b', noise), model('c|<d>', quiet)]);
    expect(page).not.toMatch(/<script|https?:|<link|@import|url\(|<d>/);
    const chart = /<svg[^>]*aria-label="AbsRel"[\s\S]*?<\/svg>/.exec(page)![0];
    expect(chart.match(/<path d="M[\d.]+ [\d.]+L/g)).toHaveLength(3);
  });

  it.skipIf(hasNoBrowser())('do not make their page scroll sideways on 400 pixels', { timeout: 240_000 }, async () => {
    const long = model('2011_09_26_drive_0002_sync_predictions_of_another_network_that_has_a_long_name', quiet);
    const models = [long, model('b', noise), model('c', noise)];
    const html = comparisonPage({ ...compareModels(models), dataset: '04', preset: 'street' }, models);
    const browser = await openBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    await page.setContent(html);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
  });
});
