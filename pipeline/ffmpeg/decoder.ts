import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import ffmpeg from 'fluent-ffmpeg';
import type { FfmpegBinary } from './locate.ts';
import { redact } from './redact.ts';

/** One run of ffmpeg: one input, one output. */
export interface FfmpegRequest {
  /** Options before `-i`, one argument an entry; nothing is split at blanks and no shell is involved. */
  readonly inputOptions: readonly string[];
  /** What stands after `-i`; a stream is fed to ffmpeg's stdin as `pipe:0`. */
  readonly input: string | Readable;
  readonly outputOptions: readonly string[];
  /** A file (overwritten), or a stream that receives ffmpeg's stdout and whose back-pressure stalls it. */
  readonly output: string | Writable;
  /** Texts that must not appear in what is kept of stderr. */
  readonly secrets?: readonly string[] | undefined;
  /** Called with each line of stderr, redacted. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** How a run ended. The exit code alone means little: a lost camera ends with 0. */
export interface FfmpegExit {
  /** True where {@link FfmpegRun.stop} was called before the end. */
  readonly stopped: boolean;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The program could not be started at all. */
  readonly spawnError?: Error | undefined;
  /** The last lines of stderr, redacted, at most {@link STDERR_LINES}. */
  readonly stderr: readonly string[];
}

/** Lines of stderr that are kept of a run. */
const STDERR_LINES = 60;

/** Characters that are kept of a line. */
const LONGEST_LINE = 400;

/** Milliseconds between the steps SIGTERM, SIGTERM, SIGKILL. */
const PATIENCE = 500;

/** The part of a fluent-ffmpeg command that its types hide. The package is frozen, so this is safe to rely on. */
interface Internals {
  ffmpegProc?: ChildProcess;
  _checkCapabilities(done: () => void): void;
  _getFfmpegPath(done: (error: null, file: string) => void): void;
  availableEncoders(done: (error: null, encoders: object) => void): void;
  _spawnFfmpeg(args: readonly string[], options: object, ...callbacks: unknown[]): void;
}

/** A running ffmpeg. Its end is never an exception: look at {@link FfmpegRun.exited}. */
export class FfmpegRun {
  /** Resolves once the process is gone and its output was taken; never rejects. */
  readonly exited: Promise<FfmpegExit>;
  readonly #stderr: string[] = [];
  #child: ChildProcess | undefined;
  #kill: (signal: NodeJS.Signals) => void = () => {};
  #stopped = false;
  #over = false;

  constructor(binary: FfmpegBinary, request: FfmpegRequest) {
    const command = ffmpeg({ stdoutLines: 1 }) as unknown as Omit<ReturnType<typeof ffmpeg>, keyof Internals> &
      Internals;
    // Trap 1: it looks every format up in a list that it fails to parse for ffmpeg 7 and later, by two more processes
    // a run, of whichever ffmpeg the whole process found first. We know the program and its options already.
    command._checkCapabilities = (done) => done();
    command.availableEncoders = (done) => done(null, {});
    command._getFfmpegPath = (done) => done(null, binary.path);
    // Where ffmpeg may connect to is said by its arguments alone: a proxy of the environment would stand between it and
    // our relays, and `no_proxy` would let it past them.
    const spawn = command._spawnFfmpeg;
    command._spawnFfmpeg = (args, options, ...callbacks) =>
      spawn.call(command, args, { ...options, env: withoutProxies(process.env) }, ...callbacks);
    command.input(request.input);
    // With more than one argument fluent-ffmpeg takes them as they are; with one or an array it splits at blanks.
    if (request.inputOptions.length > 0) command.inputOptions('-nostdin', ...request.inputOptions);
    if (request.outputOptions.length > 0) command.outputOptions('-nostats', ...request.outputOptions);
    command.output(request.output, { end: true });
    command.on('stderr', (line: string) => this.#keep(redact(line, request.secrets), request.onLine));

    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null, spawnError?: Error): void => {
        this.#over = true;
        resolve({ stopped: this.#stopped, code, signal, spawnError, stderr: this.#stderr });
      };
      command.on('start', () => {
        // Kept here, since the command forgets its process before the last of the output was taken.
        const child = command.ffmpegProc!;
        this.#child = child;
        this.#kill = child.kill.bind(child);
        // Trap 4: 20 ms after the output stream is closed it kills the process, which on a busy machine hits a decoder
        // that has written everything and is about to leave with 0. Nobody but us ends it.
        child.kill = () => false;
        if (child.pid === undefined) {
          // Trap 5: where the program cannot be started it throws out of its own listener.
          child.removeAllListeners('error');
          child.once('error', (error) => end(null, null, error));
          return;
        }
        child.once('close', (code, signal) => end(code, signal));
        // Trap 2: `kill()` before this moment does nothing and ffmpeg would run to its end.
        if (this.#stopped) this.#kill('SIGKILL');
      });
      // Trap 3: a kill that we asked for arrives here as well. The child's own `close` tells how it ended; only where
      // there never was a child is this the end, and only a broken stream is a reason to act.
      command.on('error', (error: Error & { inputStreamError?: Error; outputStreamError?: Error }) => {
        if (this.#child?.pid === undefined) end(null, null, error);
        else if (error.inputStreamError || error.outputStreamError) void this.stop(true);
      });
    });
    command.run();
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Ends the run: SIGTERM, after half a second SIGTERM again (some builds ignore the first), then SIGKILL. With `now`
   * straight to SIGKILL, for a stalled decoder whose output nobody wants. May be called at any time and more than once.
   */
  async stop(now = false): Promise<FfmpegExit> {
    if (this.#over) return this.exited;
    this.#stopped = true;
    // ffmpeg may sit in a write that nobody will ever take; closing our end wakes it.
    this.#child?.stdout?.destroy();
    if (now) {
      this.#kill('SIGKILL');
      return this.exited;
    }
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGKILL'] as const) {
      this.#kill(signal);
      const patience = new AbortController();
      const waited = sleep(PATIENCE, undefined, { signal: patience.signal }).catch(() => {});
      await Promise.race([this.exited, waited]);
      patience.abort();
      if (this.#over) break;
    }
    return this.exited;
  }

  #keep(line: string, onLine: ((line: string) => void) | undefined): void {
    if (line === '') return;
    this.#stderr.push(line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);
    if (this.#stderr.length > STDERR_LINES) this.#stderr.shift();
    onLine?.(line);
  }
}

function withoutProxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(https?|all|no)_proxy$/i.test(name)));
}

/** Starts ffmpeg. Every later event, a failure to start included, is told by {@link FfmpegRun.exited}. */
export function startFfmpeg(binary: FfmpegBinary, request: FfmpegRequest): FfmpegRun {
  return new FfmpegRun(binary, request);
}
