import { existsSync, readFileSync } from 'node:fs';

/** Version of this package, from its package.json, whether it runs built (`dist/cli`) or from its sources. */
export function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    const file = new URL(path, import.meta.url);
    if (existsSync(file)) return String((JSON.parse(readFileSync(file, 'utf8')) as { version: unknown }).version);
  }
  return 'unknown';
}
