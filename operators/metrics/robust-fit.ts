import { median } from './median.ts';

const ROUNDS = 10;

/**
 * Linear least squares that outliers cannot drag away: iteratively reweighted with Cauchy weights whose width follows
 * the median residual (Huber & Ronchetti, Robust Statistics, 2009, ch. 7).
 *
 * `rows` holds `unknowns` numbers for each target, row-major; `floor` is the residual below which all are as good as
 * exact, in the unit of the targets. `ridge` pulls unknowns the data do not determine to 0; it is relative to the mean
 * square of a column. It cannot see that more than about half of the rows agree on something false.
 */
export function robustFit(
  rows: Float64Array,
  targets: Float64Array,
  unknowns: number,
  floor: number,
  ridge = 1e-4,
): Float64Array {
  const count = targets.length;
  const residuals = new Float64Array(count);
  const weights = new Float64Array(count).fill(1);
  let solution = new Float64Array(unknowns);
  for (let round = 0; round < ROUNDS; round++) {
    solution = solve(rows, targets, weights, unknowns, ridge);
    const sorted = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      let residual = targets[i] as number;
      for (let k = 0; k < unknowns; k++) residual -= (rows[i * unknowns + k] as number) * (solution[k] as number);
      residuals[i] = residual;
      sorted[i] = Math.abs(residual);
    }
    const width = Math.max(floor, 1.5 * median(sorted));
    for (let i = 0; i < count; i++) weights[i] = 1 / (1 + ((residuals[i] as number) / width) ** 2);
  }
  return solution;
}

/** Weighted normal equations with a ridge, by Gaussian elimination; the matrix is positive, so no pivoting. */
function solve(
  rows: Float64Array,
  targets: Float64Array,
  weights: Float64Array,
  unknowns: number,
  ridge: number,
): Float64Array<ArrayBuffer> {
  const stride = unknowns + 1;
  const matrix = new Float64Array(unknowns * stride);
  for (let i = 0; i < targets.length; i++) {
    const weight = weights[i] as number;
    const at = i * unknowns;
    for (let k = 0; k < unknowns; k++) {
      const scaled = weight * (rows[at + k] as number);
      for (let l = k; l < unknowns; l++) {
        matrix[k * stride + l] = (matrix[k * stride + l] as number) + scaled * (rows[at + l] as number);
      }
      matrix[k * stride + unknowns] = (matrix[k * stride + unknowns] as number) + scaled * (targets[i] as number);
    }
  }
  for (let k = 0; k < unknowns; k++) {
    for (let l = 0; l < k; l++) matrix[k * stride + l] = matrix[l * stride + k] as number;
    matrix[k * stride + k] = (matrix[k * stride + k] as number) * (1 + ridge) + 1e-12;
  }
  for (let k = 0; k < unknowns; k++) {
    for (let below = k + 1; below < unknowns; below++) {
      const factor = (matrix[below * stride + k] as number) / (matrix[k * stride + k] as number);
      for (let l = k; l <= unknowns; l++) {
        matrix[below * stride + l] =
          (matrix[below * stride + l] as number) - factor * (matrix[k * stride + l] as number);
      }
    }
  }
  const solution = new Float64Array(unknowns);
  for (let k = unknowns - 1; k >= 0; k--) {
    let value = matrix[k * stride + unknowns] as number;
    for (let l = k + 1; l < unknowns; l++) value -= (matrix[k * stride + l] as number) * (solution[l] as number);
    solution[k] = value / (matrix[k * stride + k] as number);
  }
  return solution;
}
