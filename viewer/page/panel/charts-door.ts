import type { ChartSample, Charts } from './charts.ts';

/** The way to the charts, which are fetched after the page stands; what comes before is kept for them. */
export class ChartsDoor {
  #charts: Charts | undefined;
  /** Undefined where the charts did not come. */
  #early: ChartSample[] | undefined = [];

  constructor(root: ParentNode) {
    import('./charts.ts').then(
      ({ Charts: All }) => {
        this.#charts = new All(root);
        for (const sample of this.#early ?? []) this.#charts.add(sample);
        this.#early = undefined;
      },
      // The server went away in this very moment; the numbers above the charts tell as much.
      () => {
        this.#early = undefined;
      },
    );
  }

  add(sample: ChartSample): void {
    if (this.#charts) this.#charts.add(sample);
    else this.#early?.push(sample);
  }

  clear(): void {
    if (this.#early) this.#early = [];
    this.#charts?.clear();
  }

  draw(now: number): void {
    this.#charts?.draw(now);
  }

  recolour(): void {
    this.#charts?.recolour();
  }
}
