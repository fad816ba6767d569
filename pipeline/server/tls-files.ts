import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { invalidOption } from './invalid-option.ts';

/**
 * Certificate chain and key from their files, found to belong together. Rejects with `option-invalid` for files that
 * cannot be read or do not fit.
 */
export async function readTls({ cert, key }: { cert: string; key: string }): Promise<SecureContextOptions> {
  const options: SecureContextOptions = {
    cert: await read(cert, 'certificate'),
    key: await read(key, 'key'),
    minVersion: 'TLSv1.2',
  };
  try {
    createSecureContext(options);
    return options;
  } catch (error) {
    throw invalidOption(
      `The certificate and the key do not make a pair (${(error as Error).message}).`,
      'Give a PEM certificate chain and the unencrypted PEM key it was made for.',
      error,
    );
  }
}

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw invalidOption(
      `The ${what} file cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Check the path and that this user may read it.',
      error,
    );
  }
}
