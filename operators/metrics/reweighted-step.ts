/**
 * One step of a least-squares fit that outliers cannot drag away: solves the normal equations of the rows for the
 * residuals, each row weighted by `1 / (1 + (residual / width)²)²` (Geman & McClure 1987).
 *
 * `rows` holds `step.length` numbers for each residual, row-major; NaN residuals take no part. `room` is scratch of
 * `unknowns · (unknowns + 1)` numbers. Writes the step; answers false, the step then meaning nothing, where the rows do
 * not determine it.
 */
export function reweightedStep(
  rows: Float64Array,
  residuals: Float64Array,
  count: number,
  width: number,
  room: Float64Array,
  step: Float64Array,
): boolean {
  const unknowns = step.length;
  const stride = unknowns + 1;
  room.fill(0);
  for (let i = 0; i < count; i++) {
    const residual = residuals[i]!;
    if (Number.isNaN(residual)) continue;
    const off = residual / width;
    const decay = 1 + off * off;
    const weight = 1 / (decay * decay);
    const at = i * unknowns;
    for (let k = 0; k < unknowns; k++) {
      const scaled = weight * rows[at + k]!;
      const to = k * stride;
      for (let l = k; l < unknowns; l++) room[to + l]! += scaled * rows[at + l]!;
      room[to + unknowns]! += scaled * residual;
    }
  }
  return solve(room, step);
}

/** Gaussian elimination of a symmetric matrix given by its upper half; it is positive, so no pivoting. */
function solve(matrix: Float64Array, solution: Float64Array): boolean {
  const unknowns = solution.length;
  const stride = unknowns + 1;
  for (let k = 0; k < unknowns; k++) {
    for (let l = 0; l < k; l++) matrix[k * stride + l] = matrix[l * stride + k]!;
    // What the rows leave open stays where it is.
    matrix[k * stride + k] = matrix[k * stride + k]! * (1 + 1e-6) + 1e-9;
  }
  for (let k = 0; k < unknowns; k++) {
    const pivot = matrix[k * stride + k]!;
    if (!(pivot > 0)) return false;
    for (let below = k + 1; below < unknowns; below++) {
      const factor = matrix[below * stride + k]! / pivot;
      for (let l = k; l <= unknowns; l++) matrix[below * stride + l]! -= factor * matrix[k * stride + l]!;
    }
  }
  for (let k = unknowns - 1; k >= 0; k--) {
    let value = matrix[k * stride + unknowns]!;
    for (let l = k + 1; l < unknowns; l++) value -= matrix[k * stride + l]! * solution[l]!;
    solution[k] = value / matrix[k * stride + k]!;
    if (!Number.isFinite(solution[k]!)) return false;
  }
  return true;
}
