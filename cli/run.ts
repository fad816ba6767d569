import { Command } from 'commander';
import { filter, lastValueFrom, ReplaySubject, takeUntil, tap } from 'rxjs';
import { type MissedFrame, scaleIntrinsics } from '../frames/index.ts';
import { writeTo } from '../operators/index.ts';
import { readIntrinsics } from '../pipeline/datasets/intrinsics-text.ts';
import { depthStream } from '../pipeline/depth-stream.ts';
import { locateFfmpeg } from '../pipeline/ffmpeg/locate.ts';
import { framesOf } from '../pipeline/frames-of.ts';
import { leadIn, openResults, type ResultsFolder } from '../pipeline/sinks/folder/results-folder.ts';
import { SINKS, sinksNamed } from '../pipeline/sinks/registry.ts';
import type { Footage } from '../pipeline/sources/frame-source.ts';
import { openFootage } from '../pipeline/sources/registry.ts';
import { onInterrupt } from './interrupt.ts';
import { addStreamOptions, type RunOptions, runOptions } from './options.ts';
import { Progress } from './progress.ts';
import { errorLine, FailedRun, Report } from './report.ts';
import { findModels, identityOf, type OpenModels, openModels, tellGuesses } from './stream-setup.ts';
import { RunCounts, type RunSummary, summaryLines } from './summary.ts';
import { version } from './version.ts';

/** Frames that may wait for one output: enough to even out a slow disk, few enough to forget about memory. */
const AHEAD = 4;

/** `depthcast run`: depth for every frame of finite footage, lossless, into a folder. */
export function runCommand(done: (exitCode: number) => void): Command {
  return addStreamOptions(
    new Command('run')
      .description('Depth for every frame of a file, a folder of pictures or a data set, into a folder.')
      .argument('<source>', 'video file, - (stdin), MCAP recording, folder or glob of pictures, KITTI folder')
      .option('--out <dir>', 'folder for the results (default: out)')
      .option('--write <list>', `what to write: ${SINKS.map((sink) => sink.name).join(', ')} (default: png16,csv)`),
  )
    .addHelpText(
      'after',
      `
The same command again goes on where it stopped. Ctrl-C ends in order, keeps what was written and prints the summary
(exit code 130).

Example:
  $ depthcast run drive.mp4 --intrinsics 721,721,610,173@1242x375 --out out/drive --write png16,color.mp4,csv
`,
    )
    .action(async (source: string, given: Record<string, unknown>) => {
      done(await run(source, await runOptions(given)));
    });
}

async function run(name: string, options: RunOptions): Promise<number> {
  const report = new Report(options.logLevel);
  const sinks = sinksNamed(options.write);
  const found = await findModels(options);
  tellGuesses(found, options, report);
  const nothing = new RunCounts().summary(found.model.card.id, 0);
  // Until the first frame is asked for there is nothing to end in order.
  const stopListening = onInterrupt(() => {
    report.info('stopped before the first frame');
    if (options.json) process.stdout.write(`${JSON.stringify(nothing)}\n`);
    process.exit(130);
  });
  const source = await openFootage(name, { layout: options.layout });
  const { info } = source;
  const intrinsics =
    options.intrinsics === undefined ? info.intrinsics : await readIntrinsics(options.intrinsics, info.size);
  const camera = intrinsics && scaleIntrinsics(intrinsics, info.size);
  const identity = identityOf(name, source, found, options, camera);
  const results = await openResults({
    dir: options.out,
    sinks,
    shelf: SINKS,
    identity,
    versions: { depthcast: version(), node: process.versions.node, ffmpeg: (await locateFfmpeg()).version },
    frameCount: info.frameCount,
    names: info.names,
    maxFrames: options.maxFrames,
  });
  let outcome: Outcome = { summary: nothing, interrupted: false };
  try {
    if (results.complete) {
      report.info(`nothing is left to do: all ${results.from} frames are in ${options.out}`);
    } else {
      const models = await openModels(found, options, info.size, report);
      try {
        stopListening();
        const picture = { size: identity.networkSize, resize: found.model.card.input.resize, intrinsics: camera };
        outcome = await stream(source, models, results, options, report, picture);
      } finally {
        await models.close();
      }
      for (const line of summaryLines(outcome.summary)) report.info(line);
      report.info(`results in ${options.out}`);
    }
  } finally {
    stopListening();
    await results.close();
  }
  if (outcome.error !== undefined) throw new FailedRun(outcome.error, outcome.summary);
  if (options.json) process.stdout.write(`${JSON.stringify(outcome.summary)}\n`);
  return outcome.interrupted ? 130 : 0;
}

interface Outcome {
  readonly summary: RunSummary;
  readonly interrupted: boolean;
  readonly error?: unknown;
}

async function stream(
  source: Footage,
  { model, fallback }: OpenModels,
  results: ResultsFolder,
  options: RunOptions,
  report: Report,
  picture: Pick<Parameters<Footage['frames']>[0], 'size' | 'resize' | 'intrinsics'>,
): Promise<Outcome> {
  // Remembers, since it may be told before anybody listens.
  const stopped = new ReplaySubject<void>(1);
  let interrupted = false;
  const stopListening = onInterrupt(() => {
    interrupted = true;
    stopped.next();
  });
  const counts = new RunCounts();
  const { from } = results;
  const sinks = await results.open(model.device);
  if (from > 0) report.info(`going on at frame ${from}: the ones before it are in ${options.out}`);
  const offsets = model.contextOffsets;
  const start = leadIn(from, offsets);
  const total = options.maxFrames ?? source.info.frameCount;
  const progress = report.tells('info') ? new Progress({ output: process.stderr, total, done: from }) : undefined;
  let failedOutputs = 0;
  let error: unknown;
  let missError: unknown;
  const began = performance.now();
  const frames = framesOf(source, {
    ...picture,
    stream: 'run',
    from: start.read,
    maxFrames: options.maxFrames === undefined ? undefined : options.maxFrames - start.read,
  }).pipe(
    takeUntil(stopped),
    tap((frame) => {
      if (frame.index >= from) counts.frames++;
    }),
  );
  const onMissed = ({ window, missed, error: reason }: MissedFrame): void => {
    if (window.target.index < from) return;
    counts.dropped++;
    if (reason === undefined) return;
    if (missError === undefined)
      report.warn(`frame ${window.target.index} has no depth (${missed}): ${errorLine(reason)}`);
    missError = reason;
  };
  try {
    await lastValueFrom(
      depthStream(frames, {
        model,
        fallback,
        offsets,
        from: start.estimate,
        cameraHeight: options.cameraHeight,
        onMissed,
      }).pipe(
        filter((answer) => answer.frame.index >= from),
        writeTo(sinks, {
          ahead: AHEAD,
          onSinkError: (failure) => {
            error ??= failure;
            // The last one's failure ends the run and is told there.
            if (++failedOutputs < sinks.length) report.warn(`one output ends, the others go on: ${errorLine(failure)}`);
          },
        }),
        tap((answer) => {
          counts.add(answer);
          progress?.step();
        }),
      ),
      { defaultValue: undefined },
    );
  } catch (failure) {
    // A terminal sends Ctrl-C to the decoder as well, which may then complain of it. Outputs have told theirs above.
    if (!interrupted) error ??= failure;
  } finally {
    stopListening();
    progress?.end();
  }
  // A frame or two without depth is a loss that is counted; no depth at all is a failure.
  if (counts.depthFrames === 0) error ??= missError;
  const durationS = (performance.now() - began) / 1000;
  const reachedLimit = options.maxFrames !== undefined && from + counts.frames >= options.maxFrames;
  await results
    .end(error !== undefined ? 'failed' : interrupted ? 'interrupted' : reachedLimit ? 'max-frames' : 'end-of-source')
    .catch((failure: unknown) => {
      error ??= failure;
    });
  return { summary: counts.summary(model.id, durationS, model.device), interrupted, error };
}
