import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the viewer page, ready to be sent. */
export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  /** Vite puts a hash of the content into the names under assets/, so those never change. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

// This file runs from dist/pipeline/server/ once built and from pipeline/server/ under the tests.
const BUILT_PAGE = [
  new URL('../../viewer-page/', import.meta.url),
  new URL('../../dist/viewer-page/', import.meta.url),
];

/**
 * The built viewer page by URL path (`/`, `/assets/…`), read into memory once: what is not in this list does not exist
 * for a browser, whatever path it asks for. Empty when the page has not been built.
 */
export async function readPageFiles(folders: readonly URL[] = BUILT_PAGE): Promise<ReadonlyMap<string, PageFile>> {
  for (const folder of folders.map((url) => fileURLToPath(url))) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = new Map<string, PageFile>();
    for (const entry of entries) {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join('/');
      files.set(`/${name}`, { body: await readFile(path), type, immutable: name.startsWith('assets/') });
    }
    const index = files.get('/index.html');
    if (index) return files.set('/', index);
  }
  return new Map();
}
