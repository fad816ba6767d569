import { crc32, deflateRawSync } from 'node:zlib';

/** One file of an archive that a test makes. */
export interface MadeEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly deflate?: boolean;
  /** Unix mode; 0o120777 makes a symbolic link. */
  readonly mode?: number;
  /** Says so many bytes in its head, whatever it has. */
  readonly claims?: number;
}

/** A zip archive, in memory (APPNOTE.TXT 6.3.10). */
export function zipOf(entries: readonly MadeEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, deflate = false, mode = 0o100644, claims = bytes.length } of entries) {
    const packed = deflate ? deflateRawSync(bytes) : Buffer.from(bytes);
    const label = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(deflate ? 8 : 0, 4);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(claims, 18);
    shared.writeUInt16LE(label.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, label, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    // Made by Unix.
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), shared, rest, label]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

/** A NumPy array of float32, version 1. */
export function npyOf(shape: readonly number[], values: readonly number[], type = '<f4'): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = Buffer.alloc(Math.ceil((10 + text.length + 1) / 64) * 64, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(header.length - 10, 8);
  header.write(text, 10);
  header[header.length - 1] = 0x0a;
  return Buffer.concat([header, new Uint8Array(Float32Array.from(values).buffer)]);
}
