import type { ChartSample, Charts } from './charts.ts';

/** The way to the charts, which are fetched after the page stands; what comes before is kept for them. */
export class ChartsDoor {
  #charts: Charts | undefined;
  #early: ChartSample[] = [];

  constructor(root: ParentNode) {
    void import('./charts.ts').then(({ Charts: All }) => {
      this.#charts = new All(root);
      for (const sample of this.#early.splice(0)) this.#charts.add(sample);
    });
  }

  add(sample: ChartSample): void {
    if (this.#charts) this.#charts.add(sample);
    else this.#early.push(sample);
  }

  clear(): void {
    this.#early = [];
    this.#charts?.clear();
  }

  draw(now: number): void {
    this.#charts?.draw(now);
  }

  recolour(): void {
    this.#charts?.recolour();
  }
}
