import type { ColourMapName } from '../../../frames/colour-map.ts';
import type { ReceivedFrame } from '../../client/received-frame.ts';
import { type DisplayRange, depthText } from '../colours/colour-range.ts';
import type { ShownFrame } from '../stream/stream-feed.ts';
import { Crosshair } from './crosshair.ts';
import { DepthPainter } from './depth-painter.ts';
import { depthAtPoint } from './measure.ts';
import { paintPicture } from './picture-painter.ts';
import { Ruler } from './ruler.ts';
import { Swipe } from './swipe.ts';

/** Picture and depth, beside or over each other (the style sheet's business), with crosshair and ruler. */
export class PairView {
  readonly picture: HTMLCanvasElement;
  readonly depth: HTMLCanvasElement;
  readonly ruler: Ruler;
  readonly #pair: HTMLElement;
  readonly #panel: HTMLElement;
  #aspect = 0;
  readonly #painter: DepthPainter;
  readonly #crosshair: Crosshair;

  /** `onMove` is called when crosshair or ruler moved, with whether a key did it. */
  constructor(pair: HTMLElement, onMove: (byKey: boolean) => void) {
    this.#pair = pair;
    this.picture = pair.querySelector<HTMLCanvasElement>('#picture')!;
    this.depth = pair.querySelector<HTMLCanvasElement>('#depth')!;
    const panels = [...pair.querySelectorAll<HTMLElement>('.panel')];
    this.#panel = panels[1]!;
    this.#painter = new DepthPainter(this.depth);
    this.#crosshair = new Crosshair(panels, onMove);
    this.ruler = new Ruler(
      panels,
      () => this.#crosshair.point,
      () => onMove(false),
    );
    new Swipe(pair, pair.querySelector<HTMLElement>('#swipe')!);
  }

  /** Width of a panel in CSS pixels. */
  get panelWidth(): number {
    return this.#panel.clientWidth;
  }

  paint({ frame, bitmap }: ShownFrame, range: DisplayRange, map: ColourMapName): void {
    const aspect = frame.quantised.width / frame.quantised.height;
    if (aspect !== this.#aspect) {
      this.#aspect = aspect;
      // The style sheet keeps high pictures inside the window.
      this.#pair.style.setProperty('--aspect', aspect.toFixed(3));
    }
    paintPicture(this.picture, bitmap);
    this.#painter.paint(frame.quantised, range, map);
    this.#crosshair.label(this.pointText(frame));
    this.ruler.draw(frame);
  }

  /** Depth at the crosshair; NaN without one and where it is unknown. */
  depthAtCrosshair(frame: ReceivedFrame): number {
    const { point } = this.#crosshair;
    return point ? depthAtPoint(frame, point) : Number.NaN;
  }

  pointText(frame: ReceivedFrame): string {
    return depthText(this.depthAtCrosshair(frame), frame.quantised.kind);
  }
}
