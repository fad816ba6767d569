import { Matrix4 } from 'three';
import { valueOfCode } from '../../../frames/packed-depth.ts';
import { type DisplayRange, depthText } from '../colours/colour-range.ts';
import type { Settings } from '../settings/settings.ts';
import type { ShownFrame } from '../stream/stream-feed.ts';
import { CameraOutline } from './camera-outline.ts';
import { type CloudGeometry, cloudGeometry } from './cloud-geometry.ts';
import { CloudPoints, type PointLook } from './cloud-points.ts';
import { CloudStage, SHOULDER } from './cloud-stage.ts';
import { CloudTrail } from './cloud-trail.ts';
import { withoutFlyingPixels } from './flying-pixels.ts';
import { pick } from './pick.ts';

/** The 3-D view: the newest frame as a cloud of points, a trail of past ones, and the depth under the pointer. */
export class CloudView {
  readonly #canvas: HTMLCanvasElement;
  readonly #label: HTMLElement;
  readonly #note: HTMLElement;
  readonly #stage: CloudStage;
  readonly #points = new CloudPoints();
  readonly #trail: CloudTrail;
  readonly #outline = new CameraOutline();
  #settings: Settings;
  #shown: ShownFrame | undefined;
  #geometry: CloudGeometry | undefined;
  #pointer: { readonly x: number; readonly y: number } | undefined;
  #needsPick = false;
  /** Setting by which the points on the graphics card were chosen. */
  #edge = 0;
  #counted = { draws: 0, at: 0 };

  /** `box` holds a canvas, a label for the pointer and a note. Throws where the browser has no WebGL 2. */
  constructor(box: HTMLElement, settings: Settings) {
    this.#canvas = box.querySelector('canvas')!;
    this.#label = box.querySelector('.cloud-label')!;
    this.#note = box.querySelector('.cloud-note')!;
    this.#settings = settings;
    this.#stage = new CloudStage(this.#canvas, () => this.#beforeDraw());
    this.#trail = new CloudTrail(this.#stage.scene);
    this.#stage.scene.add(this.#points.object, this.#outline.object);
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.#canvas.addEventListener('pointerleave', () => this.#point(undefined));
    setInterval(() => this.#writeNote(), 500);
  }

  /** Shows a frame. The bitmap may be closed when this returns. */
  show(shown: ShownFrame, range: DisplayRange): void {
    const { frame, bitmap } = shown;
    const { renderer } = this.#stage;
    const geometry = cloudGeometry(frame.quantised, range, frame.intrinsics);
    const { edge, trail } = this.#settings;
    if (shown !== this.#shown || edge !== this.#edge) {
      const codes = withoutFlyingPixels(frame.quantised, geometry, edge);
      this.#points.load(renderer, { ...frame.quantised, codes }, bitmap);
      this.#trail.add(renderer, shown, codes, geometry, trail);
      this.#edge = edge;
    }
    this.#points.place(geometry);
    this.#outline.draw(geometry.intrinsics);
    this.#shown = shown;
    this.#geometry = geometry;
    this.#needsPick = this.#pointer !== undefined;
    this.#stage.invalidate();
  }

  /** Takes other settings. */
  suit(settings: Settings): void {
    this.#settings = settings;
    this.#stage.turn(settings.turn);
    this.#stage.invalidate();
  }

  activate(isActive: boolean): void {
    this.#stage.activate(isActive);
    if (isActive) this.suit(this.#settings);
  }

  /** Back over the camera's shoulder. */
  reset(): void {
    this.#stage.look(SHOULDER);
  }

  /** The canvas with a picture on it that may be read in the same task. */
  drawn(): HTMLCanvasElement {
    this.#stage.draw();
    return this.#canvas;
  }

  #beforeDraw(): void {
    const { cloudColour, map, scale, pointSize, trail } = this.#settings;
    const look: PointLook = {
      byDepth: cloudColour === 'depth',
      map,
      isLinear: scale === 'linear' && this.#shown?.frame.quantised.kind !== 'inverse',
      pointSize,
      stride: this.#stage.stride,
      pixelsPerUnit: this.#stage.pixelsPerUnit,
      halfCanvas: [this.#canvas.width / 2, this.#canvas.height / 2],
    };
    this.#points.dress(look);
    if (trail > 0) this.#trail.dress(look, backgroundOf(this.#canvas.parentElement!), trail);
    else this.#trail.dress(look, [0, 0, 0], 0);
    if (this.#needsPick) this.#pick();
  }

  #point(event: PointerEvent | undefined): void {
    // While a button or finger turns the cloud, nobody reads.
    const isReading = event !== undefined && event.buttons === 0;
    this.#pointer = isReading ? { x: event.offsetX, y: event.offsetY } : undefined;
    if (!isReading) this.#label.hidden = true;
    this.#needsPick = isReading;
    if (isReading) this.#stage.invalidate();
  }

  #pick(): void {
    this.#needsPick = false;
    if (!this.#pointer || !this.#shown || !this.#geometry) return;
    const { quantised } = this.#shown.frame;
    const { camera } = this.#stage;
    const matrix = new Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse).toArray();
    const canvas = { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
    const found = pick(quantised, this.#geometry, matrix, canvas, this.#pointer);
    this.#label.hidden = !found;
    if (!found) return;
    const code = quantised.codes[found.v * quantised.width + found.u]!;
    this.#label.textContent = depthText(valueOfCode(code, quantised.quantisation), quantised.kind);
    this.#label.style.left = `${this.#pointer.x}px`;
    this.#label.style.top = `${this.#pointer.y}px`;
  }

  #writeNote(): void {
    const now = performance.now();
    const { draws, at } = this.#counted;
    this.#counted = { draws: this.#stage.draws, at: now };
    if (!this.#shown || !this.#geometry) return;
    const rate = ((this.#stage.draws - draws) * 1000) / (now - at);
    const { kind, width, height } = this.#shown.frame.quantised;
    const { stride } = this.#stage;
    const density =
      stride > 1 ? `, every ${stride}${stride === 2 ? 'nd' : stride === 3 ? 'rd' : 'th'} while it moves` : '';
    const parts = [`${width} × ${height} points${density}`, `${rate.toFixed(0)} drawn a second`];
    if (kind === 'relative') parts.push('no unit: size is a guess');
    if (kind === 'inverse') parts.push('inverse depth: shape is a guess');
    if (!this.#geometry.isCameraKnown) parts.push('camera unknown: angle of view is a guess');
    this.#note.textContent = parts.join(' · ');
    this.#note.dataset['drawn'] = String(this.#stage.draws);
  }
}

function backgroundOf(element: HTMLElement): readonly [number, number, number] {
  const [red = 0, green = 0, blue = 0] =
    getComputedStyle(element)
      .backgroundColor.match(/[\d.]+/g)
      ?.map(Number) ?? [];
  return [red / 255, green / 255, blue / 255];
}
