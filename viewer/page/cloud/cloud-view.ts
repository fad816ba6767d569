import { Matrix4 } from 'three';
import { valueOfCode } from '../../../frames/packed-depth.ts';
import { type DisplayRange, depthText } from '../colours/colour-range.ts';
import type { Settings } from '../settings/settings.ts';
import type { ShownFrame } from '../stream/stream-feed.ts';
import { CameraOutline } from './camera-outline.ts';
import { type CloudGeometry, cloudGeometry } from './cloud-geometry.ts';
import { CloudPoints, type PointLook } from './cloud-points.ts';
import { CloudStage, NEARER, SHOULDER } from './cloud-stage.ts';
import { CloudTrail } from './cloud-trail.ts';
import { withoutFlyingPixels } from './flying-pixels.ts';
import { pick } from './pick.ts';

/** How far a finger may move on the glass for a tap, in CSS pixels. */
const TAP_REACH = 8;

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
  #range: DisplayRange | undefined;
  #geometry: CloudGeometry | undefined;
  /** Codes of the points that are drawn; 0 where none is. */
  #codes = new Uint16Array();
  #pointer: { readonly x: number; readonly y: number } | undefined;
  /** Where the one finger or button went down. */
  #pressed: { readonly x: number; readonly y: number } | undefined;
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
    this.#canvas.addEventListener('pointerdown', (event) => this.#press(event));
    this.#canvas.addEventListener('pointerup', (event) => this.#release(event));
    this.#canvas.addEventListener('pointerleave', ({ pointerType }) => {
      // A finger leaves the glass at once; what it read should stay.
      if (pointerType !== 'touch') this.#read(undefined);
    });
    this.#canvas.addEventListener('webglcontextrestored', () => this.#renew());
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
      this.#codes = codes;
      this.#points.load(renderer, { ...frame.quantised, codes }, bitmap);
      this.#trail.add(renderer, shown, codes, geometry, trail);
      this.#edge = edge;
    }
    this.#points.place(geometry);
    this.#outline.draw(geometry.intrinsics);
    this.#shown = shown;
    this.#range = range;
    this.#geometry = geometry;
    this.#needsPick = this.#pointer !== undefined;
    this.#stage.invalidate();
  }

  /** Brings the frame to a graphics card that lost all it had, as it may when a computer slept. */
  #renew(): void {
    this.#points.forget();
    this.#trail.clear();
    const shown = this.#shown;
    this.#shown = undefined;
    if (shown) this.show(shown, this.#range!);
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

  /** A step nearer to what is looked at, or away from it. */
  approach(isNearer: boolean): void {
    this.#stage.approach(isNearer ? NEARER : 1 / NEARER);
  }

  /** The canvas with a picture on it that may be read in the same task. */
  drawn(): HTMLCanvasElement {
    this.#stage.draw();
    return this.#canvas;
  }

  get #stride(): number {
    return this.#settings.motion === 'all' ? 1 : this.#stage.stride;
  }

  #beforeDraw(): void {
    const { cloudColour, map, scale, pointSize, trail } = this.#settings;
    const look: PointLook = {
      byDepth: cloudColour === 'depth',
      map,
      isLinear: scale === 'linear' && this.#shown?.frame.quantised.kind !== 'inverse',
      pointSize,
      stride: this.#stride,
      pixelsPerUnit: this.#stage.pixelsPerUnit,
      halfCanvas: [this.#canvas.width / 2, this.#canvas.height / 2],
    };
    this.#points.dress(look);
    if (trail > 0) this.#trail.dress(look, backgroundOf(this.#canvas.parentElement!), trail);
    else this.#trail.dress(look, [0, 0, 0], 0);
    if (this.#needsPick) this.#pick();
  }

  #point(event: PointerEvent): void {
    // While a button or finger turns the cloud, nobody reads.
    this.#read(event.buttons === 0 ? event : undefined);
  }

  #press(event: PointerEvent): void {
    // A second finger makes it a pinch.
    this.#pressed = event.isPrimary ? { x: event.offsetX, y: event.offsetY } : undefined;
  }

  /** A finger that did not move was a tap: the depth there. */
  #release(event: PointerEvent): void {
    const from = this.#pressed;
    this.#pressed = undefined;
    if (event.pointerType !== 'touch' || !from) return;
    if (Math.hypot(event.offsetX - from.x, event.offsetY - from.y) < TAP_REACH) this.#read(event);
  }

  /** Reads the depth at a place of the canvas from now on, or none. */
  #read(at: PointerEvent | undefined): void {
    this.#pointer = at && { x: at.offsetX, y: at.offsetY };
    if (!at) this.#label.hidden = true;
    this.#needsPick = at !== undefined;
    if (at) this.#stage.invalidate();
  }

  #pick(): void {
    this.#needsPick = false;
    if (!this.#pointer || !this.#shown || !this.#geometry) return;
    const { quantised } = this.#shown.frame;
    const { camera } = this.#stage;
    const matrix = new Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse).toArray();
    const canvas = { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
    const found = pick({ ...quantised, codes: this.#codes }, this.#geometry, matrix, canvas, this.#pointer);
    this.#label.hidden = !found;
    if (!found) return;
    const code = quantised.codes[found.v * quantised.width + found.u]!;
    this.#label.textContent = depthText(valueOfCode(code, quantised.quantisation), quantised.kind);
    this.#label.style.left = `${this.#pointer.x}px`;
    this.#label.style.top = `${this.#pointer.y}px`;
    this.#label.classList.toggle('to-left', this.#pointer.x > canvas.width - 90);
    this.#label.classList.toggle('below', this.#pointer.y < 40);
  }

  #writeNote(): void {
    const now = performance.now();
    const { draws, at } = this.#counted;
    this.#counted = { draws: this.#stage.draws, at: now };
    if (!this.#shown || !this.#geometry) return;
    const rate = ((this.#stage.draws - draws) * 1000) / (now - at);
    const { kind, width, height } = this.#shown.frame.quantised;
    const stride = this.#stride;
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
