import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** The folders of the hub, fresh for each test of a file. */
export interface HubFolders {
  /** Folder of the test. */
  root: string;
  readonly cache: string;
  readonly own: string;
}

/** Points the hub at folders of its own, and away from any mirror or proxy, for each test of the file. */
export function hubFolders(): HubFolders {
  const folders = {
    root: '',
    get cache() {
      return join(folders.root, 'cache');
    },
    get own() {
      return join(folders.root, 'own');
    },
  };
  beforeEach(async () => {
    folders.root = await mkdtemp(join(tmpdir(), 'depthcast-hub-'));
    vi.stubEnv('DEPTHCAST_CACHE', folders.cache);
    vi.stubEnv('DEPTHCAST_MODELS', folders.own);
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']) {
      vi.stubEnv(name, '');
    }
    vi.stubEnv('DEPTHCAST_MIRROR', '');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folders.root, { recursive: true, force: true });
  });
  return folders;
}
