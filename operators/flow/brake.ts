import type { Flow } from '../../frames/index.ts';

/**
 * One stage's foot on the brake: at most one hold on each {@link Flow} it has seen, all let go together.
 *
 * A stage may meet several flows in its life: after a reconnect the frames carry another one.
 */
export class Brake {
  readonly #holds = new Map<Flow, () => void>();

  /** Holds `flow` unless this stage does so already. */
  hold(flow: Flow): void {
    if (!this.#holds.has(flow)) this.#holds.set(flow, flow.hold());
  }

  /** Lets go of every flow. Frames may arrive before this returns, so the caller's own state must be in order. */
  release(): void {
    if (this.#holds.size === 0) return;
    const holds = [...this.#holds.values()];
    this.#holds.clear();
    for (const release of holds) release();
  }
}
