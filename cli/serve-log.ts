import { type Logger, pino } from 'pino';
import { redact } from '../pipeline/ffmpeg/redact.ts';
import type { LiveLog } from '../pipeline/live/stream-plan.ts';
import { LogSink } from './log-sink.ts';
import { errorLine, errorReport, LOG_LEVELS, type LogLevel } from './report.ts';

/** Levels of facts inside facts that are looked at; there are three. */
const DEEPEST = 8;

/** How the log of `serve` looks. */
export interface ServeLogOptions {
  readonly level: LogLevel;
  /** `text`: a line a person reads. `json`: an object a line, by pino. */
  readonly format: 'text' | 'json';
  readonly sink?: LogSink | undefined;
}

/**
 * What `serve` tells on stderr. No line holds a password: every text in it has its URLs cleaned, and every text that was given
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
    const written = { write: (line: string) => this.sink.write(line) };
    const options = {
      level,
      base: { name: 'depthcast', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.#json = pino(options, written);
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
    if (this.#json) {
      const report = errorReport(error);
      this.#json.error(this.#cleaned({ error: report }), this.clean(report.message));
    } else this.#line('error', errorLine(error));
  }

  #tell(level: 'debug' | 'info' | 'warn', facts: object, sentence: string): void {
    if (!this.#json) {
      this.#line(level, sentence);
      return;
    }
    const { error, ...rest } = facts as { error?: unknown };
    const told = error === undefined ? rest : { ...rest, error: errorReport(error) };
    this.#json[level](this.#cleaned(told), this.clean(sentence));
  }

  #line(level: LogLevel, text: string): void {
    if (this.#level >= LOG_LEVELS.indexOf(level)) this.sink.write(`${this.clean(text.replaceAll(/\s*\n\s*/g, ' '))}\n`);
  }

  /** The same text without passwords. */
  clean(text: string): string {
    return redact(text, this.#secrets);
  }

  /** The same facts with every text in them cleaned, before they become JSON, where a password looks different. */
  #cleaned<T>(value: T, depth = 0): T {
    if (typeof value === 'string') return this.clean(value) as T;
    if (typeof value !== 'object' || value === null) return value;
    if (depth > DEEPEST) return undefined as T;
    if (value instanceof Error) return this.clean(value.message) as T;
    if (Array.isArray(value)) return value.map((entry) => this.#cleaned(entry, depth + 1)) as T;
    const entries = Object.entries(value).map(([key, entry]) => [key, this.#cleaned(entry, depth + 1)]);
    return Object.fromEntries(entries) as T;
  }
}
