/** `b` from `a` of two row-major 3×4 poses `worldFromB`, `worldFromA`. */
export function relativeMotion(worldFromB: ArrayLike<number>, worldFromA: ArrayLike<number>): number[] {
  const b = inverseMotion(worldFromB);
  const out: number[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = column === 3 ? b[row * 4 + 3]! : 0;
      for (let k = 0; k < 3; k++) sum += b[row * 4 + k]! * worldFromA[k * 4 + column]!;
      out.push(sum);
    }
  }
  return out;
}

/** The inverse of a rigid transform. */
export function inverseMotion(pose: ArrayLike<number>): number[] {
  const at = (row: number, column: number): number => pose[row * 4 + column]!;
  const out: number[] = [];
  for (let row = 0; row < 3; row++) {
    const moved = at(0, row) * at(0, 3) + at(1, row) * at(1, 3) + at(2, row) * at(2, 3);
    out.push(at(0, row), at(1, row), at(2, row), -moved);
  }
  return out;
}
