import type { StreamReport } from '../pipeline/live/stream-report.ts';
import type { ServeLog } from './serve-log.ts';
import { columns } from './table.ts';

/** What is shown of one stream. */
export interface StreamFigures {
  readonly report: StreamReport;
  readonly viewers: number;
  /** Milliseconds since its last answer; `null` before the first. */
  readonly ageMs: number | null;
  /** Answers by the fallback so far. */
  readonly fallbacks: number;
  /** What was let go behind the stream so far, by `STAGE/REASON`: what a recording or a slow client cost. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Milliseconds between two tables. */
const EVERY_MS = 1000;

const HEAD = ['stream', 'state', 'in/s', 'out/s', 'let go', 'fallback', 'age', 'viewers', ''];

interface Before {
  readonly in: number;
  readonly out: number;
  readonly dropped: number;
  readonly fallbacks: number;
  readonly lost: Readonly<Record<string, number>>;
}

const NOTHING: Before = { in: 0, out: 0, dropped: 0, fallbacks: 0, lost: {} };

/** `serve --stats`: how each stream did in the last second; a table that stays on a terminal, plain lines elsewhere. */
export class ServeStats {
  readonly #figures: () => readonly StreamFigures[];
  readonly #log: Pick<ServeLog, 'sink' | 'clean'>;
  readonly #isTerminal: boolean;
  readonly #timer: NodeJS.Timeout;
  #before = new Map<string, Before>();
  #at = performance.now();

  constructor(figures: () => readonly StreamFigures[], log: Pick<ServeLog, 'sink' | 'clean'>, isTerminal: boolean) {
    this.#figures = figures;
    this.#log = log;
    this.#isTerminal = isTerminal;
    this.#timer = setInterval(() => this.#show(), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#isTerminal) this.#log.sink.footer('');
  }

  #show(): void {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#at) / 1000);
    this.#at = now;
    const rows = this.#figures().map((figures) => this.#row(figures, seconds));
    if (this.#isTerminal) {
      this.#log.sink.footer(`${columns([HEAD, ...rows]).join('\n')}\n`);
      return;
    }
    for (const [name, state, incoming, out, gone, fallback, age, viewers, why] of rows) {
      const line = `${name}: ${state}, ${incoming} in/s, ${out} out/s, ${gone} let go, ${fallback} by the fallback`;
      this.#log.sink.write(`${line}, ${age} old, ${viewers} viewers${why === '' ? '' : `, ${why}`}\n`);
    }
  }

  #row({ report, viewers, ageMs, fallbacks, lost }: StreamFigures, seconds: number): string[] {
    const dropped = Object.values(report.dropped).reduce((sum, count) => sum + count, 0);
    const now: Before = { in: report.in, out: report.out, dropped, fallbacks, lost };
    const before = this.#before.get(report.name) ?? NOTHING;
    this.#before.set(report.name, now);
    const rate = (count: number): string => (count / seconds).toFixed(1);
    const share = (count: number, of: number): string => (of > 0 ? `${((100 * count) / of).toFixed(0)} %` : '-');
    return [
      report.name,
      report.every > 1 ? `${report.state} 1/${report.every}` : report.state,
      rate(now.in - before.in),
      rate(now.out - before.out),
      share(now.dropped - before.dropped, now.in - before.in),
      share(now.fallbacks - before.fallbacks, now.out - before.out),
      ageMs === null ? '-' : `${(ageMs / 1000).toFixed(1)} s`,
      String(viewers),
      this.#log.clean(report.fault?.message ?? lossesInWords(lost, before.lost)),
    ];
  }
}

/** What was let go behind a stream since the last row, e.g. `lost: record/slow 3`; empty where nothing was. */
function lossesInWords(now: Before['lost'], before: Before['lost']): string {
  const more = Object.entries(now).map(([where, count]) => [where, count - (before[where] ?? 0)] as const);
  const losses = more.filter(([, count]) => count > 0).map(([where, count]) => `${where} ${count}`);
  return losses.length === 0 ? '' : `lost: ${losses.join(', ')}`;
}
