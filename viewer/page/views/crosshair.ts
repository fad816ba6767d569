import type { PicturePoint } from './measure.ts';

/**
 * One crosshair over several panels that show the same picture: the mouse moves it, a tap or the arrow keys place it,
 * Escape takes it away. `onMove` is told whether a key did it, so that the page can read it out.
 */
export class Crosshair {
  point: PicturePoint | undefined;
  readonly #marks: { vertical: HTMLElement; horizontal: HTMLElement; label: HTMLElement }[] = [];
  readonly #onMove: (byKey: boolean) => void;

  constructor(panels: readonly HTMLElement[], onMove: (byKey: boolean) => void) {
    this.#onMove = onMove;
    for (const panel of panels) {
      const mark = (name: string) => {
        const element = panel.appendChild(document.createElement('div'));
        element.className = name;
        element.hidden = true;
        return element;
      };
      this.#marks.push({ vertical: mark('cross-x'), horizontal: mark('cross-y'), label: mark('cross-label') });
      panel.tabIndex = 0;
      panel.role = 'group';
      panel.ariaLabel = `${panel.dataset['name']}; the arrow keys move the crosshair`;
      const place = (event: PointerEvent) => this.#put(pointOf(event, panel), false);
      panel.addEventListener('pointermove', place);
      panel.addEventListener('pointerdown', place);
      panel.addEventListener('pointerleave', (event) => {
        // A finger leaves the glass at once; what it placed should stay.
        if (event.pointerType === 'mouse') this.#put(undefined, false);
      });
      panel.addEventListener('keydown', (event) => this.#key(event));
    }
  }

  /** Writes the depth beside the crosshair on every panel. */
  label(text: string): void {
    for (const { label } of this.#marks) if (label.textContent !== text) label.textContent = text;
  }

  #key(event: KeyboardEvent): void {
    const step = event.shiftKey ? 0.05 : 0.005;
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [
      0, 0,
    ];
    if (event.key === 'Escape') this.#put(undefined, true);
    else if (dx !== 0 || dy !== 0) {
      const from = this.point ?? { x: 0.5, y: 0.5 };
      const clamp = (share: number) => Math.min(0.9999, Math.max(0, share));
      this.#put({ x: clamp(from.x + dx! * step), y: clamp(from.y + dy! * step) }, true);
    } else return;
    event.preventDefault();
  }

  #put(point: PicturePoint | undefined, byKey: boolean): void {
    this.point = point;
    for (const { vertical, horizontal, label } of this.#marks) {
      for (const mark of [vertical, horizontal, label]) mark.hidden = point === undefined;
      if (!point) {
        label.textContent = '';
        continue;
      }
      vertical.style.left = `${point.x * 100}%`;
      horizontal.style.top = `${point.y * 100}%`;
      label.style.left = `${point.x * 100}%`;
      label.style.top = `${point.y * 100}%`;
      label.classList.toggle('to-left', point.x > 0.8);
      label.classList.toggle('below', point.y < 0.25);
    }
    this.#onMove(byKey);
  }
}

/** Where a pointer is on a panel. */
export function pointOf(event: PointerEvent, panel: HTMLElement): PicturePoint {
  const box = panel.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}
