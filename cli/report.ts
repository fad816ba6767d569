import { DepthcastError } from '../frames/index.ts';

/** How much a command tells on stderr, from nothing to everything. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A failure as `--json` prints it, under the key `error`. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A run that failed on its way: what it did until then, and why it ended, as `cause`. */
export class FailedRun extends Error {
  readonly summary: object;

  constructor(cause: unknown, summary: object) {
    super(errorReport(cause).message, { cause });
    this.summary = summary;
  }
}

/** What a command tells people: plain lines on stderr, so that stdout belongs to data. */
export class Report {
  readonly #level: number;

  constructor(level: LogLevel) {
    this.#level = LOG_LEVELS.indexOf(level);
  }

  error(error: unknown): void {
    if (this.#level >= LOG_LEVELS.indexOf('error')) process.stderr.write(`${errorLine(error)}\n`);
    if (this.#level >= LOG_LEVELS.indexOf('debug') && error instanceof Error) {
      process.stderr.write(`${error.stack ?? ''}\n`);
      if (error.cause !== undefined) process.stderr.write(`caused by ${String(error.cause)}\n`);
    }
  }

  warn(text: string): void {
    this.#line('warn', text);
  }

  info(text: string): void {
    this.#line('info', text);
  }

  debug(text: string): void {
    this.#line('debug', text);
  }

  /** Whether lines of a level are told. */
  tells(level: LogLevel): boolean {
    return this.#level >= LOG_LEVELS.indexOf(level);
  }

  #line(level: LogLevel, text: string): void {
    if (this.tells(level)) process.stderr.write(`${text}\n`);
  }
}

/** `depthcast: CODE: message. advice`, on one line whatever was thrown. */
export function errorLine(error: unknown): string {
  const { code, message, advice } = errorReport(error);
  return `depthcast: ${code}: ${message} ${advice}`.replaceAll(/\s*\n\s*/g, ' ');
}

/** A failure as data; what is not a DepthcastError is a fault of this program and says so. */
export function errorReport(error: unknown): ErrorReport {
  if (error instanceof DepthcastError) {
    return { code: error.code, message: error.message, advice: error.advice, facts: error.facts };
  }
  const text = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal',
    message: `${text === '' ? 'Something failed without a word' : text.replace(/[.\s]*$/, '')}.`,
    advice: 'This is a fault in depthcast; --log-level debug shows where.',
    facts: {},
  };
}

/** 2 where the call itself was wrong, else 1. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof DepthcastError && error.code === 'option-invalid' ? 2 : 1;
}
