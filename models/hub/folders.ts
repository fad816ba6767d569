import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The variables a folder of the hub is read from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Folder of a pulled model's files: `DEPTHCAST_CACHE`, else `$XDG_CACHE_HOME/depthcast`, else `~/.cache/depthcast`, and
 * in it `models/ID`. What lies there can be pulled again. https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function pulledFolder(id: string, environment: Environment = process.env): string {
  const own = environment['DEPTHCAST_CACHE'];
  const cache = own ? resolve(own) : join(xdg(environment['XDG_CACHE_HOME']) ?? join(homedir(), '.cache'), 'depthcast');
  return join(cache, 'models', id);
}

/**
 * Folder of the user's own cards and graphs, one folder a model: `DEPTHCAST_MODELS`, else
 * `$XDG_DATA_HOME/depthcast/models`, else `~/.local/share/depthcast/models`. Emptying the cache leaves it alone.
 */
export function importedFolder(environment: Environment = process.env): string {
  const own = environment['DEPTHCAST_MODELS'];
  if (own) return resolve(own);
  return join(xdg(environment['XDG_DATA_HOME']) ?? join(homedir(), '.local', 'share'), 'depthcast', 'models');
}

/** A base folder; the specification wants relative ones ignored. */
function xdg(path: string | undefined): string | undefined {
  return path?.startsWith('/') || /^[a-z]:[/\\]/i.test(path ?? '') ? path : undefined;
}
