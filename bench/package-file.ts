import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of a file of this package, whether the benches run built (`dist/bench`) or from their sources. */
export function packageFile(path: string): string {
  const built = new URL(`../../${path}`, import.meta.url);
  return fileURLToPath(existsSync(built) ? built : new URL(`../${path}`, import.meta.url));
}
