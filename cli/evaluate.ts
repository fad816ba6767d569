import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { ReplaySubject } from 'rxjs';
import { compareModels } from '../pipeline/evaluation/compare-models.ts';
import { comparisonMarkdown, type TitledComparison } from '../pipeline/evaluation/comparison-tables.ts';
import { htmlReport } from '../pipeline/evaluation/html-report.ts';
import { counted, inPercent } from '../pipeline/evaluation/in-words.ts';
import { presetInWords } from '../pipeline/evaluation/presets.ts';
import {
  type EvaluationSummary,
  markdownTable,
  refuseOtherComparison,
  writeComparison,
  writeReports,
} from '../pipeline/evaluation/report-files.ts';
import { type Contestant, contestantOf, named } from './evaluate-contestants.ts';
import { type Evaluated, evaluateOne, progressFolderOf, whyEmpty } from './evaluate-one.ts';
import { type EvaluateOptions, evaluateHelp, evaluateOptions } from './evaluate-options.ts';
import type { Interruption } from './evaluate-task.ts';
import { onInterrupt } from './interrupt.ts';
import { FailedRun, Report } from './report.ts';

/** `depthcast evaluate`: accuracy and consistency over time against what was measured. */
export function evaluateCommand(done: (exitCode: number) => void): Command {
  return evaluateHelp().action(async (dataset: string, given: Record<string, unknown>) => {
    const options = await evaluateOptions(given);
    const report = new Report(options.logLevel);
    const { interruption, stopListening } = listen();
    try {
      await (options.compare
        ? compare(dataset, options.compare, options, report, interruption)
        : evaluate(dataset, options, report, interruption));
    } finally {
      stopListening();
    }
    done(interruption.isAsked() ? 130 : 0);
  });
}

/** The first Ctrl-C ends the look at the frames; one during the look over time ends that. */
function listen(): { interruption: Interruption; stopListening: () => void } {
  // Remembers, since it may be told before anybody listens.
  const stopped = new ReplaySubject<void>(1);
  let [asked, again, cut] = [false, false, false];
  const stopListening = onInterrupt(() => {
    asked = true;
    cut = again;
    stopped.next();
  });
  const interruption = {
    stopped,
    isAsked: () => asked,
    isCut: () => cut,
    looksAgain: () => {
      again = true;
    },
  };
  return { interruption, stopListening };
}

async function evaluate(
  place: string,
  options: EvaluateOptions,
  report: Report,
  interruption: Interruption,
): Promise<void> {
  const { pred, model, out } = options;
  const contestant: Contestant =
    pred === undefined
      ? { name: model, kind: 'model', place: model }
      : { name: 'given', kind: 'predictions', place: pred };
  const progressFolder = progressFolderOf(out);
  const task = { place, contestant, options, report, interruption, progressFolder, reportFolder: out };
  const found = await evaluateOne(task);
  let complete = false;
  try {
    if (out !== undefined) await writeOne(out, found, report);
    tell(report, found.summary);
    throwIfFailed(found, interruption);
    complete = !interruption.isAsked();
    print(options, found.summary, markdownTable(found.summary));
  } finally {
    await found.evaluation.close();
    await found.journal?.close(complete);
  }
}

/** Each model by itself, one after the other, then all of them side by side. */
async function compare(
  place: string,
  places: readonly string[],
  options: EvaluateOptions,
  report: Report,
  interruption: Interruption,
): Promise<void> {
  const { out, block, seed } = options;
  const contestants = named(await Promise.all(places.map(contestantOf)));
  const titles = contestants.map(({ name }) => name);
  if (out !== undefined) await refuseOtherComparison(out, titles);
  const done: Evaluated[] = [];
  const names: string[] = [];
  const began = performance.now();
  let complete = false;
  try {
    for (const contestant of contestants) {
      if (interruption.isAsked()) break;
      const progressFolder = progressFolderOf(out, contestant.name);
      const reportFolder = out === undefined ? undefined : join(out, contestant.name);
      const task = { place, contestant, options, report, interruption, progressFolder, reportFolder };
      const found = await evaluateOne(task);
      done.push(found);
      names.push(contestant.name);
      if (reportFolder !== undefined) await writeOne(reportFolder, found, report);
      tell(report, found.summary);
      throwIfFailed(found, interruption);
    }
    const first = done[0];
    if (interruption.isAsked() && (done.length < contestants.length || !shareFrames(done))) {
      report.info('stopped before all of them were measured, so they are not compared');
      if (first) print(options, first.summary, markdownTable(first.summary));
      return;
    }
    const models = done.map(({ rows, summary }, i) => ({ name: names[i]!, rows, scaling: summary.scale.mode }));
    const comparison: TitledComparison = {
      ...compareModels(models, { block, seed }),
      dataset: basename(resolve(place)),
      preset: presetInWords(first!.summary.preset, first!.summary.protocol),
    };
    if (out !== undefined) {
      await writeComparison(out, comparison, models);
      report.info(`comparison in ${out}`);
    }
    for (const note of comparison.notes) report.warn(note);
    complete = !interruption.isAsked();
    const durationS = Number(((performance.now() - began) / 1000).toFixed(3));
    print(options, { ...first!.summary, durationS, comparison }, comparisonMarkdown(comparison));
  } finally {
    for (const { evaluation, journal } of done) {
      await evaluation.close();
      await journal?.close(complete);
    }
    if (complete && out !== undefined) await rm(progressFolderOf(out)!, { recursive: true, force: true });
  }
}

/** What broke off, and what looked at frames and measured nothing, ends with its error and with what there is. */
function throwIfFailed({ failure, summary }: Evaluated, interruption: Interruption): void {
  if (interruption.isAsked()) return;
  const error = failure ?? whyEmpty(summary);
  if (error !== undefined) throw new FailedRun(error, summary);
}

/** Whether there are enough frames that each of them answered. */
function shareFrames(done: readonly Evaluated[]): boolean {
  const names = done.map(({ rows }) => new Set(rows.map(({ name }) => name)));
  return [...names[0]!].filter((name) => names.every((each) => each.has(name))).length > 1;
}

async function writeOne(out: string, { summary, rows, evaluation }: Evaluated, report: Report): Promise<void> {
  const page = htmlReport(summary, rows, evaluation.histogram, await evaluation.worst());
  await writeReports(out, summary, rows, page);
  report.info(`reports in ${out}`);
}

function print({ json }: EvaluateOptions, data: object, table: string): void {
  process.stdout.write(json ? `${JSON.stringify(data)}\n` : table);
}

/** What people should know about the figures, on stderr. */
function tell(report: Report, { missing, notes, frames, durationS, answered }: EvaluationSummary): void {
  report.info(`${counted(frames, 'frame')} in ${durationS.toFixed(1)} s`);
  for (const [names, what] of [
    [missing.truth, 'without measured depth'],
    [missing.prediction, 'without a prediction'],
    [missing.pictures ?? [], 'without a picture'],
  ] as const) {
    if (names.length === 0) continue;
    const some = `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
    report.warn(`${counted(names.length, 'frame')} ${what}: ${some}`);
  }
  if (answered !== null && answered < 1) {
    report.warn(
      `${inPercent(answered)} of the measured pixels have a prediction: the figures say nothing of the others, unless the preset holds them at its least depth`,
    );
  }
  for (const [name, note] of Object.entries(notes)) report.info(`${name}: ${note}`);
}
