import { DepthcastError } from '../../frames/errors.ts';

/**
 * Undoes raw DEFLATE with what browsers and Node ≥ 20.12 carry, off the main thread.
 *
 * Resolves with exactly `size` bytes; rejects with `wire-format` when the data is broken or makes fewer or more, before
 * more than one block beyond `size` was unpacked.
 */
export async function inflate(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  // Both promises reject again with the error that the reader below meets; that one is enough.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => {});
  writer.close().catch(() => {});
  const whole = new Uint8Array(size);
  let filled = 0;
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > size) throw new RangeError(`more than ${size} bytes`);
      whole.set(value, filled);
      filled += value.length;
    }
    if (filled !== size) throw new RangeError(`${filled} of ${size} bytes`);
    return whole;
  } catch (cause) {
    reader.cancel().catch(() => {});
    throw new DepthcastError('wire-format', `The depth of a message cannot be unpacked: ${(cause as Error).message}.`, {
      advice: 'Check that nothing on the way alters messages.',
      cause,
    });
  }
}
