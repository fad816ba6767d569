import { Command, CommanderError } from 'commander';
import { DepthcastError } from '../frames/index.ts';
import { benchCommand } from './bench.ts';
import { evaluateCommand } from './evaluate.ts';
import { modelsCommand } from './models.ts';
import { probeCommand } from './probe.ts';
import { errorReport, exitCodeOf, FailedRun, LOG_LEVELS, type LogLevel, Report } from './report.ts';
import { runCommand } from './run.ts';
import { serveCommand } from './serve-command.ts';
import { version } from './version.ts';

/** Runs one command line and answers the exit code: 0 done, 1 failed, 2 the call was wrong, 130 ended by Ctrl-C. */
async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('depthcast')
    .description('Depth from video: files, folders of pictures and cameras in, depth maps and a live view out.')
    .version(version())
    .showHelpAfterError(false)
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', '\nExample:\n  $ depthcast run drive.mp4 --out out/drive --write png16,color.mp4\n');
  const done = (code: number): void => {
    exitCode = code;
  };
  for (const command of [runCommand, serveCommand, evaluateCommand, modelsCommand, benchCommand, probeCommand]) {
    program.addCommand(command(done));
  }
  overrideExit(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const error = thrown instanceof CommanderError ? wrongCall(thrown, args) : thrown;
    report(error, args);
    return exitCodeOf(error);
  }
}

/** Tells a failure on stderr and, where JSON was asked for, as the last line of stdout, with what was done till then. */
function report(thrown: unknown, args: readonly string[]): void {
  const error = thrown instanceof FailedRun ? thrown.cause : thrown;
  new Report(levelIn(args)).error(error);
  const summary = thrown instanceof FailedRun ? thrown.summary : {};
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ ...summary, error: errorReport(error) })}\n`);
}

/** The level of a command line that may be wrong in any other way. */
function levelIn(args: readonly string[]): LogLevel {
  const at = args.findIndex((arg) => arg === '--log-level' || arg.startsWith('--log-level='));
  const said = args[at]?.split('=')[1] ?? args[at + 1];
  return at < 0 ? 'info' : (LOG_LEVELS.find((level) => level === said) ?? 'info');
}

function wrongCall(error: CommanderError, args: readonly string[]): DepthcastError {
  const text = error.code === 'commander.help' ? 'No command was given' : error.message.replace(/^error: /, '');
  const known = ['run', 'serve', 'evaluate', 'models', 'bench', 'probe'].find((name) => name === args[0]);
  return new DepthcastError('option-invalid', `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`, {
    advice: `See: depthcast ${known ? `${known} ` : ''}--help`,
  });
}

function overrideExit(command: Command): void {
  command.exitOverride();
  for (const below of command.commands) {
    below.configureOutput({ outputError: () => {} });
    overrideExit(below);
  }
}

/** Leaves once both streams took everything: a pipe takes its time, and `process.exit` would cut it off. */
function leave(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

// A reader that has had enough (`| head`) is no fault.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
const args = process.argv.slice(2);
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    report(error, args);
    leave(exitCodeOf(error));
  });
}
leave(await main(args));
