import { ColorManagement, LinearSRGBColorSpace, PerspectiveCamera, Scene, Vector3, WebGLRenderer } from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { Detail } from './detail.ts';

/** Where the eye is and what it looks at, in metres: x right, y up, −z forward, the camera at the origin. */
export interface Viewpoint {
  readonly position: readonly [number, number, number];
  readonly target: readonly [number, number, number];
}

/** Over the camera's shoulder. */
export const SHOULDER: Viewpoint = { position: [-1.5, 1.6, 3], target: [0.3, -0.9, -14] };

/** How much nearer a key brings the eye, as a share of the distance. */
export const NEARER = 0.85;

/** Widest the view may be across and high, in degrees. */
const VIEW = { across: 84, high: 50 } as const;

/** After so long without a movement the cloud is drawn in full, in milliseconds. */
const SETTLED_MS = 250;

/** How far the slow turn swings to either side, in radians. */
const SWING = 0.32;

/** Canvas, eye and controls of the 3-D view. It draws when something changed, and not otherwise. */
export class CloudStage {
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera(VIEW.high, 1, 0.05, 2000);
  readonly renderer: WebGLRenderer;
  /** Pictures drawn so far. */
  draws = 0;
  readonly #canvas: HTMLCanvasElement;
  readonly #controls: OrbitControls;
  readonly #beforeDraw: () => void;
  readonly #detail = new Detail();
  #isAsked = false;
  #isActive = false;
  /** When a movement was drawn last; the next picture of it follows at once. */
  #movedAt = 0;
  #isMoveAsked = false;
  #drawnAt = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;

  /** Throws where the browser has no WebGL 2. */
  constructor(canvas: HTMLCanvasElement, beforeDraw: () => void) {
    // Pictures and colour maps are shown as they are.
    ColorManagement.enabled = false;
    this.#canvas = canvas;
    this.#beforeDraw = beforeDraw;
    this.renderer = new WebGLRenderer({ canvas, alpha: true, antialias: false, powerPreference: 'high-performance' });
    this.renderer.outputColorSpace = LinearSRGBColorSpace;
    this.#controls = new OrbitControls(this.camera, canvas);
    this.#controls.enableDamping = true;
    this.#controls.dampingFactor = 0.12;
    this.#controls.minDistance = 0.5;
    this.#controls.maxDistance = 150;
    this.#controls.autoRotateSpeed = 1.2;
    this.#controls.listenToKeyEvents(canvas);
    this.#controls.addEventListener('change', () => this.#move());
    canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement!);
    this.look(SHOULDER);
  }

  /** Device pixels that one unit at distance one covers. */
  get pixelsPerUnit(): number {
    return this.renderer.domElement.height / (2 * Math.tan((this.camera.fov * Math.PI) / 360));
  }

  /** The cloud is drawn every so many pixels of every so many rows: fewer while it moves, where the machine is slow. */
  get stride(): number {
    return this.#settle === undefined ? 1 : this.#detail.stride;
  }

  /** Swings slowly from side to side. */
  turn(isOn: boolean): void {
    this.#controls.autoRotate = isOn;
    this.invalidate();
  }

  look({ position, target }: Viewpoint): void {
    this.camera.position.set(...position);
    this.#controls.target.set(...target);
    this.#controls.update();
    this.invalidate();
  }

  /** Puts the eye at so many times its distance from what it looks at. */
  approach(times: number): void {
    const away = new Vector3().subVectors(this.camera.position, this.#controls.target).multiplyScalar(times);
    this.camera.position.addVectors(this.#controls.target, away);
    this.invalidate();
  }

  /** Draws only while active. */
  activate(isActive: boolean): void {
    this.#isActive = isActive;
    if (isActive) this.#resize();
  }

  /** Has the picture drawn anew soon. */
  invalidate(): void {
    if (this.#isAsked || !this.#isActive) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      if (this.#isActive) this.draw();
    });
  }

  draw(): void {
    this.#isMoveAsked = false;
    if (this.#controls.autoRotate) {
      const angle = this.#controls.getAzimuthalAngle();
      if (Math.abs(angle) > SWING) {
        this.#controls.autoRotateSpeed = Math.abs(this.#controls.autoRotateSpeed) * Math.sign(angle);
      }
      this.invalidate();
    }
    // Controls that are still gliding ask for the next picture by their change event.
    const now = performance.now();
    this.#controls.update(Math.min(0.1, (now - this.#drawnAt) / 1000));
    this.#drawnAt = now;
    this.#beforeDraw();
    this.renderer.render(this.scene, this.camera);
    this.draws++;
    // For whoever wants to check where a point must lie on the canvas.
    const pose = JSON.stringify({
      position: this.camera.position.toArray(),
      target: this.#controls.target.toArray(),
      fov: this.camera.fov,
    });
    if (this.#canvas.dataset['pose'] !== pose) this.#canvas.dataset['pose'] = pose;
  }

  /** The eye moved: pictures that follow each other at once are a movement, and tell how fast this machine draws. */
  #move(): void {
    if (!this.#isMoveAsked) {
      const now = performance.now();
      if (this.#settle !== undefined) this.#detail.note(now - this.#movedAt);
      this.#movedAt = now;
    }
    this.#isMoveAsked = true;
    this.#settle ??= setTimeout(() => this.#settleDown(), SETTLED_MS);
    this.invalidate();
  }

  #settleDown(): void {
    this.#settle = undefined;
    // A slow machine has not drawn the last step yet.
    if (this.#isMoveAsked || performance.now() - this.#movedAt < SETTLED_MS) {
      this.#settle = setTimeout(() => this.#settleDown(), SETTLED_MS);
    } else this.invalidate();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas.parentElement!;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    this.renderer.setSize(clientWidth, clientHeight, false);
    const aspect = clientWidth / clientHeight;
    this.camera.aspect = aspect;
    const high = (2 * Math.atan(Math.tan((VIEW.across * Math.PI) / 360) / aspect) * 180) / Math.PI;
    this.camera.fov = Math.min(VIEW.high, high);
    this.camera.updateProjectionMatrix();
    // Resizing empties the canvas: waiting for the next picture would flash.
    if (this.#isActive) this.draw();
  }

  #key(event: KeyboardEvent): void {
    const nearer = { '+': NEARER, '=': NEARER, '-': 1 / NEARER }[event.key];
    if (event.key === 'Home') this.look(SHOULDER);
    else if (nearer !== undefined) this.approach(nearer);
    else return;
    event.preventDefault();
  }
}
