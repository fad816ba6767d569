import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decompressLz4 } from '../../../pipeline/foxglove/mcap/decompress.ts';

describe('LZ4', () => {
  // Made with python-lz4 4.4: independent blocks with checksums, and linked blocks without a size.
  const REPEATING =
    'BCJNGHxAEA4AAAAAAAAHzQMAAGIAAEFCAQEEACYCAgQAKgMDBAAuBAQEAGIFBUFCBgYEACYABwQAKgEIBAAuAgkEAGIDCkFCBAAEACYFAQQAKgYCBAAuAAMEAGIBBEFCAgUEACYDBgQAKgQHBAAuBQgEAGIGCUFCAAoEACYBAAQAKgIBBAAuAwIEAGIEA0FCBQQEACYGBQQAKgAGBAAuAQcEAGICCEFCAwkEACYECgQAKgUABAAuBgEEAGIAAkFCAQMEACYCBAQAKgMFBAAuBAYEAGIFB0FCBggEACYACQQAKgEKBAAuAgAEAGIDAUFCBAIEACYFAwQAKgYEBAAuAAUEAGIBBkFCAgcEACYDCAQAKgQJBAAuBQoEAGIGAEFCAAEEACYBAgQAKgIDBAAuAwQEAGIEBUFCBQYEACYGBwQAKgAIBAAuAQkEAGICCkFCAwAEACYEAQQAKgUCBAAuBgMEAGIABEFCAQUEACYCBgQAKgMHBAAuBAgEAGIFCUFCBgoEACYAAAQABJgDD6ADAQioAwiQAyoFBZgDD6ADAQioAwiQAyoDCpgDD6ADAQioAwiQAyoBBJgDD6ADAQioAwiQAyoGCZgDD6ADAQioAwiQAyoEA5gDD6ADAQioAwiQAyoCCJgDD6ADAQioAwiQAyoAApgDD6ADAQioAwiQAyoFB5gDD6ADAQioAwiQAyoDAZgDD6ADAQioAwiQAyoBBpgDD6ADAQioAwiQAyoGAJgDD6ADAQioAwiQAyoEBZgDD6ADAQioAwiQAyoCCpgDD6ADAQioAwiQAyoABJgDD6ADAQioAwiQAyoFCZgDD6ADAQioAw44Bw40By4FBQQACJwDDzQHCS4DCgQACJwDDzQHCS4BBAQACJwDDzQHCS4GCQQACJwDDzQHCS4EAwQACJwDDzQHCS4CCAQACJwDDzQHCS4AAgQACJwDDzQHCS4FBwQACJwDDzQHCS4DAQQACJwDDzQHCS4BBgQACJwDDzQHCS4GAAQACJwDDzQHCS4EBQQACJwDDzQHCS4CCgQACJwDDzQHCS4ABAQACJwDDzQHCS4FCQQACJwDDjQHD9gKBwSoAw84BwEvAAfYCgsEqAMPOAcBLwUB2AoLBKgDDzgHAS8DBtgKCwSoAw84BwEvAQDYCgsEqAMPOAcBLwYF2AoLBKgDDzgHAS8ECtgKCwSoAw84BwEvAgTYCgsEqAMPOAcBLwAJ2AoLBKgDDzgHAS8FA9gKCwSoAw84BwEvAwjYCgsEqAMPOAcBLwEC2AoLBKgDDzgHAS8GB9gKCwSoAw84BwEvBAHYCgpQQgUCQUIJOZd/AAAAAAHk60w=';
  const RANDOM =
    'BCJNGGBAgsgAAIAAJooxFjmaPiBAnj8eO5Y0ECqCHfENYvXL3zbGmar5i1tptUQRHGXstr4JjVRZnCLh4yimZ2ajI9zYF49KQ3rvp53RSPjrIZBCMmDMe2iTAaiSuiXJsNU93sLkSefI50nkwt491bDJJbqSqAGTaHvMYDJCkCHr+EjRnafvekNKjxfY3COjZmemKOPhIpxZVI0JvrbsZRwRRLVpW4v5qpnGNt/L9WIN8R2CKhA0ljseP55AID6aORYxiiYAGG4H2e5G16u9EqBxgAAAAAA=';

  it('is opened, matches that reach into themselves and stored blocks included', () => {
    const content = decompressLz4(Buffer.from(REPEATING, 'base64'), 3600);
    expect(createHash('sha256').update(content).digest('hex')).toBe(
      'fcdd98eb93e43088f45ee9a3e01a0bf61024a2ea356c388ab613281f0fb17bc3',
    );
    const plain = decompressLz4(Buffer.from(RANDOM, 'base64'), 200);
    expect([...plain]).toEqual(Array.from({ length: 200 }, (_, i) => (i * i * 31 + i * 7) % 251));
  });

  it('is refused where it is damaged, without reading or writing beyond its bounds', () => {
    const bytes = Buffer.from(REPEATING, 'base64');
    for (let i = 20; i < 400; i += 7) {
      const wrong = Buffer.from(bytes);
      wrong[i] = wrong[i]! ^ 0x5a;
      try {
        expect(decompressLz4(wrong, 3600)).toHaveLength(3600);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    expect(() => decompressLz4(bytes.subarray(0, 300), 3600)).toThrow();
    expect(() => decompressLz4(Buffer.from('nothing at all'), 10)).toThrow('no LZ4 frame');
    // No memory is taken for a size that the bytes cannot have, nor for one that is too large at all.
    expect(() => decompressLz4(bytes, 400 << 20)).toThrow('cannot hold');
    expect(() => decompressLz4(bytes, 2 ** 52)).toThrow('states');
  });
});
