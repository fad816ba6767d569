/**
 * Replaces a motion (row-major 3×4) by itself after the inverse of a small step, `motion · exp(−step)`.
 *
 * The step is a twist: three numbers of translation, in the motion's unit, then a rotation vector in radians (Murray,
 * Li & Sastry 1994, eq. 2.36). Writes in place; the rotation stays one to rounding for steps of any size.
 */
export function stepBack(motion: Float64Array, step: ArrayLike<number>): void {
  const [vx, vy, vz, wx, wy, wz] = [-step[0]!, -step[1]!, -step[2]!, -step[3]!, -step[4]!, -step[5]!];
  const square = wx * wx + wy * wy + wz * wz;
  const angle = Math.sqrt(square);
  // Series for small angles, where the quotients lose their digits.
  const a = angle < 1e-4 ? 1 - square / 6 : Math.sin(angle) / angle;
  const b = angle < 1e-4 ? 0.5 - square / 24 : (1 - Math.cos(angle)) / square;
  const c = angle < 1e-4 ? 1 / 6 - square / 120 : (1 - a) / square;
  const dot = c * (wx * vx + wy * vy + wz * vz);
  const tx = a * vx + b * (wy * vz - wz * vy) + dot * wx;
  const ty = a * vy + b * (wz * vx - wx * vz) + dot * wy;
  const tz = a * vz + b * (wx * vy - wy * vx) + dot * wz;
  const cosine = 1 - b * square;
  const [xx, yy, zz] = [cosine + b * wx * wx, cosine + b * wy * wy, cosine + b * wz * wz];
  const [xy, xz, yz] = [b * wx * wy, b * wx * wz, b * wy * wz];
  const [sx, sy, sz] = [a * wx, a * wy, a * wz];
  for (let row = 0; row < 12; row += 4) {
    const [p, q, r] = [motion[row]!, motion[row + 1]!, motion[row + 2]!];
    motion[row] = p * xx + q * (xy + sz) + r * (xz - sy);
    motion[row + 1] = p * (xy - sz) + q * yy + r * (yz + sx);
    motion[row + 2] = p * (xz + sy) + q * (yz - sx) + r * zz;
    motion[row + 3]! += p * tx + q * ty + r * tz;
  }
}
