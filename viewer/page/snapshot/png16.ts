import type { DepthMap } from '../../../frames/depth-map.ts';
import { crc32 } from './crc32.ts';

/** Steps a metre, as KITTI's depth files have it; 0 = unknown. */
const PER_METRE = 256;

/**
 * A depth map in metres as a 16-bit grey PNG of metres × 256, 0 where unknown; what is beyond 255.996 m is written as
 * that. Follows the PNG specification (W3C, third edition); lines are filtered by `up`.
 */
export async function png16({ width, height, data }: DepthMap): Promise<Blob> {
  const stride = 1 + 2 * width;
  const lines = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    lines[y * stride] = 2;
    for (let x = 0; x < width; x++) {
      const value = codeOf(data[y * width + x]!);
      const above = y === 0 ? 0 : codeOf(data[(y - 1) * width + x]!);
      const at = y * stride + 1 + 2 * x;
      lines[at] = (value >> 8) - (above >> 8);
      lines[at + 1] = value - above;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([16, 0, 0, 0, 0], 8);
  const signature = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [
    signature,
    chunk('IHDR', header),
    chunk('IDAT', await deflate(lines)),
    chunk('IEND', new Uint8Array()),
  ];
  return new Blob(parts, { type: 'image/png' });
}

function codeOf(metres: number): number {
  if (!(metres > 0)) return 0;
  return Math.min(0xffff, Math.max(1, Math.round(metres * PER_METRE)));
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function chunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}
