/** How a sparkline is scaled; the scale never follows the values, so two glances can be compared. */
export interface SparklineScale {
  readonly low: number;
  readonly high: number;
  /** Value of a thin reference line. */
  readonly reference: number;
}

const LENGTH = 180;

/** A small chart of the last 180 values; NaN leaves a hole, values beyond the scale touch its edge. */
export class Sparkline {
  readonly #canvas: HTMLCanvasElement;
  readonly #scale: SparklineScale;
  readonly #values: number[] = [];

  constructor(canvas: HTMLCanvasElement, scale: SparklineScale) {
    this.#canvas = canvas;
    this.#scale = scale;
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > LENGTH) this.#values.shift();
  }

  clear(): void {
    this.#values.length = 0;
  }

  draw(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = globalThis.devicePixelRatio || 1;
    this.#canvas.width = Math.round(clientWidth * ratio);
    this.#canvas.height = Math.round(clientHeight * ratio);
    const context = this.#canvas.getContext('2d')!;
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.#canvas);
    const yOf = (value: number) => {
      const share = (value - this.#scale.low) / (this.#scale.high - this.#scale.low);
      return 1.5 + (1 - Math.min(1, Math.max(0, share))) * (clientHeight - 3);
    };
    context.strokeStyle = style.getPropertyValue('--line');
    context.beginPath();
    context.moveTo(0, Math.round(yOf(this.#scale.reference)) + 0.5);
    context.lineTo(clientWidth, Math.round(yOf(this.#scale.reference)) + 0.5);
    context.stroke();
    context.strokeStyle = style.getPropertyValue('--accent');
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    const start = LENGTH - this.#values.length;
    let isDown = false;
    this.#values.forEach((value, i) => {
      const x = ((start + i) / (LENGTH - 1)) * clientWidth;
      if (Number.isNaN(value)) isDown = false;
      else if (isDown) context.lineTo(x, yOf(value));
      else {
        context.moveTo(x, yOf(value));
        isDown = true;
      }
    });
    context.stroke();
  }
}
