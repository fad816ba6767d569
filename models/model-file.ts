import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { DepthcastError } from '../frames/index.ts';
import type { CardPart } from './card.ts';
import type { OnnxFile } from './onnx-file.ts';
import { readOnnxFile } from './onnx-file.ts';

/** Protobuf, hence ONNX without external data, ends here. */
const largest = 2 ** 31 - 1;

/** An ONNX file in memory, looked through without the runtime. */
export interface ModelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly graph: OnnxFile;
}

/**
 * Reads an ONNX file, checks it against its card where there is one, and looks at it before the runtime does.
 *
 * The bytes that were checked are the bytes to load: the file is not opened again. Throws `model-not-found` (no such
 * file), `model-hash` (not the bytes of the card) or `model-invalid` (no whole ONNX model, or data outside the file).
 */
export async function readModelFile(path: string, part?: CardPart): Promise<ModelFile> {
  const bytes = await readBytes(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if ((part?.sha256 ?? sha256) !== sha256 || (part?.bytes ?? bytes.length) !== bytes.length) {
    throw new DepthcastError('model-hash', `The file ${basename(path)} is not the one its card describes.`, {
      advice: 'Get the file again; where it was changed on purpose, put its sha256 and bytes into the card.',
      facts: { path, wanted: part?.sha256, found: sha256, wantedBytes: part?.bytes, foundBytes: bytes.length },
    });
  }
  const graph = lookThrough(path, bytes);
  const outside = graph.externalData[0];
  if (outside) {
    throw new DepthcastError(
      'model-invalid',
      `The model ${basename(path)} keeps the numbers of ${JSON.stringify(outside.tensor)} in another file, which is refused.`,
      { advice: 'Save it as one ONNX file (onnx.save without external data).', facts: { path, ...outside } },
    );
  }
  return { path, bytes, sha256, graph };
}

async function readBytes(path: string): Promise<Uint8Array> {
  const name = basename(path);
  const advice = 'Give the path of an ONNX file.';
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new DepthcastError('model-not-found', `The model file ${name} cannot be opened (${cause.code}).`, {
      advice: 'Check the path and the right to read it.',
      facts: { path },
      cause,
    });
  });
  try {
    const about = await file.stat();
    if (!about.isFile()) {
      throw new DepthcastError('model-invalid', `${name} is not a regular file.`, { advice, facts: { path } });
    }
    if (about.size === 0) {
      throw new DepthcastError('model-invalid', `The model file ${name} is empty.`, { advice, facts: { path } });
    }
    if (about.size > largest) {
      throw new DepthcastError('model-invalid', `The model file ${name} is larger than 2 GiB.`, {
        advice: 'ONNX models in one file end at 2 GiB; use a smaller one.',
        facts: { path, bytes: about.size },
      });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function lookThrough(path: string, bytes: Uint8Array): OnnxFile {
  try {
    return readOnnxFile(bytes);
  } catch (cause) {
    const reason = cause instanceof RangeError ? cause.message : 'it cannot be read';
    throw new DepthcastError('model-invalid', `The file ${basename(path)} is not a whole ONNX model: ${reason}.`, {
      advice: 'Get the file again, or export it again.',
      facts: { path, bytes: bytes.length },
      cause,
    });
  }
}
