import type { ReceivedFrame } from '../../client/received-frame.ts';
import { pointOf } from './crosshair.ts';
import { distanceText, type PicturePoint } from './measure.ts';

const SVG = 'http://www.w3.org/2000/svg';

interface Marks {
  readonly svg: SVGSVGElement;
  readonly line: SVGLineElement;
  readonly ends: readonly [SVGCircleElement, SVGCircleElement];
  readonly label: HTMLElement;
}

/**
 * A ruler between two points of the picture: a press places an end, a drag places both; Enter places an end where the
 * crosshair is. The distance is measured anew in every frame, through space, between what the picture shows there.
 */
export class Ruler {
  /** Whether presses place ends. */
  isOn = false;
  readonly #marks: Marks[];
  readonly #onChange: () => void;
  #ends: PicturePoint[] = [];
  #pressed: PicturePoint | undefined;

  constructor(panels: readonly HTMLElement[], crosshair: () => PicturePoint | undefined, onChange: () => void) {
    this.#onChange = onChange;
    this.#marks = panels.map((panel) => {
      panel.addEventListener('pointerdown', (event) => {
        if (!this.isOn || event.button !== 0) return;
        this.#pressed = pointOf(event, panel);
        this.#place(this.#pressed);
      });
      panel.addEventListener('pointerup', (event) => {
        const [from, to] = [this.#pressed, pointOf(event, panel)];
        this.#pressed = undefined;
        // A press that moved was a drag from end to end.
        if (!this.isOn || !from || Math.hypot(from.x - to.x, from.y - to.y) < 0.02) return;
        this.#ends = [from, to];
        onChange();
      });
      panel.addEventListener('keydown', (event) => {
        const point = crosshair();
        if (this.isOn && event.key === 'Enter' && point) this.#place(point);
      });
      return marksOn(panel);
    });
  }

  toggle(isOn: boolean): void {
    this.isOn = isOn;
    this.#ends = [];
    this.#onChange();
  }

  /** What the ruler says of a frame; empty without two ends. */
  text(frame: ReceivedFrame): string {
    const [a, b] = this.#ends;
    return a && b ? distanceText(frame, a, b) : '';
  }

  /** Draws the ruler with what it says of a frame. */
  draw(frame: ReceivedFrame): void {
    const [a, b] = this.#ends;
    const text = this.text(frame);
    for (const { svg, line, ends, label } of this.#marks) {
      svg.toggleAttribute('hidden', !a);
      label.hidden = !(a && b);
      [a, b].forEach((end, i) => {
        ends[i as 0 | 1].toggleAttribute('hidden', !end);
        if (end) placeAt(ends[i as 0 | 1], { cx: end.x, cy: end.y });
      });
      line.toggleAttribute('hidden', !(a && b));
      if (!a || !b) continue;
      placeAt(line, { x1: a.x, y1: a.y, x2: b.x, y2: b.y });
      const middle = (a.x + b.x) / 2;
      label.style.left = `${Math.min(0.86, Math.max(0.14, middle)) * 100}%`;
      label.style.top = `${((a.y + b.y) / 2) * 100}%`;
      if (label.textContent !== text) label.textContent = text;
    }
  }

  #place(point: PicturePoint): void {
    this.#ends = this.#ends.length === 1 ? [this.#ends[0]!, point] : [point];
    this.#onChange();
  }
}

function marksOn(panel: HTMLElement): Marks {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'ruler');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'line');
  const ends = [document.createElementNS(SVG, 'circle'), document.createElementNS(SVG, 'circle')] as const;
  for (const end of ends) end.setAttribute('r', '5');
  svg.append(line, ...ends);
  const label = document.createElement('div');
  label.className = 'ruler-label';
  label.hidden = true;
  panel.append(svg, label);
  return { svg, line, ends, label };
}

function placeAt(element: SVGElement, shares: Readonly<Record<string, number>>): void {
  for (const [name, share] of Object.entries(shares)) element.setAttribute(name, `${share * 100}%`);
}
