import type { CameraPose } from '../../../frames/index.ts';

/** Where a space lies in another: metres, and a unit quaternion. */
export interface Transform {
  readonly translation: readonly [x: number, y: number, z: number];
  readonly rotation: readonly [x: number, y: number, z: number, w: number];
}

/** Carries camera axes (x right, y down, z forward) to the axes of viewers and ROS (x forward, y left, z up; REP 103). */
const UPRIGHT: readonly number[] = [0, 0, 1, -1, 0, 0, 0, -1, 0];

/** A camera that stands upright at the origin and looks along x: what is shown where no pose is known. */
const AT_ORIGIN: Transform = { translation: [0, 0, 0], rotation: quaternion(UPRIGHT) };

/**
 * Where the camera's space lies in `map`, whose z is up.
 *
 * Data sets differ in their world: that of KITTI odometry has the first camera's axes (y down), others have z up. The
 * first pose tells which: where the camera's downward axis lies mostly along the world's y, the world is stood upright;
 * else it is taken as it is.
 */
export class CameraTransforms {
  #yIsDown: boolean | undefined;

  of(pose: CameraPose | undefined): Transform {
    if (!pose) return AT_ORIGIN;
    const m = pose.worldFromCamera;
    this.#yIsDown ??= Math.abs(m[5]!) > Math.abs(m[9]!) && Math.abs(m[5]!) > Math.abs(m[1]!) && m[5]! > 0;
    const rotation = [m[0]!, m[1]!, m[2]!, m[4]!, m[5]!, m[6]!, m[8]!, m[9]!, m[10]!];
    const translation = [m[3]!, m[7]!, m[11]!] as const;
    if (!this.#yIsDown) return { translation, rotation: quaternion(rotation) };
    const [x, y, z] = translation;
    return { translation: [z, -x, -y], rotation: quaternion(product(UPRIGHT, rotation)) };
  }
}

function product(a: readonly number[], b: readonly number[]): number[] {
  const out: number[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      out.push(a[row * 3]! * b[column]! + a[row * 3 + 1]! * b[3 + column]! + a[row * 3 + 2]! * b[6 + column]!);
    }
  }
  return out;
}

/**
 * The unit quaternion of a row-major rotation matrix: its largest component comes from the diagonal, which keeps the
 * division safe (S. W. Shepperd, "Quaternion from rotation matrix", 1978).
 */
function quaternion(m: readonly number[]): Transform['rotation'] {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  const squares = [1 + a - e - i, 1 - a + e - i, 1 - a - e + i, 1 + a + e + i] as const;
  const largest = squares.indexOf(Math.max(...squares));
  const s = 2 * Math.sqrt(squares[largest]!);
  if (largest === 0) return [s / 4, (b + d) / s, (c + g) / s, (h - f) / s];
  if (largest === 1) return [(b + d) / s, s / 4, (f + h) / s, (c - g) / s];
  if (largest === 2) return [(c + g) / s, (f + h) / s, s / 4, (d - b) / s];
  return [(h - f) / s, (c - g) / s, (d - b) / s, s / 4];
}
