import type { ReceivedFrame } from '../../client/received-frame.ts';
import type { StreamFeed } from '../stream/stream-feed.ts';

const REASONS: Readonly<Record<string, string>> = {
  'window-not-full': 'too few frames so far',
  'scene-cut': 'the scene was cut',
  'time-gap': 'a gap in time',
  reconnect: 'the camera came back',
  'inference-error': 'the multi-frame model failed',
  'over-budget': 'the multi-frame model was too slow',
  'model-unavailable': 'there is no multi-frame model',
};

/** Frames over which the share of fallbacks is told. */
const RECENT = 300;

/** The numbers below the pictures: who answered and why, what was lost, what it costs. */
export class Readings {
  readonly #root: ParentNode;
  /** 1 where the fallback answered, of the last frames. */
  #fallbacks: number[] = [];
  #arrivals: { readonly at: number; readonly bytes: number }[] = [];
  #frames = 0;
  #writtenAt = 0;

  constructor(root: ParentNode) {
    this.#root = root;
  }

  /** Takes note of a message that arrived. */
  add(bytes: number, fallbackReason: string | undefined): void {
    this.#frames++;
    this.#arrivals.push({ at: performance.now(), bytes });
    this.#fallbacks.push(fallbackReason === undefined ? 0 : 1);
    if (this.#fallbacks.length > RECENT) this.#fallbacks.shift();
  }

  /** Forgets what it counted: another stream begins. */
  clear(): void {
    this.#arrivals = [];
    this.#fallbacks = [];
  }

  /** Messages a second over the last two seconds; NaN before there is half a second of them. */
  rate(now: number): number {
    this.#arrivals = this.#arrivals.filter(({ at }) => now - at < 2000);
    const span = (this.#arrivals.at(-1)?.at ?? 0) - (this.#arrivals[0]?.at ?? 0);
    return span > 500 ? ((this.#arrivals.length - 1) * 1000) / span : Number.NaN;
  }

  /** Writes what belongs to the frame on the screen; numbers change a few times a second, so that they can be read. */
  show(frame: ReceivedFrame, feed: StreamFeed, isSameClock: boolean): void {
    this.#write('frames', String(this.#frames));
    this.#write('time', timeText(frame.timestamp));
    const now = performance.now();
    if (now - this.#writtenAt < 200) return;
    this.#writtenAt = now;
    const { width, height } = frame.quantised;
    const rate = this.rate(now);
    this.#write('rate', Number.isNaN(rate) ? '–' : rate.toFixed(1));
    this.#write('size', `depth ${width} × ${height}`);
    this.#write('source', `${frame.sourceSize.width} × ${frame.sourceSize.height}`);
    this.#write('latency', frame.latencyMs.toFixed(0));
    this.#write('model-time', frame.inferenceMs.toFixed(0));
    const age = Date.now() - frame.capturedAt;
    this.#write('age', isSameClock ? `${age.toFixed(0)} ms old on screen` : '');
    this.#write('dropped', `${frame.dropped} dropped before estimation`);
    this.#write('skipped', `${feed.missed} not sent to this page`);
    this.#write('bytes', this.#bytesText());
    this.#write('estimator', frame.estimator);
    this.#writeReason(frame.fallbackReason);
    this.#write('score', frame.consistency ? frame.consistency.score.toFixed(3) : '–');
    this.#write('flicker', frame.consistency ? signed(frame.consistency.flicker) : '–');
  }

  #writeReason(reason: string | undefined): void {
    const share = this.#fallbacks.reduce((sum, one) => sum + one, 0) / Math.max(1, this.#fallbacks.length);
    const recent = `fallback in ${(share * 100).toFixed(0)} % of the last ${this.#fallbacks.length}`;
    this.#write('reason', reason ? `fallback: ${REASONS[reason] ?? reason}` : 'no fallback needed');
    this.#write('fallbacks', recent);
    this.#field('reason').classList.toggle('warning', reason !== undefined);
  }

  #bytesText(): string {
    const bytes = this.#arrivals.reduce((sum, arrival) => sum + arrival.bytes, 0);
    return `${(bytes / Math.max(1, this.#arrivals.length) / 1000).toFixed(0)} kB a frame`;
  }

  #field(name: string): HTMLElement {
    return this.#root.querySelector<HTMLElement>(`[data-reading="${name}"]`)!;
  }

  #write(name: string, text: string): void {
    const field = this.#field(name);
    if (field.textContent !== text) field.textContent = text;
  }
}

function signed(percent: number): string {
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(2)}`;
}

function timeText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - minutes * 60).toFixed(2).padStart(5, '0')}`;
}
