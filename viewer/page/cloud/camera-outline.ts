import { BufferGeometry, Float32BufferAttribute, LineBasicMaterial, LineSegments } from 'three';
import type { CameraIntrinsics } from '../../../frames/camera.ts';

/** The camera as a small pyramid at the origin, with the angles of its view. */
export class CameraOutline {
  readonly object = new LineSegments(new BufferGeometry(), new LineBasicMaterial({ color: 0x7f8a99 }));
  #drawn = '';

  draw({ width, height, fx, fy, cx, cy }: CameraIntrinsics): void {
    const wanted = [width / fx, height / fy, cx / fx, cy / fy].map((value) => value.toFixed(3)).join();
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const depth = 0.5;
    const corner = (u: number, v: number) => [((u - cx) / fx) * depth, -((v - cy) / fy) * depth, -depth];
    const corners = [corner(0, 0), corner(width, 0), corner(width, height), corner(0, height)];
    const lines = corners.flatMap((point, i) => [0, 0, 0, ...point, ...point, ...corners[(i + 1) % 4]!]);
    this.object.geometry.setAttribute('position', new Float32BufferAttribute(lines, 3));
  }
}
