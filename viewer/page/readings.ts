import type { ReceivedFrame } from '../client.ts';
import { Sparkline } from './sparkline.ts';

const REASONS: Readonly<Record<string, string>> = {
  'window-not-full': 'too few frames so far',
  'scene-cut': 'the scene was cut',
  'time-gap': 'a gap in time',
  reconnect: 'the camera came back',
  'inference-error': 'the multi-frame model failed',
  'over-budget': 'the multi-frame model was too slow',
  'model-unavailable': 'there is no multi-frame model',
};

/** The numbers below the pictures: rate, latency, losses, estimator, consistency. */
export class Readings {
  readonly #fields: (name: string) => HTMLElement;
  readonly #consistency: Sparkline;
  readonly #flicker: Sparkline;
  #arrivals: number[] = [];
  #writtenAt = 0;
  #frames = 0;

  constructor(root: ParentNode) {
    this.#fields = (name) => root.querySelector<HTMLElement>(`[data-reading="${name}"]`)!;
    const chart = (name: string) => root.querySelector<HTMLCanvasElement>(`canvas[data-chart="${name}"]`)!;
    this.#consistency = new Sparkline(chart('consistency'), { low: 0, high: 1, reference: 1 });
    this.#flicker = new Sparkline(chart('flicker'), { low: -10, high: 10, reference: 0 });
  }

  /** Takes note of a frame that arrived. */
  add(frame: ReceivedFrame): void {
    this.#frames++;
    const now = performance.now();
    this.#arrivals = this.#arrivals.filter((at) => now - at < 2000);
    this.#arrivals.push(now);
    this.#consistency.add(frame.consistency?.score ?? Number.NaN);
    this.#flicker.add(frame.consistency?.flicker ?? Number.NaN);
  }

  /** Forgets the charts: another stream begins. */
  clear(): void {
    this.#arrivals = [];
    this.#consistency.clear();
    this.#flicker.clear();
  }

  /** Writes what belongs to the frame on the screen; numbers change a few times a second, so that they can be read. */
  show(frame: ReceivedFrame, skipped: number, isSameClock: boolean): void {
    this.#fields('frames').textContent = String(this.#frames);
    const now = performance.now();
    if (now - this.#writtenAt < 200) return;
    this.#writtenAt = now;
    const write = (name: string, text: string) => {
      const field = this.#fields(name);
      if (field.textContent !== text) field.textContent = text;
    };
    const { width, height } = frame.quantised;
    write('rate', this.#rate(now).toFixed(1));
    write('size', `${width} × ${height} pixels`);
    write('source', `${frame.sourceSize.width} × ${frame.sourceSize.height}`);
    write('latency', frame.latencyMs.toFixed(0));
    const age = Date.now() - frame.capturedAt;
    write('model-time', frame.inferenceMs.toFixed(0));
    write('age', isSameClock ? `on screen at ${age.toFixed(0)} ms` : '');
    write('dropped', String(frame.dropped));
    write('skipped', `${skipped === 0 ? 'none' : skipped} missed here`);
    write('estimator', frame.estimator);
    const reason = frame.fallbackReason;
    write('reason', reason ? `fallback: ${REASONS[reason] ?? reason}` : 'no fallback needed');
    this.#fields('reason').classList.toggle('warning', reason !== undefined);
    write('score', frame.consistency ? frame.consistency.score.toFixed(3) : '–');
    write('flicker', frame.consistency ? signed(frame.consistency.flicker) : '–');
    write('time', timeText(frame.timestamp));
    this.#consistency.draw();
    this.#flicker.draw();
  }

  #rate(now: number): number {
    const recent = this.#arrivals.filter((at) => now - at < 2000);
    const span = recent.at(-1)! - recent[0]!;
    return recent.length > 1 && span > 0 ? ((recent.length - 1) * 1000) / span : 0;
  }
}

function signed(percent: number): string {
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(2)}`;
}

function timeText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - minutes * 60).toFixed(2).padStart(5, '0')}`;
}
