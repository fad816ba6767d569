/** A rigid transform, row-major 3×4: rotation and translation (metres). `aFromB` carries points of b into a. */
export type RigidTransform = readonly number[];

/** `aFromB · bFromC`. */
export function compose(aFromB: RigidTransform, bFromC: RigidTransform): RigidTransform {
  const out = new Array<number>(12);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = column === 3 ? aFromB[row * 4 + 3]! : 0;
      for (let k = 0; k < 3; k++) sum += aFromB[row * 4 + k]! * bFromC[k * 4 + column]!;
      out[row * 4 + column] = sum;
    }
  }
  return out;
}

/** `bFromA` of `aFromB`; its rotation must be one, since the transpose is taken for the inverse. */
export function invert(aFromB: RigidTransform): RigidTransform {
  const m = (row: number, column: number): number => aFromB[row * 4 + column]!;
  const out: number[] = [];
  for (let row = 0; row < 3; row++) {
    out.push(m(0, row), m(1, row), m(2, row), -(m(0, row) * m(0, 3) + m(1, row) * m(1, 3) + m(2, row) * m(2, 3)));
  }
  return out;
}

/** From a row-major 3×3 rotation and a translation. */
export function rigid(rotation: readonly number[], translation: readonly number[]): RigidTransform {
  const out: number[] = [];
  for (let row = 0; row < 3; row++) out.push(...rotation.slice(row * 3, row * 3 + 3), translation[row]!);
  return out;
}

/** A translation alone. */
export function shift(translation: readonly number[]): RigidTransform {
  return rigid([1, 0, 0, 0, 1, 0, 0, 0, 1], translation);
}

/** How far the left 3×3 is from a rotation: the largest deviation of its rows' products from the identity's. */
export function rotationError(transform: RigidTransform): number {
  let worst = 0;
  for (let a = 0; a < 3; a++) {
    for (let b = a; b < 3; b++) {
      let product = 0;
      for (let k = 0; k < 3; k++) product += transform[a * 4 + k]! * transform[b * 4 + k]!;
      worst = Math.max(worst, Math.abs(product - (a === b ? 1 : 0)));
    }
  }
  return worst;
}
