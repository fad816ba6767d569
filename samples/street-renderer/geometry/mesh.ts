import { type Bvh, buildBvh } from './bvh.ts';

/** A point or direction: x, y, z in metres. In a model, x is to the right, y is UP and z is forward. */
export type Vec3 = readonly [number, number, number];

/**
 * Triangles and parallelograms in the order of their tree's leaves.
 * A primitive i is the corner `shape[9i..]` and two edges; `parallelogram[i]` says whether u + v may exceed 1.
 */
export interface Mesh {
  readonly shape: Float64Array;
  /** Unit normals at the corner, its first and its second edge's end; nine numbers a primitive. */
  readonly normals: Float32Array;
  readonly parallelogram: Uint8Array;
  readonly material: Uint8Array;
  /** Two free numbers a primitive, which its material reads. */
  readonly extra: Float32Array;
  readonly bvh: Bvh;
}

const sub = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];

/** The unit normal of the plane that two edges span. */
export function normalOf(a: Vec3, b: Vec3): Vec3 {
  const x = a[1] * b[2] - a[2] * b[1];
  const y = a[2] * b[0] - a[0] * b[2];
  const z = a[0] * b[1] - a[1] * b[0];
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

/** Gathers primitives and turns them into a Mesh with its tree. */
export class MeshBuilder {
  readonly #shape: number[] = [];
  readonly #normals: number[] = [];
  readonly #parallelogram: number[] = [];
  readonly #material: number[] = [];
  readonly #extra: number[] = [];

  #push(p: Vec3, e1: Vec3, e2: Vec3, quad: number, material: number, a: number, b: number, n: readonly Vec3[]): void {
    this.#shape.push(...p, ...e1, ...e2);
    for (let i = 0; i < 3; i++) this.#normals.push(...(n[Math.min(i, n.length - 1)] as Vec3));
    this.#parallelogram.push(quad);
    this.#material.push(material);
    this.#extra.push(a, b);
  }

  /** A triangle; `normals` are the three corners' for a smooth look, else the plane's own. */
  triangle(p: Vec3, q: Vec3, r: Vec3, material: number, a = 0, b = 0, normals?: readonly Vec3[]): void {
    const e1 = sub(q, p);
    const e2 = sub(r, p);
    this.#push(p, e1, e2, 0, material, a, b, normals ?? [normalOf(e1, e2)]);
  }

  /** The parallelogram p, p + e1, p + e2; on it u runs along e1 and v along e2, both 0..1. */
  quad(p: Vec3, e1: Vec3, e2: Vec3, material: number, a = 0, b = 0, normal?: Vec3): void {
    this.#push(p, e1, e2, 1, material, a, b, [normal ?? normalOf(e1, e2)]);
  }

  /** Any four corners in order round the face, as two triangles. */
  face(corners: readonly [Vec3, Vec3, Vec3, Vec3], material: number, a = 0, b = 0, normals?: readonly Vec3[]): void {
    const [p, q, r, s] = corners;
    const n = normals as readonly [Vec3, Vec3, Vec3, Vec3] | undefined;
    this.triangle(p, q, r, material, a, b, n && [n[0], n[1], n[2]]);
    this.triangle(p, r, s, material, a, b, n && [n[0], n[2], n[3]]);
  }

  /** An upright box between two corners. */
  box(low: Vec3, high: Vec3, material: number, a = 0, b = 0): void {
    const x: Vec3 = [high[0] - low[0], 0, 0];
    const y: Vec3 = [0, high[1] - low[1], 0];
    const z: Vec3 = [0, 0, high[2] - low[2]];
    this.quad(low, x, y, material, a, b);
    this.quad(low, y, z, material, a, b);
    this.quad(low, z, x, material, a, b);
    this.quad(add(low, z), x, y, material, a, b);
    this.quad(add(low, x), y, z, material, a, b);
    this.quad(add(low, y), z, x, material, a, b);
  }

  /** A smooth tube through points, each with a radius; open at both ends unless `cap`. */
  tube(points: readonly Vec3[], radii: readonly number[], sides: number, material: number, a = 0, cap = false): void {
    const rings: Vec3[][] = [];
    const normals: Vec3[][] = [];
    points.forEach((point, i) => {
      const before = points[Math.max(0, i - 1)] as Vec3;
      const after = points[Math.min(points.length - 1, i + 1)] as Vec3;
      const along = sub(after, before);
      const helper: Vec3 = Math.abs(along[1]) > Math.hypot(along[0], along[2]) ? [1, 0, 0] : [0, 1, 0];
      const right = normalOf(along, helper);
      const up = normalOf(right, along);
      const ring: Vec3[] = [];
      const ringNormals: Vec3[] = [];
      for (let k = 0; k < sides; k++) {
        const c = Math.cos((k * 2 * Math.PI) / sides);
        const s = Math.sin((k * 2 * Math.PI) / sides);
        const n: Vec3 = [right[0] * c + up[0] * s, right[1] * c + up[1] * s, right[2] * c + up[2] * s];
        const r = radii[i] as number;
        ringNormals.push(n);
        ring.push([point[0] + n[0] * r, point[1] + n[1] * r, point[2] + n[2] * r]);
      }
      rings.push(ring);
      normals.push(ringNormals);
    });
    this.loft(rings, normals, true, () => material, a);
    if (!cap) return;
    for (const end of [0, rings.length - 1]) {
      const ring = rings[end] as Vec3[];
      const centre = points[end] as Vec3;
      ring.forEach((p, k) => {
        this.triangle(centre, p, ring[(k + 1) % sides] as Vec3, material, a);
      });
    }
  }

  /** A skin over rings of equal length; `closed` joins each ring's last point to its first. */
  loft(
    rings: readonly (readonly Vec3[])[],
    normals: readonly (readonly Vec3[])[],
    closed: boolean,
    materialAt: (ring: number, point: number) => number,
    a = 0,
    b = 0,
  ): void {
    for (let i = 0; i + 1 < rings.length; i++) {
      const lower = rings[i] as readonly Vec3[];
      const upper = rings[i + 1] as readonly Vec3[];
      const lowerN = normals[i] as readonly Vec3[];
      const upperN = normals[i + 1] as readonly Vec3[];
      const last = closed ? lower.length : lower.length - 1;
      for (let k = 0; k < last; k++) {
        const m = (k + 1) % lower.length;
        const corners = [lower[k], lower[m], upper[m], upper[k]] as unknown as [Vec3, Vec3, Vec3, Vec3];
        const ns = [lowerN[k], lowerN[m], upperN[m], upperN[k]] as unknown as [Vec3, Vec3, Vec3, Vec3];
        this.face(corners, materialAt(i, k), a, b, ns);
      }
    }
  }

  build(): Mesh {
    const count = this.#material.length;
    const boxes = new Float64Array(count * 6);
    for (let i = 0; i < count; i++) {
      for (let axis = 0; axis < 3; axis++) {
        const p = this.#shape[i * 9 + axis] as number;
        const e1 = this.#shape[i * 9 + 3 + axis] as number;
        const e2 = this.#shape[i * 9 + 6 + axis] as number;
        const far = this.#parallelogram[i] ? p + e1 + e2 : p;
        boxes[i * 6 + axis] = Math.min(p, p + e1, p + e2, far);
        boxes[i * 6 + 3 + axis] = Math.max(p, p + e1, p + e2, far);
      }
    }
    const { bvh, order } = buildBvh(boxes, 4);
    const mesh = {
      shape: new Float64Array(count * 9),
      normals: new Float32Array(count * 9),
      parallelogram: new Uint8Array(count),
      material: new Uint8Array(count),
      extra: new Float32Array(count * 2),
      bvh,
    };
    order.forEach((from, to) => {
      for (let k = 0; k < 9; k++) {
        mesh.shape[to * 9 + k] = this.#shape[from * 9 + k] as number;
        mesh.normals[to * 9 + k] = this.#normals[from * 9 + k] as number;
      }
      mesh.parallelogram[to] = this.#parallelogram[from] as number;
      mesh.material[to] = this.#material[from] as number;
      mesh.extra[to * 2] = this.#extra[from * 2] as number;
      mesh.extra[to * 2 + 1] = this.#extra[from * 2 + 1] as number;
    });
    return mesh;
  }
}
