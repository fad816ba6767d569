import path from 'node:path';
import { type Entry, open, type ZipFile } from 'yauzl';
import { DepthcastError } from '../../frames/index.ts';

/** An open archive. Nothing of it is ever written to disk. */
export interface ZipArchive {
  /** Names of its files, as they stand there. */
  readonly names: readonly string[];
  /** A file unpacked. Throws `input-format` where it is damaged. */
  read(name: string): Promise<Buffer>;
  close(): void;
}

/** Type bits of a Unix mode, and their value for a symbolic link. */
const TYPE = 0o170000;
const LINK = 0o120000;

/** Largest file that is unpacked into memory, in bytes. */
const LARGEST = 0xffff_ffff;

/**
 * Opens a zip archive and reads its directory.
 *
 * Throws `input-refused` where a name leads out of the archive (`../`, absolute, a drive letter, a backslash) or an
 * entry is a symbolic link: such an archive was made to do harm or by mistake, and nothing in it is believed. Throws
 * `input-format` for what is no archive, and for encrypted or unknown packing.
 */
export async function openZip(file: string): Promise<ZipArchive> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    // Names stay bytes, so that all of them are judged here and not some of them mended there.
    open(file, { lazyEntries: true, autoClose: false, decodeStrings: false }, (cause, opened) => {
      if (opened) resolve(opened);
      else reject(fault(file, 'is no zip archive', cause));
    });
  });
  try {
    const entries = await entriesOf(zip, file);
    return {
      names: [...entries.keys()],
      read: (name) => unpacked(zip, file, entries.get(name)!),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

function entriesOf(zip: ZipFile, file: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  return new Promise((resolve, reject) => {
    zip.on('error', (cause: unknown) => reject(fault(file, 'has a damaged directory', cause)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      const name = entry.fileNameRaw.toString('utf8');
      if (/^[/\\]|^[A-Za-z]:|\\|\0/.test(name) || name.split('/').includes('..')) {
        reject(refused(file, `has an entry that leads out of it: "${shown(name)}"`));
        return;
      }
      if (((entry.externalFileAttributes >>> 16) & TYPE) === LINK) {
        reject(refused(file, `has a symbolic link in it: "${shown(name)}"`));
        return;
      }
      if (!name.endsWith('/')) entries.set(name, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function unpacked(zip: ZipFile, file: string, entry: Entry): Promise<Buffer> {
  const name = shown(entry.fileNameRaw.toString('utf8'));
  if (entry.uncompressedSize > LARGEST) throw fault(file, `has ${name} of more than 4 GiB; unpack it`);
  if (!entry.canDecodeFileData()) throw fault(file, `has ${name} encrypted or packed in an unknown way`);
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void => reject(fault(file, `has ${name} damaged`, cause));
    zip.openReadStream(entry, (cause, stream) => {
      if (!stream) return failed(cause);
      // The directory states the size; a stream that gives more ends with an error of yauzl's.
      const bytes = Buffer.allocUnsafe(entry.uncompressedSize);
      let filled = 0;
      stream.on('data', (piece: Buffer) => {
        filled += piece.copy(bytes, filled);
      });
      stream.on('error', failed);
      stream.on('end', () => (filled === bytes.length ? resolve(bytes) : failed(new Error('it is short'))));
    });
  });
}

function shown(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 80);
}

function refused(file: string, what: string): DepthcastError {
  return new DepthcastError('input-refused', `"${path.basename(file)}" ${what}.`, {
    advice: 'Do not unpack it; take it from its source again.',
    facts: { file },
  });
}

function fault(file: string, what: string, cause?: unknown): DepthcastError {
  return new DepthcastError('input-format', `"${path.basename(file)}" ${what}.`, {
    advice: `Save it again, or take it from its source again: ${file}.`,
    facts: { file },
    cause,
  });
}
