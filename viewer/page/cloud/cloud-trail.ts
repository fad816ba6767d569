import type { Scene, WebGLRenderer } from 'three';
import type { ShownFrame } from '../stream/stream-feed.ts';
import type { CloudGeometry } from './cloud-geometry.ts';
import { CloudPoints, type PointLook } from './cloud-points.ts';

/** Milliseconds between the past frames that are kept. */
const INTERVAL_MS = 300;

/** Clouds of past frames, thinner than the live one and the paler the older they are. */
export class CloudTrail {
  readonly #scene: Scene;
  /** Oldest first. */
  #clouds: CloudPoints[] = [];
  #addedAt = Number.NEGATIVE_INFINITY;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Keeps a frame as it leaves the live cloud, if it is time for one. */
  add(
    renderer: WebGLRenderer,
    { frame, bitmap, arrivedAt }: ShownFrame,
    codes: Uint16Array,
    geometry: CloudGeometry,
    most: number,
  ): void {
    this.#keep(most);
    // Stepping backwards begins anew.
    if (arrivedAt < this.#addedAt) this.#keep(0);
    if (most === 0 || Math.abs(arrivedAt - this.#addedAt) < INTERVAL_MS) return;
    this.#addedAt = arrivedAt;
    const cloud = this.#clouds.length === most ? this.#clouds.shift()! : new CloudPoints();
    cloud.load(renderer, { ...frame.quantised, codes }, bitmap);
    cloud.place(geometry);
    this.#scene.add(cloud.object);
    this.#clouds.push(cloud);
  }

  dress(look: PointLook, background: readonly [number, number, number], most: number): void {
    this.#keep(most);
    this.#clouds.forEach((cloud, i) => {
      cloud.dress({ ...look, stride: 2 * look.stride, pointSize: look.pointSize * 0.6 });
      cloud.fade(background, 0.35 + 0.5 * ((this.#clouds.length - i) / (this.#clouds.length + 1)));
    });
  }

  /** Lets all past clouds go. */
  clear(): void {
    this.#keep(0);
  }

  #keep(most: number): void {
    while (this.#clouds.length > most) {
      const cloud = this.#clouds.shift()!;
      this.#scene.remove(cloud.object);
      cloud.dispose();
    }
  }
}
