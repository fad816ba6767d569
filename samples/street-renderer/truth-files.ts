import sharp from 'sharp';

/** Depth in metres as KITTI writes it: 16-bit grey PNG, metres × 256, 0 = unknown. */
export async function depthPng(depth: Float32Array, width: number, height: number): Promise<Buffer> {
  const steps = Uint16Array.from(depth, (metres) => Math.min(65535, Math.round(metres * 256)));
  return sharp(steps, { raw: { width, height, channels: 1 } })
    .toColourspace('grey16')
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toBuffer();
}

/** The moving cars' mask: 8-bit grey PNG, 0 = stands still, else the number of the car in moving.json. */
export async function maskPng(moving: Uint8Array, width: number, height: number): Promise<Buffer> {
  return sharp(moving, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
