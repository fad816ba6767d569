import { type FileHandle, open } from 'node:fs/promises';
import type { IWritable } from '@mcap/core';
import { outputFailed } from '../../files/atomic-file.ts';

/** Where a writer of MCAP puts its bytes. */
export class McapOutput implements IWritable {
  readonly #file: FileHandle;
  #at = 0n;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A new file. Throws `output-failed`, also where there is one by that name. */
  static async create(path: string): Promise<McapOutput> {
    const file = await open(path, 'wx').catch((error: unknown) => {
      throw outputFailed(path, error);
    });
    return new McapOutput(file);
  }

  position(): bigint {
    return this.#at;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, Number(this.#at));
      from += bytesWritten;
      this.#at += BigInt(bytesWritten);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
