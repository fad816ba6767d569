import { type Logger, pino } from 'pino';
import { redact } from '../pipeline/ffmpeg/redact.ts';
import type { LiveLog } from '../pipeline/live/stream-plan.ts';
import { LogSink } from './log-sink.ts';
import { errorLine, errorReport, LOG_LEVELS, type LogLevel } from './report.ts';

/** How the log of `serve` looks. */
export interface ServeLogOptions {
  readonly level: LogLevel;
  /** `text`: a line a person reads. `json`: an object a line, by pino. */
  readonly format: 'text' | 'json';
  readonly sink?: LogSink | undefined;
}

/**
 * What `serve` tells on stderr. No line holds a password: every one has its URLs cleaned, and every text that was given
 * as a secret taken out.
 */
export class ServeLog implements LiveLog {
  readonly sink: LogSink;
  readonly #level: number;
  readonly #json: Logger | undefined;
  #secrets: readonly string[] = [];

  constructor({ level, format, sink = new LogSink() }: ServeLogOptions) {
    this.sink = sink;
    this.#level = LOG_LEVELS.indexOf(level);
    if (format === 'text') return;
    const cleaned = { write: (line: string) => this.sink.write(this.#clean(line)) };
    const options = {
      level,
      base: { name: 'depthcast', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.#json = pino(options, cleaned);
  }

  /** Texts that no line may hold from now on. */
  hide(secrets: readonly string[]): void {
    this.#secrets = secrets.filter((secret) => secret.length > 0).sort((one, other) => other.length - one.length);
  }

  debug(facts: object, sentence: string): void {
    this.#tell('debug', facts, sentence);
  }

  info(facts: object, sentence: string): void {
    this.#tell('info', facts, sentence);
  }

  warn(facts: object, sentence: string): void {
    this.#tell('warn', facts, sentence);
  }

  /** A failure, in one line whatever was thrown. */
  error(error: unknown): void {
    if (this.#json) this.#json.error({ error: errorReport(error) }, errorReport(error).message);
    else this.#line('error', errorLine(error));
  }

  #tell(level: 'debug' | 'info' | 'warn', facts: object, sentence: string): void {
    if (!this.#json) {
      this.#line(level, sentence);
      return;
    }
    const { error, ...rest } = facts as { error?: unknown };
    this.#json[level](error === undefined ? rest : { ...rest, error: errorReport(error) }, sentence);
  }

  #line(level: LogLevel, text: string): void {
    if (this.#level >= LOG_LEVELS.indexOf(level))
      this.sink.write(`${this.#clean(text.replaceAll(/\s*\n\s*/g, ' '))}\n`);
  }

  #clean(text: string): string {
    return redact(text, this.#secrets);
  }
}
