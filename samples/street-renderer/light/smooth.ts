/**
 * Smooths the noisy ambient light over neighbours that lie on the same surface: a bilateral filter guided by depth
 * and normal, run with wider steps each time (H. Dammertz and others, "Edge-avoiding À-Trous wavelet transform",
 * 2010). `ambient` and `normal` hold three numbers a pixel, `depth` one in metres (0 = sky).
 */
export function smoothAmbient(
  ambient: Float32Array,
  normal: Float32Array,
  depth: Float32Array,
  width: number,
  height: number,
): Float32Array {
  let from = ambient;
  for (const step of [1, 2, 4]) from = pass(from, normal, depth, width, height, step);
  return from;
}

const kernel = [0.375, 0.25, 0.0625];

function pass(
  from: Float32Array,
  normal: Float32Array,
  depth: Float32Array,
  width: number,
  height: number,
  step: number,
): Float32Array {
  const to = new Float32Array(from.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const z = depth[i] as number;
      if (z === 0) continue;
      const nx = normal[i * 3] as number;
      const ny = normal[i * 3 + 1] as number;
      const nz = normal[i * 3 + 2] as number;
      let total = 0;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let ky = -2; ky <= 2; ky++) {
        const yy = y + ky * step;
        if (yy < 0 || yy >= height) continue;
        for (let kx = -2; kx <= 2; kx++) {
          const xx = x + kx * step;
          if (xx < 0 || xx >= width) continue;
          const j = yy * width + xx;
          const zj = depth[j] as number;
          if (zj === 0) continue;
          const along =
            nx * (normal[j * 3] as number) + ny * (normal[j * 3 + 1] as number) + nz * (normal[j * 3 + 2] as number);
          if (along < 0.5) continue;
          const apart = kx < 0 ? -kx : kx;
          const below = ky < 0 ? -ky : ky;
          const off = (zj > z ? zj - z : z - zj) / (z * (0.006 + 0.012 * step * Math.max(apart, below)));
          if (off > 1) continue;
          const square = along * along;
          const weight = (kernel[apart] as number) * (kernel[below] as number) * square * square * square * (1 - off);
          total += weight;
          r += weight * (from[j * 3] as number);
          g += weight * (from[j * 3 + 1] as number);
          b += weight * (from[j * 3 + 2] as number);
        }
      }
      to[i * 3] = r / total;
      to[i * 3 + 1] = g / total;
      to[i * 3 + 2] = b / total;
    }
  }
  return to;
}
